/** An app as the API would take it → `AppManifest`. */
import { parseCloudFoundrySize, GIB } from '../../../kernel/bytes.ts';
import { appName, type AbsolutePath } from '../../../kernel/names.ts';
import { firstKeyPlace } from '../../check.ts';
import type { Problems } from '../../problems.ts';
import { spanOf } from '../../source.ts';
import { emptyRecord } from '../../to-json.ts';
import { get, texts, type MapNode, type Node } from '../../tree.ts';
import type { AppManifest, HealthRequest, ProcessManifest, SidecarManifest } from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { decodeEnv } from './env.ts';
import {
  cloudFoundryReader,
  field,
  fieldFlag,
  fieldList,
  fieldScalar,
  fieldText,
  UNLIMITED,
} from './reader.ts';
import { APP_KEYS, PROCESS_KEYS } from './keys.ts';
import { decodeRoutes } from './routes.ts';
import { decodeServices } from './services.ts';

const DEFAULT_MEMORY_BYTES = GIB;
const DEFAULT_DISK_BYTES = GIB;
const DEFAULT_START_TIMEOUT_SECONDS = 60;
const PROBE_TIMEOUT_SECONDS = 1;
const PROBE_INTERVAL_SECONDS = 30;

export function decodeApp(app: MapNode, root: AbsolutePath, context: DecodeContext): AppManifest {
  const { problems, owner } = context;
  const name = fieldScalar(app, 'name');
  refuseDocker(app, context);
  const processes = decodeProcesses(app, context);
  const stack = fieldText(app, 'stack');
  const path = fieldScalar(app, 'path');
  return {
    name: appName(name?.text ?? ''),
    span: spanOf(name?.place ?? firstKeyPlace(app)),
    root,
    ...(path ? { rootSpan: spanOf(path.place) } : {}),
    processes,
    sidecars: decodeSidecars(app, processes, context),
    buildpacks: decodeBuildpacks(app, problems, owner),
    ...(stack === undefined ? {} : { stack }),
    routes: decodeRoutes(app, context),
    services: decodeServices(field(app, 'services')),
    env: decodeEnv(field(app, 'env'), context),
    hooks: { prePush: [], preStaging: [], postStaging: [], preRunning: [] },
    requirements: { pip: [], cpan: [], ppm: [], system: [] },
    dependsOn: [],
    cron: [],
    drains: [],
    features: decodeFeatures(field(app, 'features'), context),
    labels: strings(field(field(app, 'metadata'), 'labels')),
    annotations: strings(field(field(app, 'metadata'), 'annotations')),
  };
}

function refuseDocker(app: MapNode, { problems, options, owner }: DecodeContext): void {
  if (options.acceptImages) return;
  const docker = field(app, 'docker');
  const lifecycle = fieldScalar(app, 'lifecycle');
  const place = docker?.place ?? (lifecycle?.text === 'docker' ? lifecycle.place : undefined);
  if (!place) return;
  problems.error(
    'MANIFEST_NOT_SUPPORTED',
    place,
    `${owner}: Docker images cannot be run here: there are no containers`,
    {
      hint: 'Push the source of the app: remove "docker"',
    },
  );
}

const RESET = new Set(['default', 'null']);

function decodeBuildpacks(app: MapNode, problems: Problems, owner: string): readonly string[] {
  const one = fieldScalar(app, 'buildpack');
  const several = field(app, 'buildpacks');
  if (one && several) {
    problems.error(
      'MANIFEST_VALUE',
      one.place,
      `${owner}: Buildpack and Buildpacks fields cannot be used together.`,
      {
        hint: 'Keep "buildpacks"',
        related: { message: 'Buildpacks are here', place: several.place },
      },
    );
  }
  const names = several ? texts(several) : one ? [one.text] : [];
  return names.filter((name) => !RESET.has(name));
}

/** App-level attributes describe `web`; a `web` entry in `processes` takes the place of all of them. */
function decodeProcesses(app: MapNode, context: DecodeContext): readonly ProcessManifest[] {
  const entries = fieldList(app, 'processes').filter((node): node is MapNode => node.kind === 'map');
  const byType = new Map<string, MapNode>();
  for (const entry of entries) {
    const type = fieldScalar(entry, 'type');
    if (!type) continue;
    const first = byType.get(type.text);
    if (first) {
      context.problems.error(
        'MANIFEST_VALUE',
        type.place,
        `${context.owner}: Process "${type.text}" may only be present once`,
        {
          related: { message: 'First defined here', place: firstKeyPlace(first) },
        },
      );
      continue;
    }
    byType.set(type.text, entry);
  }
  const own = byType.get('web');
  if (own) warnOfReplaced(app, own, context);
  const web = decodeProcess('web', own ?? app, context);
  byType.delete('web');
  return [web, ...[...byType].map(([type, node]) => decodeProcess(type, node, context))];
}

/** The platform says nothing of it, so people wonder why their memory is not what they wrote. */
function warnOfReplaced(app: MapNode, web: MapNode, { problems, owner }: DecodeContext): void {
  const replaced = app.entries.filter(
    ({ key, value }) =>
      PROCESS_KEYS.has(cloudFoundryReader.keyName(key.text, APP_KEYS)) &&
      !(value.kind === 'scalar' && cloudFoundryReader.isNull(value)),
  );
  const [first] = replaced;
  if (!first) return;
  const names = replaced.map(({ key }) => `"${key.text}"`).join(', ');
  problems.warning(
    'MANIFEST_IGNORED_KEY',
    first.key.place,
    `${owner}: the "web" entry of "processes" takes the place of what the app says about its process: ${names}`,
    {
      hint: 'Move it into that entry; what it does not say is as by default',
      related: { message: 'The entry is here', place: firstKeyPlace(web) },
    },
  );
}

function decodeProcess(type: string, node: MapNode, context: DecodeContext): ProcessManifest {
  const command = fieldText(node, 'command');
  const logRate = sizeOf(node, 'log-rate-limit-per-second', 'log-rate');
  const health = decodeHealth('', node, type === 'web' ? 'port' : 'process');
  refuseEndpoint('', node, context);
  refuseEndpoint('readiness-', node, context);
  return {
    type,
    ...(command === undefined || RESET.has(command) ? {} : { command }),
    instances: integerOf(node, 'instances') ?? (type === 'web' ? 1 : 0),
    memoryBytes: sizeOf(node, 'memory', 'memory') ?? DEFAULT_MEMORY_BYTES,
    diskBytes: sizeOf(node, 'disk_quota', 'memory') ?? DEFAULT_DISK_BYTES,
    ...(logRate === undefined || logRate === UNLIMITED ? {} : { logRateBytesPerSecond: logRate }),
    health,
    readiness: decodeHealth('readiness-', node, 'process'),
  };
}

function refuseEndpoint(prefix: '' | 'readiness-', node: MapNode, { problems, owner }: DecodeContext): void {
  const endpoint = fieldScalar(node, `${prefix}health-check-http-endpoint`);
  const type = fieldScalar(node, `${prefix}health-check-type`);
  if (!endpoint || !type || type.text === 'http' || type.unresolved) return;
  const what = prefix === '' ? 'Health check type' : 'Readiness health check type';
  problems.error(
    'MANIFEST_VALUE',
    endpoint.place,
    `${owner}: ${what} must be "http" to set a health check HTTP endpoint`,
    { related: { message: 'The type is set here', place: type.place } },
  );
}

function decodeHealth(
  prefix: '' | 'readiness-',
  node: MapNode,
  fallback: HealthRequest['type'],
): HealthRequest {
  const written = fieldText(node, `${prefix}health-check-type`);
  const type = written === 'none' ? 'process' : written;
  return {
    type: type === 'port' || type === 'http' || type === 'process' ? type : fallback,
    endpoint: fieldText(node, `${prefix}health-check-http-endpoint`) ?? '/',
    startTimeoutSeconds: integerOf(node, 'timeout') || DEFAULT_START_TIMEOUT_SECONDS,
    invocationTimeoutSeconds:
      integerOf(node, `${prefix}health-check-invocation-timeout`) ?? PROBE_TIMEOUT_SECONDS,
    intervalSeconds: integerOf(node, `${prefix}health-check-interval`) ?? PROBE_INTERVAL_SECONDS,
  };
}

function decodeSidecars(
  app: MapNode,
  processes: readonly ProcessManifest[],
  { problems, owner }: DecodeContext,
): readonly SidecarManifest[] {
  const reserved = new Map(processes.map(({ type }) => [type, 0]));
  return fieldList(app, 'sidecars').flatMap((node): SidecarManifest[] => {
    if (node.kind !== 'map') return [];
    const name = fieldText(node, 'name') ?? '';
    const processTypes = texts(field(node, 'process_types'));
    const memory = fieldScalar(node, 'memory');
    const memoryBytes = memory && parseCloudFoundrySize(memory.text);
    for (const process of processes) {
      if (name === '' || !memory || memoryBytes === undefined || !processTypes.includes(process.type))
        continue;
      const together = (reserved.get(process.type) ?? 0) + memoryBytes;
      reserved.set(process.type, together);
      if (together < process.memoryBytes) continue;
      const others = together > memoryBytes ? ', with that of the sidecars before it,' : '';
      problems.error(
        'MANIFEST_VALUE',
        memory.place,
        `${owner}: The memory of sidecar "${name}"${others} must be less than that of process "${process.type}"`,
      );
    }
    if (field(node, 'process_types') && processTypes.length === 0) {
      problems.error(
        'MANIFEST_VALUE',
        firstKeyPlace(node),
        `${owner}: Sidecar "${name}": must have at least 1 process_type`,
      );
    }
    return [
      {
        name,
        processTypes,
        command: fieldText(node, 'command') ?? '',
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      },
    ];
  });
}

function decodeFeatures(
  node: Node | undefined,
  { problems, owner }: DecodeContext,
): Readonly<Record<string, boolean>> {
  const features = emptyRecord<boolean>();
  if (node?.kind !== 'map') return features;
  for (const { key, value } of node.entries) {
    if (value.kind === 'scalar') features[key.text] = cloudFoundryReader.boolean(value) ?? false;
  }
  const files = get(node, 'file-based-vcap-services');
  if (files && fieldFlag(node, 'file-based-vcap-services') && fieldFlag(node, 'service-binding-k8s')) {
    problems.error(
      'MANIFEST_VALUE',
      files.place,
      `${owner}: "file-based-vcap-services" and "service-binding-k8s" exclude each other`,
    );
  }
  return features;
}

function strings(node: Node | undefined): Readonly<Record<string, string>> {
  const result = emptyRecord<string>();
  if (node?.kind !== 'map') return result;
  for (const { key, value } of node.entries) {
    // A null deletes a label; a fresh app has none to delete.
    if (value.kind === 'scalar' && !cloudFoundryReader.isNull(value)) result[key.text] = value.text;
  }
  return result;
}

function integerOf(node: Node, key: string): number | undefined {
  const value = fieldScalar(node, key);
  return value && cloudFoundryReader.integer(value);
}

function sizeOf(node: Node, key: string, of: 'memory' | 'log-rate'): number | undefined {
  const value = fieldScalar(node, key);
  return value && cloudFoundryReader.size(value, of);
}
