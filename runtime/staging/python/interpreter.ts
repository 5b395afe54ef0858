/** Which Python runs the app: the version asked for where it can be found, else the one on PATH. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PaasError } from '../../kernel/errors.ts';
import { findTools } from '../../../services/kit/find-tool.ts';
import { installLine } from '../tool-hints.ts';
import type { InstallContext } from '../types.ts';
import { listNames } from './names.ts';
import type { WantedVersion } from './wanted-version.ts';

export interface Interpreter {
  /** The interpreter itself: no shim, no virtual environment's link. */
  readonly file: string;
  readonly version: readonly [number, number, number];
  /** `cpython-311-x86_64-linux-gnu` or the like: compiled packages depend on it. */
  readonly platform: string;
  readonly hasVenv: boolean;
  readonly hasEnsurepip: boolean;
  /** Undefined where pip is not installed for it. */
  readonly pip: string | undefined;
}

const PROBE_TIMEOUT_MS = 10_000;

/** Runs on any Python since 2.7. One line of JSON. */
const PROBE = `
import json, sys, sysconfig
def has(name):
    try:
        __import__(name)
        return True
    except Exception:
        return False
try:
    import pip
    pip_version = pip.__version__
except Exception:
    pip_version = None
print(json.dumps({
    "file": getattr(sys, "_base_executable", None) or sys.executable,
    "version": list(sys.version_info[:3]),
    "platform": (sysconfig.get_config_var("SOABI") or sysconfig.get_platform()),
    "venv": has("venv"), "ensurepip": has("ensurepip"), "pip": pip_version,
}))
`;

/**
 * @throws PaasError `STAGING_TOOL_MISSING` where there is no Python at all, or no Python 2 for an app that needs it
 */
export async function findInterpreter(
  context: InstallContext,
  wanted: WantedVersion | undefined,
): Promise<Interpreter> {
  const seen = new Set<string>();
  let fallback: Interpreter | undefined;
  for (const file of candidates(context, wanted)) {
    const real = realPath(file);
    if (seen.has(real)) continue;
    seen.add(real);
    const found = await probe(context, file);
    if (!found) continue;
    if (!wanted || matches(found, wanted)) return found;
    if (found.version[0] === 3) fallback ??= found;
  }
  if (wanted?.major === 2 || !fallback) throw missing(context, wanted);
  if (wanted) {
    context.log(
      `${wanted.from} asks for Python ${wanted.text}, which is not on PATH: running on ${fallback.version.join('.')}`,
      'ERR',
    );
  }
  return fallback;
}

export function matches({ version }: Interpreter, wanted: WantedVersion): boolean {
  return version[0] === wanted.major && (wanted.minor === undefined || version[1] === wanted.minor);
}

/** Programs that may be the Python asked for, likeliest first. */
function* candidates({ toolEnv }: InstallContext, wanted: WantedVersion | undefined): Generator<string> {
  if (wanted?.minor !== undefined) yield* findTools(`python${wanted.major}.${wanted.minor}`, toolEnv);
  if (wanted?.major === 2) yield* findTools('python2', toolEnv);
  yield* findTools('python3', toolEnv);
  yield* findTools('python', toolEnv);
  if (wanted?.minor === undefined) return;
  // pyenv keeps every version it built in one place, also those its shims do not offer here.
  const versions = join(toolEnv.PYENV_ROOT ?? join(toolEnv.HOME ?? '/', '.pyenv'), 'versions');
  const prefix = `${wanted.major}.${wanted.minor}.`;
  for (const name of listNames(versions).filter((one) => one.startsWith(prefix))) {
    yield join(versions, name, 'bin', 'python');
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

async function probe(context: InstallContext, file: string): Promise<Interpreter | undefined> {
  const answer = await context
    .run({
      file,
      // Neither variables nor the working folder may put modules in front of the standard ones.
      args: ['-E', '-s', '-c', PROBE],
      cwd: context.cacheDir,
      env: context.toolEnv,
      timeoutMs: PROBE_TIMEOUT_MS,
      quiet: true,
    })
    .catch(() => undefined); // A file that only looks like a program.
  context.signal.throwIfAborted();
  return answer?.code === 0 ? readProbe(answer.output) : undefined;
}

function readProbe(output: string): Interpreter | undefined {
  try {
    const facts = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    const [major, minor, patch] = facts.version as number[];
    if (typeof facts.file !== 'string' || major === undefined || minor === undefined) return undefined;
    return {
      file: realPath(facts.file),
      version: [major, minor, patch ?? 0],
      platform: String(facts.platform),
      hasVenv: facts.venv === true,
      hasEnsurepip: facts.ensurepip === true,
      pip: typeof facts.pip === 'string' ? facts.pip : undefined,
    };
  } catch {
    return undefined; // Something else under that name.
  }
}

function missing(context: InstallContext, wanted: WantedVersion | undefined): PaasError {
  const install = wanted?.major === 2 ? undefined : installLine('python3', context.toolEnv);
  return new PaasError('STAGING_TOOL_MISSING', {
    app: context.manifest.name,
    tool: wanted?.major === 2 ? `Python ${wanted.text} (${wanted.from})` : 'Python 3',
    ...(install ? { install } : {}),
  });
}
