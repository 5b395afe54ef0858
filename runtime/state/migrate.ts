/** Older records become today's, one step per version. A record newer than this program is not touched. */
/** Raised when the layout changes; `STEPS` then gets a step. */
export const RECORD_VERSION = 2;

/** It is whole, and not ours to understand. */
export class NewerRecord extends Error {}

type Raw = Readonly<Record<string, unknown>>;

/** By the version they start from. */
const STEPS: Readonly<Record<number, (record: Raw) => Raw>> = {
  // 2 remembers what was changed by hand, and plans readiness checks and sidecars.
  1: (record) => ({
    ...record,
    version: 2,
    apps: mapValues(record.apps, (app) => ({
      ...app,
      byHand: {
        setEnv: app.setEnv ?? {},
        unsetEnv: [],
        scale: {},
        routes: { mapped: [], unmapped: [] },
        services: { bound: [], unbound: [] },
      },
      plan: { ...asObject(app.plan), processes: list(asObject(app.plan).processes).map(processOf2) },
    })),
  }),
};

function processOf2(process: Raw): Raw {
  return {
    ...process,
    readiness: { ...asObject(process.health), type: 'process', endpoint: '/' },
    sidecars: [],
  };
}

/**
 * @returns the record in today's layout, checked in its outline
 * @throws Error with what is wrong, in half a sentence; `NewerRecord`
 */
export function migrate(raw: unknown): Raw {
  let record = asObject(raw);
  if (typeof record.version !== 'number') throw new Error('it has no version');
  if (record.version > RECORD_VERSION) {
    throw new NewerRecord(
      `it has version ${record.version}, written by a newer paas-local; this one reads up to ${RECORD_VERSION}`,
    );
  }
  for (let version = record.version; version < RECORD_VERSION; version = Number(record.version)) {
    const step = STEPS[version];
    if (!step) throw new Error(`it has version ${version}, which never was`);
    record = step(record);
  }
  check(record);
  return record;
}

/** What everything else takes for granted. */
function check(record: Raw): void {
  for (const [name, app] of Object.entries(part(record, 'apps'))) {
    const { plan, desired } = asObject(app);
    if (typeof plan !== 'object' || plan === null || (desired !== 'started' && desired !== 'stopped'))
      throw new Error(`its app "${name}" is not whole`);
  }
  for (const [name, service] of Object.entries(part(record, 'services'))) {
    const { plan, identity } = asObject(service);
    if (typeof plan !== 'object' || plan === null || typeof identity !== 'object' || identity === null)
      throw new Error(`its service "${name}" is not whole`);
  }
}

function part(record: Raw, name: string): Raw {
  const value = record[name];
  if (typeof value !== 'object' || value === null) throw new Error(`it has no "${name}"`);
  return value as Raw;
}

function asObject(value: unknown): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it is not an object');
  return value as Raw;
}

function list(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function mapValues(value: unknown, change: (value: Raw) => Raw): Raw {
  return Object.fromEntries(
    Object.entries(asObject(value)).map(([key, one]) => [key, change(asObject(one))]),
  );
}
