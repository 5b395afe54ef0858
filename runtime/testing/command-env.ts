/**
 * What a command around which a platform was started is given: the user's own shell, and over it the app's variables
 * but for those that make sense only in its folder and for one running instance.
 */
import { exportLines, literal } from '../env/start-script.ts';
import { RUN_VARIABLE } from '../../services/kit/guardian.ts';
import type { Inside } from './inside.ts';
import type { TestApp } from './test-app.ts';

export interface CommandInput {
  readonly inside: Inside;
  /** Whose variables it gets. */
  readonly app: string;
  /** All that run, the first being the one of `PAAS_LOCAL_URL`. */
  readonly apps: readonly TestApp[];
  /** The user's shell. */
  readonly shellEnv: Readonly<Record<string, string>>;
  /** Over everything. */
  readonly extra: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

export interface CommandSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where the user works and keeps their things: the command is theirs, not the app's. */
const THE_USERS = [
  'HOME', 'PWD', 'OLDPWD', 'TMPDIR', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'XDG_CACHE_HOME', 'npm_config_cache',
  'npm_config_update_notifier', 'PYTHONPYCACHEPREFIX', 'DEPS_DIR', 'MEMORY_LIMIT', 'LANG',
]; // prettier-ignore

export function commandSpec(input: CommandInput): CommandSpec {
  const { inside, app, shellEnv, command } = input;
  const { system, exports } = inside.platform.app(app).oneOffs.env();
  const users = THE_USERS.map((name) => [name, shellEnv[name]] as const);
  const given = { ...addresses(input), ...input.extra, [RUN_VARIABLE]: inside.guardian.runId };
  const path = pathOf(system.PATH ?? '', shellEnv);
  // The app's values may name its folder as $HOME; they are expanded before HOME is the user's again.
  const script = [
    ...exportLines(exports),
    ...users.map(([name, value]) =>
      value === undefined ? `unset ${name}` : `export ${name}=${literal(value)}`,
    ),
    ...Object.entries({ ...given, PATH: path })
      .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      .map(([name, value]) => `export ${name}=${literal(value)}`),
    'exec "$@"',
  ].join('\n');
  return {
    file: '/bin/sh',
    args: ['-c', script, 'sh', ...command],
    env: { ...shellEnv, ...system, PATH: path },
  };
}

/** The app's own tools come first, unless the user has chosen theirs by an active virtual environment. */
function pathOf(path: string, { PATH = '', VIRTUAL_ENV }: Readonly<Record<string, string>>): string {
  if (VIRTUAL_ENV === undefined || !path.endsWith(PATH)) return path;
  const staged = path.slice(0, path.length - PATH.length).replace(/:$/, '');
  return staged === '' ? PATH : `${PATH}:${staged}`;
}

function addresses({ inside, apps }: CommandInput): Record<string, string> {
  const [first] = apps;
  return {
    PAAS_LOCAL_SPACE: inside.platform.snapshot().space,
    ...(first ? { PAAS_LOCAL_URL: first.url } : {}),
    ...(inside.caFile === undefined ? {} : { PAAS_LOCAL_CA_FILE: inside.caFile }),
    ...Object.fromEntries(apps.map(({ name, url }) => [urlVariable(name), url])),
  };
}

/** `my-shop` → `PAAS_LOCAL_MY_SHOP_URL`. */
export function urlVariable(app: string): string {
  return `PAAS_LOCAL_${app.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}_URL`;
}
