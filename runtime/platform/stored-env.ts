/**
 * What an app's second push makes of its variables. A Stackato variable keeps the value it has, and one that Cloud
 * Foundry's manifest no longer names stays: so it is there, and so it is here, but said out loud.
 */
import { envOnPush, type EnvMode } from '../manifest/env-mode.ts';
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
    const stored = known?.ranOnce ? known.plan.manifest.env : undefined;
    const env = envOnPush(app.env, stored, mode);
    const kept = Object.entries(env).filter(([name, request]) => request !== app.env[name]);
    const said = kept.flatMap(([name, { value }]) => keptNote(name, value, app.env[name]));
    if (said.length > 0) notes.set(app.name, said);
    const origins = kept.map(([name, request]): [string, EnvRequest] => [
      name,
      { ...request, origin: app.env[name]?.value === request.value ? app.env[name].origin : EARLIER_PUSH },
    ]);
    return {
      ...app,
      env: Object.assign(Object.create(null), env, Object.fromEntries(origins)) as typeof env,
    };
  });
  return { manifest: { ...manifest, apps }, notes };
}

/** Values are not shown: they may be secrets. */
function keptNote(name: string, value: string, requested: EnvRequest | undefined): string[] {
  if (requested?.value === value) return [];
  return [
    requested
      ? `${name} keeps the value of an earlier push, not the manifest's; push with --env-mode replace to take that`
      : `${name} is not in the manifest any more and stays; push with --env-mode replace to drop it`,
  ];
}
