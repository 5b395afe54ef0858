/** An app in normal form, symbols resolved → `AppManifest`. */
import { MIB, parseStackatoSize } from '../../../kernel/bytes.ts';
import { absolutePath, appName, type AppName } from '../../../kernel/names.ts';
import type { Problems } from '../../problems.ts';
import { spanOf } from '../../source.ts';
import { get, getText, scalars, texts, type MapNode, type Node, type ScalarNode } from '../../tree.ts';
import type {
  AppManifest,
  FrameworkManifest,
  HealthRequest,
  HookCommand,
  Hooks,
  ProcessManifest,
  RouteRequest,
} from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { decodeEnv } from './env.ts';
import { isNullCommand, isNullWord, readBoolean } from './reader.ts';
import { decodeRequirements } from './requirements.ts';
import { decodeServices } from './service-requests.ts';

const DEFAULT_MEMORY_MB = 256;
/** What the 2.x client gave an app of each framework. */
const FRAMEWORK_MEMORY_MB: ReadonlyMap<string, number> = new Map([
  ['rails3', 128],
  ['rack', 128],
  ['sinatra', 128],
  ['perl', 128],
  ['node', 128],
  ['php', 128],
  ['python', 128],
  ['grails', 512],
  ['lift', 512],
  ['spring', 512],
  ['java_ee', 512],
  ['java_web', 512],
  ['dotNet', 512],
  ['standalone', 64],
]);
/** Less is forced up to this by the original client. */
const MIN_MEMORY_MB = 20;
const DEFAULT_DISK_MB = 2048;
const DEFAULT_START_TIMEOUT_SECONDS = 60;
const PROBE_TIMEOUT_SECONDS = 1;
const PROBE_INTERVAL_SECONDS = 30;

export async function decodeApp(
  name: ScalarNode,
  app: MapNode,
  context: DecodeContext,
): Promise<AppManifest> {
  const { problems } = context;
  checkName(name, problems);
  const block = get(app, 'stackato');
  const routes = decodeRoutes(app, problems);
  const env = await decodeEnv(get(block, 'env'), context);
  const image = get(app, 'docker_image');
  if (image?.kind === 'scalar' && !isNullWord(image.text) && !context.options.acceptImages) {
    problems.error(
      'MANIFEST_NOT_SUPPORTED',
      image.place,
      `App "${name.text}" asks for a Docker image, and there are no containers here`,
      {
        hint: 'Push the source of the app: remove "docker_image"',
      },
    );
  }
  warnOfVersions(get(block, 'min_version'), problems);
  const buildpack = getText(app, 'buildpack') ?? '';
  const stack = getText(app, 'stack') ?? '';
  const description = getText(block, 'description');
  const path = get(app, 'path');
  const ignores = get(block, 'ignores');
  const framework = decodeFramework(app);
  return {
    name: appName(name.text),
    span: spanOf(name.place),
    root: absolutePath(path?.kind === 'scalar' ? path.text : '/'),
    ...(path ? { rootSpan: spanOf(path.place) } : {}),
    processes: [decodeProcess(app, routes, problems)],
    sidecars: [],
    buildpacks: isNullWord(buildpack) ? [] : [buildpack],
    ...(framework ? { framework } : {}),
    ...(isNullWord(stack) ? {} : { stack }),
    routes,
    services: decodeServices(get(app, 'services'), context),
    env,
    hooks: decodeHooks(get(block, 'hooks')),
    requirements: decodeRequirements(get(block, 'requirements')),
    ...(ignores === undefined ? {} : { ignores: texts(ignores) }),
    dependsOn: texts(get(app, 'depends-on')).map((other): AppName => appName(other)),
    cron: texts(get(block, 'cron')),
    drains: decodeDrains(get(block, 'drain')),
    features: {},
    labels: {},
    annotations: {},
    ...(description === undefined || description === '' ? {} : { description }),
  };
}

/** A name becomes the first label of a host name. */
function checkName(name: ScalarNode, problems: Problems): void {
  if (name.unresolved) return;
  if (/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(name.text)) return;
  problems.error('MANIFEST_NAME', name.place, `"${name.text}" cannot be the name of an app`, {
    hint: 'Use letters, digits and "-", at most 63, beginning and ending with a letter or digit: it becomes a host name',
    ...(name.origin ? { related: name.origin } : {}),
  });
}

/** Host and domain, and perhaps a port and a path. */
const URL = /^(?:\*\.)?[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::\d{1,5})?(?:\/[^?#\s]*)?$/;

/** A host name has at most 253 characters; what is far beyond is not even looked at. */
const MAX_URL_LENGTH = 2048;

/** `urls` in normal form is a list; all URLs are lower case and without scheme. */
function decodeRoutes(app: MapNode, problems: Problems): RouteRequest {
  const urls = get(app, 'urls');
  if (!urls) return { kind: 'default' };
  const routes = scalars(urls).map((written) => {
    const short = written.text.length <= MAX_URL_LENGTH;
    const url = short ? bareUrl(written.text) : '';
    if (!written.unresolved && !URL.test(url)) {
      problems.error('MANIFEST_VALUE', written.place, `"${written.text}" cannot be a URL of an app`, {
        hint: 'Write HOST.DOMAIN or HOST.DOMAIN/PATH, without a scheme',
        related: written.origin,
      });
    }
    return { url, span: spanOf(written.place) };
  });
  return routes.length === 0 ? { kind: 'none' } : { kind: 'list', routes };
}

const bareUrl = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '');

function decodeProcess(app: MapNode, routes: RouteRequest, problems: Problems): ProcessManifest {
  const web = get(get(get(app, 'stackato'), 'processes'), 'web');
  const isWorker = web?.kind === 'scalar' && isNullCommand(web.text);
  const webCommand = web?.kind === 'scalar' && !isWorker ? web.text : undefined;
  const command = getText(app, 'command') || undefined;
  // The legacy buildpack runs processes.web and leaves "command" to workers; buildpacks know only "command".
  const chosen = get(app, 'framework') ? (webCommand ?? command) : (command ?? webCommand);
  return {
    type: isWorker ? 'worker' : 'web',
    ...(chosen === undefined ? {} : { command: chosen }),
    instances: decodeInstances(app, problems),
    memoryBytes: decodeMemory(app, problems),
    diskBytes: parseStackatoSize(getText(app, 'disk') ?? '') ?? DEFAULT_DISK_MB * MIB,
    health: health(isWorker || routes.kind === 'none' ? 'process' : 'port', app),
    readiness: health('process', app),
  };
}

function health(type: 'port' | 'process', app: MapNode): HealthRequest {
  return {
    type,
    endpoint: '/',
    startTimeoutSeconds: Number(getText(app, 'timeout') || DEFAULT_START_TIMEOUT_SECONDS),
    invocationTimeoutSeconds: PROBE_TIMEOUT_SECONDS,
    intervalSeconds: PROBE_INTERVAL_SECONDS,
  };
}

function decodeInstances(app: MapNode, problems: Problems): number {
  const node = get(app, 'instances');
  if (node?.kind !== 'scalar' || node.text === '' || node.unresolved) return 1;
  const instances = Number(node.text);
  if (instances >= 1) return instances;
  problems.warning(
    'MANIFEST_VALUE',
    node.place,
    `"instances" is ${node.text}: one instance is started, the least there is`,
  );
  return 1;
}

function decodeMemory(app: MapNode, problems: Problems): number {
  const node = get(app, 'memory');
  const bytes = node?.kind === 'scalar' ? parseStackatoSize(node.text) : undefined;
  if (bytes === undefined) {
    const framework = getText(get(app, 'framework'), 'name') ?? '';
    return (FRAMEWORK_MEMORY_MB.get(framework) ?? DEFAULT_MEMORY_MB) * MIB;
  }
  if (bytes >= MIN_MEMORY_MB * MIB) return bytes;
  problems.warning(
    'MANIFEST_VALUE',
    node?.place,
    `"memory" is below the least of ${MIN_MEMORY_MB}M, which is used`,
  );
  return MIN_MEMORY_MB * MIB;
}

function decodeFramework(app: MapNode): FrameworkManifest | undefined {
  const framework = get(app, 'framework');
  const runtime = getText(app, 'runtime') ?? getText(framework, 'runtime');
  const facts: Record<string, string | undefined> = {
    name: getText(framework, 'name'),
    runtime,
    documentRoot: getText(framework, 'document-root'),
    startFile: getText(framework, 'start-file'),
    homeDir: getText(framework, 'home-dir'),
  };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined && value !== '');
  return known.length > 0 ? Object.fromEntries(known) : undefined;
}

function decodeHooks(hooks: Node | undefined): Hooks {
  const of = (key: string): readonly HookCommand[] =>
    scalars(get(hooks, key)).map((node) => {
      const ignoreFailure = node.text.startsWith('-');
      return {
        command: ignoreFailure ? node.text.slice(1).trimStart() : node.text,
        ignoreFailure,
        span: spanOf(node.place),
      };
    });
  return {
    prePush: of('pre-push'),
    preStaging: of('pre-staging'),
    postStaging: of('post-staging'),
    preRunning: of('pre-running'),
  };
}

function decodeDrains(drain: Node | undefined): AppManifest['drains'] {
  if (drain?.kind !== 'map') return [];
  return drain.entries.map(({ key, value }) => ({
    name: key.text,
    url: getText(value, 'url') ?? '',
    json: readBoolean(getText(value, 'json') ?? '') ?? false,
  }));
}

/** The original client of the last release; a manifest that wants a newer one may mean something we do not know. */
const LAST_VERSION = [3, 6] as const;

function warnOfVersions(versions: Node | undefined, problems: Problems): void {
  for (const of of ['client', 'server']) {
    const node = get(versions, of);
    if (node?.kind !== 'scalar' || node.text === '') continue;
    const [major = 0, minor = 0] = node.text.split('.').map(Number);
    if (major > LAST_VERSION[0] || (major === LAST_VERSION[0] && minor > LAST_VERSION[1])) {
      problems.warning(
        'MANIFEST_VALUE',
        node.place,
        `The manifest wants a ${of} of version ${node.text}; there never was one`,
        {
          hint: `The original ${of} would refuse it; here it is pushed all the same`,
        },
      );
    }
  }
}
