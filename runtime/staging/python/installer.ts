/** The programs that install distributions: uv where it is on PATH, because it is far faster, else pip. */
import { join } from 'node:path';
import { findTool } from '../../../services/kit/find-tool.ts';
import type { InstallContext } from '../types.ts';
import type { Interpreter } from './interpreter.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Installer {
  readonly name: 'uv' | 'pip';
  /** Makes the empty environment `folder`, an existing empty folder. */
  makeEnvironment(folder: string): Command;
  /** Installs into it what `what` (arguments in pip's spelling) asks for. */
  installInto(folder: string, what: readonly string[]): Command;
}

/** Silence on one connection, in seconds: enough for a slow mirror, short enough to wait for. */
const SILENCE_SECONDS = 10;
const MAX_SILENCE_SECONDS = 30;
const RETRIES = 1;
/** `pip --python`, which lets one pip serve any environment, exists since this version. */
const PIP_WITH_PYTHON: readonly [number, number] = [22, 3];

/** Undefined where this Python can neither install into an environment nor make one that can. */
export function chooseInstaller(context: InstallContext, interpreter: Interpreter): Installer | undefined {
  const uv = findTool('uv', context.toolEnv);
  if (uv) return uvInstaller(uv, context, interpreter);
  if (!interpreter.hasVenv) return undefined;
  if (canServeOthers(interpreter.pip)) return pipInstaller(context, interpreter, 'outside');
  return interpreter.hasEnsurepip ? pipInstaller(context, interpreter, 'inside') : undefined;
}

/** Whether this pip can install into an environment other than its own. */
export function canServeOthers(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > PIP_WITH_PYTHON[0] || (major === PIP_WITH_PYTHON[0] && minor >= PIP_WITH_PYTHON[1]);
}

/** `--without-pip` makes an environment in a fifteenth of the time; pip then works on it from outside. */
export function venvCommand(
  context: InstallContext,
  interpreter: Interpreter,
  folder: string,
  flags: readonly string[],
): Command {
  // -I: the app's folder must not put modules in front of the standard ones.
  return {
    file: interpreter.file,
    args: ['-I', '-m', 'venv', ...flags, folder],
    env: pythonToolEnv(context),
  };
}

function pipInstaller(
  context: InstallContext,
  interpreter: Interpreter,
  where: 'outside' | 'inside',
): Installer {
  const env = pythonToolEnv(context);
  return {
    name: 'pip',
    makeEnvironment: (folder) =>
      venvCommand(context, interpreter, folder, where === 'outside' ? ['--without-pip'] : []),
    installInto: (folder, what) => {
      const python = join(folder, 'bin', 'python');
      const pip =
        where === 'outside'
          ? { file: interpreter.file, args: ['-I', '-m', 'pip', '--python', python] }
          : { file: python, args: ['-I', '-m', 'pip'] };
      return {
        file: pip.file,
        args: [
          ...pip.args,
          'install',
          '--no-input',
          '--disable-pip-version-check',
          '--progress-bar=off',
          // Compiled files are kept apart, see `PYTHONPYCACHEPREFIX`.
          '--no-compile',
          `--retries=${RETRIES}`,
          `--timeout=${silenceSeconds(context.toolEnv)}`,
          ...(context.offline ? ['--no-index'] : []),
          ...what,
        ],
        env,
      };
    },
  };
}

/** A user's own setting counts, up to a bound: with the index gone, it is waited for several times over. */
function silenceSeconds(env: Readonly<Record<string, string>>): number {
  const asked = Number(env.PIP_DEFAULT_TIMEOUT ?? env.PIP_TIMEOUT);
  return asked > 0 ? Math.min(asked, MAX_SILENCE_SECONDS) : SILENCE_SECONDS;
}

function uvInstaller(uv: string, context: InstallContext, interpreter: Interpreter): Installer {
  const env = uvEnv(context);
  const common = ['--no-progress', '--no-config', ...(context.offline ? ['--offline'] : [])];
  return {
    name: 'uv',
    makeEnvironment: (folder) => ({
      file: uv,
      args: ['venv', ...common, '--allow-existing', '--python', interpreter.file, folder],
      env,
    }),
    installInto: (folder, what) => ({
      file: uv,
      args: ['pip', 'install', ...common, '--python', join(folder, 'bin', 'python'), ...what],
      env,
    }),
  };
}

/** uv reads its own variables only; whoever set pip up for a mirror means both. */
const PIP_TO_UV: readonly (readonly [string, string])[] = [
  ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX'],
  ['PIP_EXTRA_INDEX_URL', 'UV_INDEX'],
  ['PIP_FIND_LINKS', 'UV_FIND_LINKS'],
  ['PIP_CERT', 'SSL_CERT_FILE'],
];

function uvEnv(context: InstallContext): Readonly<Record<string, string>> {
  const env: Record<string, string> = { ...pythonToolEnv(context) };
  for (const [theirs, ours] of PIP_TO_UV) {
    if (env[theirs] && !env[ours]) env[ours] = env[theirs];
  }
  env.UV_HTTP_TIMEOUT ??= String(silenceSeconds(context.toolEnv));
  env.UV_HTTP_RETRIES ??= String(RETRIES);
  return env;
}

/** Variables that would send an install somewhere else than into the environment made for it. */
const MISLEADING = [
  'PYTHONHOME',
  'PYTHONPATH',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'PIP_TARGET',
  'PIP_PREFIX',
  'PIP_ROOT',
];

export function pythonToolEnv(context: InstallContext): Readonly<Record<string, string>> {
  const env = Object.fromEntries(
    Object.entries(context.toolEnv).filter(([name]) => !MISLEADING.includes(name)),
  );
  return { ...env, PIP_USER: '0', PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' };
}
