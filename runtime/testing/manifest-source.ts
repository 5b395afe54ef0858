/** Start options → the manifest as a push would read it. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../../services/kit/json.ts';
import { pointer } from '../kernel/diagnostics.ts';
import { PaasError } from '../kernel/errors.ts';
import { suggest } from '../kernel/suggest.ts';
import type { Manifest, ServiceRequest } from '../manifest/types.ts';
import { readSource } from '../platform/read-source.ts';
import type { ManifestSource } from '../state/record.ts';
import type { ManifestObject, ServiceOverride, StartOptions } from './options.ts';
import type { Surroundings } from './surroundings.ts';

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly source: ManifestSource;
}

/**
 * @param scratch an existing private folder, for a manifest that is an object
 * @param startedBy whose spelling a message uses
 * @throws PaasError `MANIFEST_NOT_FOUND`, `MANIFEST_INVALID` with every mistake, `SERVICE_NOT_FOUND` also for a service
 * whose type nothing tells
 */
export async function readFor(
  options: StartOptions,
  { env, cwd }: Surroundings,
  scratch: string,
  startedBy: 'exec' | 'code' = 'code',
): Promise<ReadManifest> {
  const { folder, manifest: given, apps = [] } = options;
  const path = folder ?? (typeof given === 'object' ? cwd : undefined);
  const file = typeof given === 'object' ? write(given, resolve(cwd, folder ?? ''), scratch) : given;
  const source: ManifestSource = {
    cwd,
    appNames: apps,
    env: pairs(options.env),
    vars: pairs(options.vars),
    varsFiles: options.varsFiles ?? [],
    noWatch: true,
    seeds: { '': 'test' },
    ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
    ...(path === undefined ? {} : { path }),
    ...(file === undefined ? {} : { manifest: file }),
  };
  const { manifest, diagnostics, file: read } = await readSource(source, { shellEnv: env });
  if (!manifest) {
    const count = diagnostics.filter(({ severity }) => severity === 'error').length;
    throw new PaasError('MANIFEST_INVALID', { file: read, count }, { diagnostics });
  }
  const { services = {}, bind = {} } = options;
  checkNames(manifest, [...Object.keys(services), ...Object.keys(bind)]);
  const overridden = override(manifest, services);
  checkTypes(overridden, startedBy);
  return { source, manifest: overridden };
}

const pairs = (values: Readonly<Record<string, Json>> = {}): string[] =>
  Object.entries(values).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );

/** JSON is YAML. */
function write(manifest: ManifestObject, folder: string, scratch: string): string {
  const file = join(scratch, 'manifest.yml');
  writeFileSync(file, JSON.stringify(rooted(manifest, folder)), { mode: 0o600 });
  return file;
}

/** Each app's folder written out, since the file does not lie beside it. */
function rooted(manifest: ManifestObject, folder: string): ManifestObject {
  const { applications } = manifest;
  const at = (path: unknown): string => resolve(folder, typeof path === 'string' ? path : '');
  const app = (one: unknown): unknown => (isObject(one) ? { ...one, path: at(one.path) } : one);
  if (Array.isArray(applications)) return { ...manifest, applications: applications.map(app) };
  // One app whose keys stand at the top; there its folder has another name.
  if (!isObject(applications)) return { ...manifest, 'app-dir': at(manifest['app-dir']) };
  const apps = Object.entries(applications).map(([name, one]) => [name, app(one)] as const);
  return { ...manifest, applications: Object.fromEntries(apps) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A misspelt name would leave an app on another service than meant. */
function checkNames(manifest: Manifest, names: readonly string[]): void {
  const known = [
    ...new Set(manifest.apps.flatMap(({ services }) => services.map(({ name }) => String(name)))),
  ];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const suggestion = suggest(unknown, known) ?? null;
  throw new PaasError('SERVICE_NOT_FOUND', { service: unknown, known, suggestion });
}

/** A Cloud Foundry manifest only names services that its space has already; the space of a test begins with none. */
function checkTypes({ apps }: Manifest, startedBy: 'exec' | 'code'): void {
  for (const { name: app, services } of apps) {
    for (const { name: service, type, span } of services) {
      if (type !== undefined) continue;
      const saying =
        startedBy === 'exec' ? `--service ${service}=TYPE` : `services: { '${service}': { type: 'TYPE' } }`;
      const hint = `The space of a test begins with no services. Say its type: ${saying}`;
      const diagnostics = [pointer('SERVICE_NOT_FOUND', 'The service is asked for here', span)];
      throw new PaasError('SERVICE_NOT_FOUND', { service, app, hint }, { diagnostics });
    }
  }
}

function override(manifest: Manifest, overrides: Readonly<Record<string, ServiceOverride>>): Manifest {
  const overridden = (request: ServiceRequest): ServiceRequest => {
    const { parameters, ...rest } = overrides[request.name] ?? {};
    if (!parameters) return { ...request, ...rest };
    const former = isObject(request.parameters) ? request.parameters : {};
    return { ...request, ...rest, parameters: { ...former, ...parameters } as Json };
  };
  return {
    ...manifest,
    apps: manifest.apps.map((app) => ({ ...app, services: app.services.map(overridden) })),
  };
}
