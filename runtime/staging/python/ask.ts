import type { InstallContext } from '../types.ts';
import { pythonToolEnv } from './installer.ts';

const TIMEOUT_MS = 20_000;

/** Runs a short script of ours, apart from the user's modules and variables. `answer` is its last line. */
export async function askPython(
  context: InstallContext,
  python: string,
  script: string,
  args: readonly string[] = [],
  cwd = context.cacheDir,
): Promise<{ readonly code: number | null; readonly answer: string }> {
  const { code, output } = await context.run({
    file: python,
    args: ['-I', '-c', script, ...args],
    cwd,
    env: pythonToolEnv(context),
    timeoutMs: TIMEOUT_MS,
    quiet: true,
  });
  context.signal.throwIfAborted();
  return { code, answer: output.trimEnd().split('\n').at(-1) ?? '' };
}
