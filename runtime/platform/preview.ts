/** What a push would come to: its steps, its plan, and what becomes of each key. Starts and changes nothing. */
import type { ServiceType } from '../../services/kit/contract.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AbsolutePath } from '../kernel/names.ts';
import { verdictsOf, type FoundVerdict } from '../manifest/verdicts.ts';
import { stepsOf, type Existing, type How, type Step } from '../plan/steps.ts';
import { withByHand } from '../plan/by-hand.ts';
import { keptByScale, keptNote } from '../plan/kept-by-scale.ts';
import type { Plan } from '../plan/types.ts';
import type { Snapshot } from '../snapshot.ts';
import { openAppSource } from '../staging/app-source.ts';
import { missingPrograms } from '../staging/stager.ts';
import type { ManifestSource, SpaceRecord } from '../state/record.ts';
import { takenOver } from './after-host.ts';
import { neverServed } from './never-served.ts';
import { asRun, planFor } from './plan-for.ts';
import type { SourceReading } from './read-source.ts';
import { checkRoomFor } from './room.ts';
import { withStoredEnv } from './stored-env.ts';

export interface Preview {
  readonly steps: readonly Step[];
  /** By app: variables that would not be as the manifest says, words that are yet to be drawn, missing programs. */
  readonly notes: Readonly<Record<string, readonly string[]>>;
  readonly keys: readonly FoundVerdict[];
  readonly plan?: Plan;
  /** Why a push would fail before it began. */
  readonly error?: PaasError;
}

export interface Space {
  readonly record: SpaceRecord;
  /** Undefined where no host runs. */
  readonly snapshot: Snapshot | undefined;
  readonly serviceTypes: readonly ServiceType[];
  /** Where services keep their data. */
  readonly servicesFolder: AbsolutePath;
  /** For tools, as a push from here would have it. */
  readonly toolEnv: Readonly<Record<string, string>>;
}

export function previewPush(reading: SourceReading, source: ManifestSource, space: Space, how: How): Preview {
  const keys = verdictsOf(reading.documents, reading.dialect, source);
  if (!reading.manifest) return { steps: [], notes: {}, keys };
  const { manifest, notes } = withStoredEnv(reading.manifest, space.record, source.envMode);
  const words = manifest.apps.flatMap(({ name }): [string, string][] => {
    const isKept = source.seeds !== undefined && Object.hasOwn(source.seeds, name);
    return reading.drawn.has(name) && !isKept ? [[name, DRAWN_LATER]] : [];
  });
  const found = { notes: grouped([...pairs(notes), ...words]), keys };
  try {
    const { services, apps } = asMet(space);
    const where = { services, apps, types: space.serviceTypes, folder: space.servicesFolder };
    const written = planFor(manifest, source, space.record, space.serviceTypes, (name, pushed) =>
      neverServed(name, where, pushed),
    );
    const plan = {
      ...written,
      apps: written.apps.map((app) => asRun(app, space.record, source.overrides)),
    };
    const kept = plan.apps.map((app, index) => [app.name, keptByScale(written.apps[index]!, app)] as const);
    const scaled = kept.flatMap(([app, numbers]) => numbers.map((each): Note => [app, keptNote(app, each)]));
    checkRoomFor(plan.apps, asMet(space));
    const missing = plan.apps.flatMap((app) =>
      missingPrograms(openAppSource(app.root), app.facts, space.toolEnv).map((note): [string, string] => [
        app.name,
        note,
      ]),
    );
    return {
      ...found,
      notes: grouped([...pairs(notes), ...scaled, ...words, ...missing]),
      keys: verdictsOf(reading.documents, reading.dialect, { ...source, kept: new Map(kept) }),
      plan,
      steps: stepsOf(plan, existing(space), how),
    };
  } catch (error) {
    if (!(error instanceof PaasError)) throw error;
    return { ...found, steps: [], error };
  }
}

const DRAWN_LATER =
  '${random-word} is drawn at the first push and kept from then on; the word in this plan is another';

type Note = readonly [app: string, note: string];

const pairs = (notes: ReadonlyMap<string, readonly string[]>): readonly Note[] =>
  [...notes].flatMap(([app, said]) => said.map((note): Note => [app, note]));

function grouped(notes: readonly Note[]): Readonly<Record<string, readonly string[]>> {
  const byApp = new Map<string, readonly string[]>();
  for (const [app, note] of notes) byApp.set(app, [...(byApp.get(app) ?? []), note]);
  return Object.fromEntries(byApp);
}

/** The record as a push would find it: without a host, a new one is started for it. */
function asMet({ record, snapshot }: Space): SpaceRecord {
  if (snapshot) return record;
  const apps = Object.entries(record.apps).map(([name, app]) => [name, takenOver(app)] as const);
  return { ...record, apps: Object.fromEntries(apps) };
}

/** What the space remembers, and what of it runs. */
function existing({ record, snapshot }: Space): Existing {
  const running = new Set(
    snapshot?.services.filter(({ state }) => state === 'running').map(({ name }) => name),
  );
  const states = new Map(snapshot?.apps.map(({ name, state }) => [name, state]));
  return {
    hostRuns: snapshot !== undefined,
    services: new Map(
      Object.entries(record.services).map(([name, { plan }]) => [
        name,
        { type: plan.type, runs: running.has(name) },
      ]),
    ),
    apps: new Map(
      Object.entries(record.apps).map(([name, { plan, byHand }]) => [
        name,
        { plan: withByHand(plan, byHand), state: states.get(name) ?? 'stopped' },
      ]),
    ),
  };
}
