/**
 * What an app's second push makes of its variables. A Stackato variable keeps the value it has, and one that Cloud
 * Foundry's manifest no longer names stays: so it is there, and so it is here, but said out loud.
 */
import { envOnPush, type EnvMode, type EnvRequests } from '../manifest/env-mode.ts';
import type { AppManifest, Dialect, EnvRequest, Manifest } from '../manifest/types.ts';
import type { SpaceRecord } from '../state/record.ts';

export interface StoredEnv {
  readonly manifest: Manifest;
  /** By app: sentences about variables that are not as its manifest says. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

const DEFAULT_MODE: Readonly<Record<Dialect, EnvMode>> = { stackato: 'preserve', 'cloud-foundry': 'append' };
/** Where a value comes from that is neither the manifest's nor a flag's. */
const EARLIER_PUSH = 'earlier push';

export function withStoredEnv(manifest: Manifest, record: SpaceRecord, chosen?: EnvMode): StoredEnv {
  const mode = chosen ?? DEFAULT_MODE[manifest.dialect];
  const notes = new Map<string, readonly string[]>();
  const apps = manifest.apps.map((app): AppManifest => {
    const known = record.apps[app.name];
    const stored = known?.ranOnce ? without(known.plan.manifest.env, known.byHand.unsetEnv) : undefined;
    const env = Object.create(null) as Record<string, EnvRequest>;
    const said: string[] = [];
    for (const [name, request] of Object.entries(envOnPush(app.env, stored, mode))) {
      const requested = Object.hasOwn(app.env, name) ? app.env[name] : undefined;
      const same = requested?.value === request.value;
      const kept = requested !== request && !same;
      env[name] = kept ? { ...request, origin: EARLIER_PUSH } : (requested ?? request);
      if (kept) said.push(keptNote(name, requested !== undefined));
    }
    if (said.length > 0) notes.set(app.name, said);
    return { ...app, env };
  });
  return { manifest: { ...manifest, apps }, notes };
}

/** What was unset by hand is not there to be kept. */
const without = (env: EnvRequests, names: readonly string[]): EnvRequests =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));

/** Values are not shown: they may be secrets. */
const keptNote = (name: string, isWritten: boolean): string =>
  isWritten
    ? `${name} keeps the value of an earlier push, not the manifest's; push with --env-mode replace to take that`
    : `${name} is not in the manifest any more and stays; push with --env-mode replace to drop it`;
