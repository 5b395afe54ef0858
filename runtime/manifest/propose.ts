/**
 * A minimal commented manifest for a folder that has none. Pure: looks through the given view of the folder, and says
 * why it proposes what it does. What the app is and how it starts is asked of the detection that a push uses, so that
 * the proposal says what a push does. It is a flat Stackato manifest, the dialect in which a push makes the services
 * it names.
 */
import { appName, absolutePath } from '../kernel/names.ts';
import { MIB } from '../kernel/bytes.ts';
import type { AppFacts, AppSource, DetectedCommand } from '../staging/types.ts';
import { findServices, type ServiceHint } from './propose-services.ts';
import { placeInFlag, spanOf } from './source.ts';
import type { AppManifest, HealthRequest } from './types.ts';

export interface Proposal {
  /** The text of a `manifest.yml`. */
  readonly text: string;
  /** What was seen, one sentence each. */
  readonly because: readonly string[];
}

export interface ProposeOptions {
  /** Name of the folder, from which the app gets its own. */
  readonly folderName: string;
  /** Types that can be started here; services of others are proposed as comments. */
  readonly serviceTypes: readonly string[];
  /** What a push of this manifest would find. */
  readonly detect: (source: AppSource, manifest: AppManifest) => AppFacts;
}

const MAX_NAME_LENGTH = 63;
const DEFAULT_NAME = 'app';

/** Memory by buildpack, enough to start in; what takes more than it says is ended. */
const MEMORY: ReadonlyMap<string, string> = new Map([
  ['static', '64M'],
  ['node', '128M'],
  ['python', '128M'],
  ['php', '128M'],
  ['go', '128M'],
  ['java', '512M'],
]);
const DEFAULT_MEMORY = '256M';

/** @throws PaasError `STAGING_FAILED` where a push could not tell either: the Procfile cannot be read */
export function proposeManifest(
  source: AppSource,
  { folderName, serviceTypes, detect }: ProposeOptions,
): Proposal {
  const name = nameFrom(packageName(source) ?? folderName);
  const django = readDjango(source);
  const facts = detect(source, bareApp(source.root, name, django?.requirements ?? []));
  const { buildpack } = facts;
  const isPython = buildpack === 'python';
  const web = Object.hasOwn(facts.commands, 'web') ? facts.commands.web : undefined;
  const services = findServices(source);
  const lines = [
    '# How this app is run. "paas-local plan" says what becomes of each line.',
    `name: ${name}`,
    '',
    '# Memory the app is told it has.',
    `mem: ${MEMORY.get(buildpack) ?? DEFAULT_MEMORY}`,
    '',
    ...commandLines(web),
    ...listLines('requirements', 'Packages to install.', isPython ? django?.requirements : undefined, 'pip'),
    ...listLines(
      'hooks',
      'Run after packages are installed, before the app starts.',
      isPython && django ? DJANGO_HOOKS : undefined,
      'post-staging',
    ),
    ...serviceLines(name, services, serviceTypes),
    ...envLines(isPython ? django?.env : undefined),
  ];
  const because = [
    `This is an app for the buildpack "${buildpack}": ${facts.because}`,
    web ? `Its start command is told from ${web.from}` : 'Nothing in the folder tells how to start it',
    ...services.map(({ type, seen }) => `${seen}: it may want ${type}`),
  ];
  return { text: `${lines.join('\n').trimEnd()}\n`, because };
}

/** Letters, digits and dashes, as a host name wants them. */
function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME_LENGTH)
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? DEFAULT_NAME : name;
}

function packageName(source: AppSource): string | undefined {
  const text = source.readText('package.json');
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('name' in parsed)) return undefined;
    // Only what is of the expected type counts: the file is not ours.
    return typeof parsed.name === 'string' && parsed.name !== ''
      ? parsed.name.replace(/^@[^/]*\//, '')
      : undefined;
  } catch {
    return undefined;
  }
}

interface Django {
  /** What to install, where the folder does not say. */
  readonly requirements?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const DJANGO_HOOKS = ['python manage.py migrate --noinput', 'python manage.py collectstatic --noinput'];

const PYTHON_PACKAGES = ['requirements.txt', 'pyproject.toml', 'Pipfile', 'setup.py'];

function readDjango(source: AppSource): Django | undefined {
  if (!source.hasFile('manage.py')) return undefined;
  const settings = source.hasFile('settings.py') ? 'settings' : settingsModule(source);
  return {
    ...(PYTHON_PACKAGES.some((file) => source.hasFile(file)) ? {} : { requirements: ['Django'] }),
    env: settings === undefined ? {} : { DJANGO_SETTINGS_MODULE: settings },
  };
}

/** `site/` with its `wsgi.py` → `site.settings`. */
function settingsModule(source: AppSource): string | undefined {
  const folder = source
    .list()
    .find((name) => /^[A-Za-z_]\w*\/$/.test(name) && source.hasFile(`${name}wsgi.py`));
  return folder === undefined ? undefined : `${folder.slice(0, -1)}.settings`;
}

/** The app as the proposal declares it, as far as detection looks at a manifest. */
function bareApp(root: string, name: string, pip: readonly string[]): AppManifest {
  const health: HealthRequest = {
    type: 'port',
    endpoint: '/',
    startTimeoutSeconds: 60,
    invocationTimeoutSeconds: 1,
    intervalSeconds: 30,
  };
  return {
    name: appName(name),
    span: spanOf(placeInFlag('init', name)),
    root: absolutePath(root),
    processes: [
      { type: 'web', instances: 1, memoryBytes: 256 * MIB, diskBytes: 2048 * MIB, health, readiness: health },
    ],
    sidecars: [],
    buildpacks: [],
    routes: { kind: 'default' },
    services: [],
    env: {},
    hooks: { prePush: [], preStaging: [], postStaging: [], preRunning: [] },
    requirements: { pip, cpan: [], ppm: [], system: [] },
    dependsOn: [],
    cron: [],
    drains: [],
    features: {},
    labels: {},
    annotations: {},
  };
}

/** The command stays a comment: left out, a push finds it anew, also when the folder has changed. */
function commandLines(web: DetectedCommand | undefined): readonly string[] {
  if (!web) {
    return [
      '# Write the start command here. The app must listen on the port in the variable PORT.',
      '# command: ./start',
      '',
    ];
  }
  const how = `# A push starts it with this, told from ${web.from.replaceAll(/\s+/g, ' ')}`;
  // In a manifest, ${…} would be a symbol of it.
  return /\$\{/.test(web.command)
    ? [
        `${how}:`,
        `#   ${JSON.stringify(web.command).slice(1, -1).replaceAll('\\"', '"')}`,
        '# A command here would take its place:',
        '# command: ./start',
        '',
      ]
    : [`${how}; a command here would take its place:`, `# command: ${quoted(web.command)}`, ''];
}

function listLines(
  key: string,
  comment: string,
  items: readonly string[] | undefined,
  inner: string,
): readonly string[] {
  if (!items) return [];
  return [`# ${comment}`, `${key}:`, `  ${inner}:`, ...items.map((item) => `    - ${quoted(item)}`), ''];
}

function serviceLines(
  name: string,
  found: readonly ServiceHint[],
  types: readonly string[],
): readonly string[] {
  const hints =
    found.length > 0 ? found : [{ type: 'memcached', suffix: 'cache', variable: 'MEMCACHE_URL', seen: '' }];
  const possible = hints.filter(({ type, seen }) => seen !== '' && types.includes(type));
  const others = hints.filter((hint) => !possible.includes(hint));
  const line = ({ type, suffix, variable }: ServiceHint) =>
    `  ${name.slice(0, 40)}-${suffix}: ${type}  # ${variable}`;
  return [
    '# Services are created if they do not exist, and announced to the app in the environment.',
    possible.length > 0 ? 'services:' : '# services:',
    ...possible.map(line),
    ...others.map((hint) => `# ${line(hint)}${types.includes(hint.type) ? '' : ' (not available here yet)'}`),
    '',
  ];
}

function envLines(env: Readonly<Record<string, string>> | undefined): readonly string[] {
  const entries = Object.entries(env ?? {});
  return [
    '# Variables of the app. Values are shell text: $HOME and the like expand at start.',
    ...(entries.length > 0
      ? ['env:', ...entries.map(([name, value]) => `  ${name}: ${quoted(value)}`)]
      : ['# env:', '#   LOG_LEVEL: debug']),
  ];
}

/** Plain where YAML allows it beyond doubt. */
const quoted = (value: string): string =>
  /^[\w./][\w ./$=-]*$/.test(value) ? value.trimEnd() : JSON.stringify(value);
