/**
 * Programs: started in a group of their own, ended with all that came of them, their exit told as facts and
 * their output as lines. Nothing else starts a program but the guardian and `ask.ts`.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { announcement } from './announcement.ts';
import { deferred } from './deferred.ts';
import { GroupLeader } from './group-leader.ts';
import type { ManagedProcess, ProcessSpec } from './managed-process.ts';
import { INSTANCE_VARIABLE, RUN_VARIABLE } from './marked.ts';
import { outputPipe } from './pipes.ts';
import { ProcessError } from './process-error.ts';
import { Tail } from './tail.ts';

export type { ExitFacts, ManagedProcess, ProcessSpec, Termination } from './managed-process.ts';
export { INSTANCE_VARIABLE } from './marked.ts';

const STEP_GRACE_MS = 2000;
const STEP_OUTPUT_BYTES = 256 * 1024;
const PRIVATE_FILE = 0o600;

/** Starts a program. Whether that worked is told by `spawned`. */
export function startProcess(spec: ProcessSpec): ManagedProcess {
  const instanceId = randomUUID();
  const run = spec.guardian ? { [RUN_VARIABLE]: spec.guardian.runId } : {};
  const inherited = spec.output === 'inherit';
  const [out, err] = inherited || spec.terminal !== undefined ? [] : [outputPipe(), outputPipe()];
  let terminal: number | undefined;
  const notStarted = (reason: Promise<never>): ManagedProcess => {
    for (const pipe of [out, err]) pipe?.stream.destroy();
    return neverStarted(instanceId, reason);
  };
  try {
    // Not to become the controlling one of whoever opens it: it is somebody's already.
    if (spec.terminal !== undefined)
      terminal = openSync(spec.terminal, constants.O_RDWR | constants.O_NOCTTY);
    const stdio: StdioOptions =
      terminal !== undefined
        ? [terminal, terminal, terminal]
        : inherited
          ? [spec.stdin ?? 'ignore', 'inherit', 'inherit']
          : [spec.stdin ?? 'ignore', out?.writeEnd ?? 'pipe', err?.writeEnd ?? 'pipe'];
    const child = spawn(spec.file, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env, ...run, [INSTANCE_VARIABLE]: instanceId },
      stdio,
      // A session and group of its own, led by it.
      detached: true,
    });
    if (child.pid === undefined) {
      return notStarted(
        new Promise((_, reject) => child.once('error', (error) => reject(spawnError(spec, error)))),
      );
    }
    // Where there is a number there is a process: the system has started it before `spawn` returns.
    child.on('error', () => {});
    spec.guardian?.add(child.pid);
    const outputs = { stdout: out?.stream ?? child.stdout, stderr: err?.stream ?? child.stderr };
    return new GroupLeader(child, child.pid, outputs, instanceId, spec);
  } catch (error) {
    return notStarted(Promise.reject(spawnError(spec, error as Error)));
  } finally {
    // From here on the program and its children are the only ones who hold it.
    for (const pipe of [out, err]) pipe?.closeWriteEnd();
    if (terminal !== undefined) closeSync(terminal);
  }
}

export interface StepSpec extends ProcessSpec {
  /** Ends the step; `runToEnd` then rejects with its reason, when nothing lives any more. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** All it reads; nothing unless given. */
  readonly input?: string;
}

export interface StepResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed on both streams, in order of arrival: the last 256 KiB. */
  readonly output: string;
  readonly timedOut: boolean;
}

/**
 * Runs a program to its end.
 * @throws ProcessError where it could not be started, or not be ended (`PROCESS_STUCK`); the signal's reason
 */
export async function runToEnd(spec: StepSpec): Promise<StepResult> {
  spec.signal?.throwIfAborted();
  const output = new Tail(STEP_OUTPUT_BYTES);
  const step = startProcess({
    ...spec,
    ...(spec.input === undefined ? {} : { stdin: 'pipe' as const }),
    onLine: (stream, text) => {
      output.add(text);
      spec.onLine?.(stream, text);
    },
  });
  await step.spawned;
  step.stdin?.end(spec.input);
  const stuck = deferred<never>();
  stuck.promise.catch(() => {}); // told to whoever waits
  const stop = (): void => {
    step.terminate({ graceMs: STEP_GRACE_MS }).catch((error: unknown) => stuck.reject(error));
  };
  let timedOut = false;
  const timer =
    spec.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop();
        }, spec.timeoutMs);
  spec.signal?.addEventListener('abort', stop, { once: true });
  if (spec.signal?.aborted) stop();
  try {
    const { code, signal } = await Promise.race([step.ended, stuck.promise]);
    spec.signal?.throwIfAborted();
    return { code, signal, output: output.toString(), timedOut };
  } finally {
    clearTimeout(timer);
    spec.signal?.removeEventListener('abort', stop);
  }
}

export interface DetachedSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Its stderr is added to this file, made private where it is new. */
  readonly logFile: string;
  /** How long it may take to announce itself. */
  readonly readyTimeoutMs: number;
  /** Its stdin ends when we do, however that is, so that it can tell whether we will still come. Default: it is empty. */
  readonly tethered?: boolean;
}

export interface DetachedProcess {
  /** Undefined where it could not be started; `readyLine` then rejects with the reason. */
  readonly pid: number | undefined;
  /**
   * The first line on its stdout, which is closed then: it must not write there again.
   * Rejects with `NOT_ANNOUNCED` (`facts`: `code`, `signal`, `timedOut`, `logLines`) when it exits first, or
   * says nothing in time and was killed.
   */
  readonly readyLine: Promise<string>;
  /** Lets go of it: it lives on and does not keep us alive. Implied by its ready line. */
  release(): void;
}

/**
 * Starts a program that outlives us.
 * @throws ProcessError for a start the system refuses outright; Error where the log cannot be opened
 */
export function spawnDetached(spec: DetachedSpec): DetachedProcess {
  const log = openSync(spec.logFile, 'a', PRIVATE_FILE);
  const logStart = fstatSync(log).size;
  const child = spawnWithLog(spec, log);
  const release = (): void => {
    child.stdout?.destroy();
    (child.stdin as Socket | null)?.unref();
    child.unref();
  };
  const options = { file: spec.file, timeoutMs: spec.readyTimeoutMs, logFile: spec.logFile, logStart };
  const readyLine = announcement(child, options, (error) => spawnError(spec, error)).finally(release);
  readyLine.catch(() => {}); // told to whoever asks
  return { pid: child.pid, readyLine, release };
}

function spawnWithLog(spec: DetachedSpec, log: number): ChildProcess {
  try {
    return spawn(spec.file, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: [spec.tethered ? 'pipe' : 'ignore', 'pipe', log],
      detached: true,
    });
  } catch (error) {
    throw spawnError(spec, error as Error);
  } finally {
    closeSync(log);
  }
}

/** A program that never came to be. */
function neverStarted(instanceId: string, spawned: Promise<void>): ManagedProcess {
  spawned.catch(() => {}); // told to whoever asks; not asking is no crash
  const never = new Promise<never>(() => {});
  const fail = (): Promise<never> => spawned.then(() => never);
  return {
    pid: undefined,
    instanceId,
    stdin: undefined,
    spawned,
    exited: never,
    ended: never,
    members: () => [],
    terminate: fail,
    kill: fail,
  };
}

function spawnError(
  spec: { readonly file: string; readonly cwd: string },
  error: NodeJS.ErrnoException,
): ProcessError {
  const facts = { file: spec.file, cwd: spec.cwd, errno: error.code ?? '' };
  const options = { cause: error };
  // The system reports a missing folder in the same words as a missing program.
  if ((error.code === 'ENOENT' || error.code === 'ENOTDIR') && !existsSync(`${spec.cwd}/.`)) {
    return new ProcessError(
      'FOLDER_NOT_FOUND',
      `Cannot start "${spec.file}": no folder "${spec.cwd}"`,
      facts,
      options,
    );
  }
  if (error.code === 'ENOENT') {
    return new ProcessError(
      'PROGRAM_NOT_FOUND',
      `Cannot start "${spec.file}": no such program`,
      facts,
      options,
    );
  }
  if (error.code === 'EACCES') {
    return new ProcessError(
      'PROGRAM_NOT_EXECUTABLE',
      `Cannot start "${spec.file}": not allowed to execute it`,
      facts,
      options,
    );
  }
  return new ProcessError('SPAWN_FAILED', `Cannot start "${spec.file}": ${error.message}`, facts, options);
}
