/** A program that is given our terminal: it reads what is typed, and hears Ctrl-C itself. */
// oxlint-disable-next-line no-restricted-imports -- unlike all of process.ts, it stays in our own group: only that may use the terminal
import { spawn } from 'node:child_process';
import type { ExitFacts } from './managed-process.ts';
import { ProcessError } from './process-error.ts';

export interface ForegroundSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Pass on SIGINT too: where there is no terminal, it came to us alone. */
  readonly passOnInterrupt?: boolean;
}

/** Passed on: the terminal sends them to us alone when it goes away, or somebody else does. */
const PASSED_ON = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Runs it to its end with our own input and output. Ctrl-C reaches both of us: it decides, we wait.
 * @throws ProcessError where it cannot be started
 */
export async function runInForeground(spec: ForegroundSpec): Promise<ExitFacts> {
  const child = spawn(spec.file, spec.args, { cwd: spec.cwd, env: spec.env, stdio: 'inherit' });
  const wait = (): void => {};
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  const interrupt = spec.passOnInterrupt ? passOn : wait;
  process.on('SIGINT', interrupt);
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    return await new Promise<ExitFacts>((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new ProcessError(
            'SPAWN_FAILED',
            `Cannot start "${spec.file}": ${error.message}`,
            { file: spec.file, cwd: spec.cwd },
            { cause: error },
          ),
        ),
      );
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    process.off('SIGINT', interrupt);
    for (const signal of PASSED_ON) process.off(signal, passOn);
  }
}
