/**
 * A minimal commented manifest for a folder that has none. Pure: looks through the given view of the folder, and says
 * why it proposes what it does. The proposal is a flat Stackato manifest, the dialect in which a push makes the
 * services it names.
 */
import type { AppSource } from '../staging/types.ts';
import { findServices, type ServiceHint } from './propose-services.ts';

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
}

const MAX_NAME_LENGTH = 63;
const DEFAULT_NAME = 'app';

/** What was recognised. */
interface Kind {
  readonly because: string;
  readonly memory: string;
  /** Undefined: found at push, and shown as a comment. */
  readonly command?: string;
  readonly commandComment: string;
  readonly requirements?: readonly string[];
  readonly hooks?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function proposeManifest(source: AppSource, { folderName, serviceTypes }: ProposeOptions): Proposal {
  const name = nameFrom(packageName(source) ?? folderName);
  const kind = KINDS.map((recognise) => recognise(source)).find((found) => found !== undefined) ?? UNKNOWN;
  const services = findServices(source);
  const lines = [
    '# How this app is run. "paas-local plan" says what becomes of each line.',
    `name: ${name}`,
    '',
    '# Memory the app is told it has.',
    `mem: ${kind.memory}`,
    '',
    ...commandLines(kind),
    ...listLines('requirements', 'Packages to install.', kind.requirements, 'pip'),
    ...listLines(
      'hooks',
      'Run after packages are installed, before the app starts.',
      kind.hooks,
      'post-staging',
    ),
    ...serviceLines(name, services, serviceTypes),
    ...envLines(kind.env),
  ];
  const because = [kind.because, ...services.map(({ type, seen }) => `${seen}: it may want ${type}`)];
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

interface PackageJson {
  readonly name?: string;
  readonly start?: string;
  readonly main?: string;
}

/** Only what is of the expected type counts: the file is not ours. */
function readPackageJson(source: AppSource): PackageJson | undefined {
  const text = source.readText('package.json');
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const scripts = property(parsed, 'scripts');
    return {
      ...string('name', property(parsed, 'name')),
      ...string('start', property(scripts, 'start')),
      ...string('main', property(parsed, 'main')),
    };
  } catch {
    return {};
  }
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

const string = <Name extends string>(name: Name, value: unknown): { readonly [key in Name]?: string } =>
  typeof value === 'string' && value !== '' ? ({ [name]: value } as { readonly [key in Name]?: string }) : {};

function packageName(source: AppSource): string | undefined {
  return readPackageJson(source)?.name?.replace(/^@[^/]*\//, '');
}

const KINDS: readonly ((source: AppSource) => Kind | undefined)[] = [procfile, node, python, php, staticSite];

const UNKNOWN: Kind = {
  because: 'Nothing in the folder tells how to start the app',
  memory: '256M',
  commandComment: 'Write the start command here. The app must listen on the port in the variable PORT.',
};

function procfile(source: AppSource): Kind | undefined {
  const web = /^web:\s*(\S.*)$/m.exec(source.readText('Procfile') ?? '')?.[1];
  if (web === undefined) return undefined;
  const rest = node(source) ?? python(source);
  return {
    because: 'The Procfile has a line for "web"',
    memory: rest?.memory ?? '256M',
    commandComment: 'The Procfile says how to start; a command here would take its place:',
    ...(rest?.hooks ? { hooks: rest.hooks } : {}),
    ...(rest?.env ? { env: rest.env } : {}),
  };
}

const NODE_MAIN_FILES = ['server.js', 'app.js', 'index.js', 'main.js'];

function node(source: AppSource): Kind | undefined {
  const manifest = readPackageJson(source);
  const main = NODE_MAIN_FILES.find((file) => source.hasFile(file)) ?? manifest?.main;
  if (!manifest && main === undefined) return undefined;
  const because = manifest ? 'There is a package.json' : `There is a file ${main}`;
  if (manifest?.start !== undefined) {
    return {
      because: `${because}, whose "start" script says how to start`,
      memory: '128M',
      commandComment: 'package.json says how to start; a command here would take its place:',
    };
  }
  return {
    because,
    memory: '128M',
    commandComment: 'The start command. The app must listen on the port in the variable PORT.',
    ...(main === undefined ? {} : { command: `node ${main}` }),
  };
}

function python(source: AppSource): Kind | undefined {
  const requirements = source.readText('requirements.txt');
  const isDjango = source.hasFile('manage.py');
  const wsgi = source.hasFile('wsgi.py') ? 'wsgi' : wsgiModule(source);
  const isPython =
    requirements !== undefined || isDjango || wsgi !== undefined || source.hasFile('pyproject.toml');
  if (!isPython) return undefined;
  const settings = source.hasFile('settings.py') ? 'settings' : wsgi?.replace(/\.?wsgi$/, '.settings');
  const declaresPackages = requirements !== undefined || source.hasFile('pyproject.toml');
  return {
    because: isDjango
      ? 'There is a manage.py: a Django app'
      : requirements !== undefined
        ? 'There is a requirements.txt'
        : 'There are Python files',
    memory: '128M',
    commandComment: 'The start command. gunicorn listens on the port in the variable PORT by itself.',
    ...(wsgi === undefined ? {} : { command: `gunicorn ${wsgi}` }),
    ...(declaresPackages ? {} : { requirements: isDjango ? ['Django', 'gunicorn'] : ['gunicorn'] }),
    ...(isDjango
      ? {
          hooks: ['python manage.py migrate --noinput', 'python manage.py collectstatic --noinput'],
          ...(settings?.startsWith('.') || settings === undefined
            ? {}
            : { env: { DJANGO_SETTINGS_MODULE: settings } }),
        }
      : {}),
  };
}

/** `site/wsgi.py` → `site.wsgi`. */
function wsgiModule(source: AppSource): string | undefined {
  const folder = source
    .list()
    .find((name) => /^[A-Za-z_]\w*\/$/.test(name) && source.hasFile(`${name}wsgi.py`));
  return folder === undefined ? undefined : `${folder.slice(0, -1)}.wsgi`;
}

function php(source: AppSource): Kind | undefined {
  if (!source.hasFile('index.php') && !source.hasFile('composer.json')) return undefined;
  return {
    because: 'There are PHP files',
    memory: '128M',
    commandComment: 'The start command. The app must listen on the port in the variable PORT.',
    command: 'php -S 127.0.0.1:$PORT',
  };
}

function staticSite(source: AppSource): Kind | undefined {
  if (!source.hasFile('index.html') && !source.hasFile('Staticfile')) return undefined;
  return {
    because: 'There is an index.html and no program: a static site',
    memory: '64M',
    commandComment: 'Static files are served as they are; a command here would take its place:',
  };
}

function commandLines({ command, commandComment }: Kind): readonly string[] {
  return [
    `# ${commandComment}`,
    command === undefined ? '# command: ./start' : `command: ${quoted(command)}`,
    '',
  ];
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
