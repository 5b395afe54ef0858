/**
 * What ends our programs when we cannot: a tiny shell in a session of its own that holds the read end of a
 * pipe. However this process dies, the pipe closes; then the guardian ends the groups it was told of, sweeps
 * processes that still carry the run's marker, removes the given paths and goes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GUARDIAN_SCRIPT } from './guardian-script.ts';
import { ProcessError } from './process-error.ts';

export { RUN_VARIABLE } from './marked.ts';

const SHELL = '/bin/sh';
const DEFAULT_GRACE_MS = 1000;
/** The shell has nothing to do on a clean end. */
const CLOSE_BOUND_MS = 1000;
const FIRST_RESTART_MS = 10;
const MAX_RESTART_MS = 5000;
/** It needs sleep, grep, sed, rm; on some systems they live in other places. Nothing is taken from our environment. */
const TOOL_PATH = '/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';

export interface GuardianOptions {
  /** Unique for this life of this process; letters, digits and `-`. */
  readonly runId: string;
  /** Removed, with all in them, after this process died without `close()`. */
  readonly cleanup?: readonly string[];
  /** The absolute folder in which all of `cleanup` must lie. */
  readonly cleanupWithin?: string;
  /** From TERM to KILL. Default 1000. */
  readonly graceMs?: number;
  /** Told the shell's number: now, and again of each that took the place of one that was killed. Must not throw. */
  readonly onStart?: (pid: number) => void;
  /** It has our stderr, for `farewell`. Who waits for the end of that waits for the guardian too. */
  readonly mayTell?: boolean;
}

export interface Guardian extends AsyncDisposable {
  readonly runId: string;
  /** The shell's number. Another one after it was killed and started again. */
  readonly pid: number;
  /** From now on this group is ended when we die. */
  add(group: number): void;
  /** The group is gone; its number may be given to strangers. */
  remove(group: number): void;
  /** What it says on stderr should we die without `close()`: one line, where it `mayTell`. Undefined takes it back. */
  farewell(text: string | undefined): void;
  /** A clean end: all was ended already. The guardian goes and touches nothing. */
  close(): Promise<void>;
}

/**
 * @throws ProcessError `SPAWN_FAILED` where there is no shell
 * @throws TypeError for a run id or a path that must not reach a shell or `rm`
 */
export async function startGuardian(options: GuardianOptions): Promise<Guardian> {
  if (!/^[A-Za-z0-9-]{8,64}$/.test(options.runId)) {
    throw new TypeError(`Cannot use "${options.runId}" as a run id`);
  }
  const cleanup = checkCleanup(options.cleanup ?? [], options.cleanupWithin);
  const guardian = new ShellGuardian(options, cleanup);
  await guardian.start();
  return guardian;
}

/** `rm -rf` is only as safe as its arguments. */
function checkCleanup(paths: readonly string[], within: string | undefined): readonly string[] {
  for (const path of paths) {
    if (within === undefined || !isAbsolute(within) || !isAbsolute(path)) {
      throw new TypeError(`Cannot clean up "${path}": it and the folder it lies in must be absolute paths`);
    }
    const inside = relative(resolve(within), resolve(path));
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`)) {
      throw new TypeError(`Cannot clean up "${path}": it does not lie in "${within}"`);
    }
  }
  return paths.map((path) => resolve(path));
}

class ShellGuardian implements Guardian {
  readonly runId: string;
  readonly #args: readonly string[];
  readonly #onStart: ((pid: number) => void) | undefined;
  readonly #mayTell: boolean;
  #farewell: string | undefined;
  readonly #groups = new Set<number>();
  #child: ChildProcess | undefined;
  #pid = 0;
  #restartMs = FIRST_RESTART_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: GuardianOptions, cleanup: readonly string[]) {
    const { runId, graceMs = DEFAULT_GRACE_MS, onStart, mayTell = false } = options;
    this.runId = runId;
    this.#onStart = onStart;
    this.#mayTell = mayTell;
    this.#args = ['-c', GUARDIAN_SCRIPT, 'paas-local-guardian', runId, String(graceMs), ...cleanup];
  }

  get pid(): number {
    return this.#pid;
  }

  /** @throws ProcessError `SPAWN_FAILED` */
  async start(): Promise<void> {
    const failed = (error: unknown): ProcessError => {
      const message = error instanceof Error ? error.message : String(error);
      return new ProcessError('SPAWN_FAILED', `Cannot start the guardian: ${message}`, {}, { cause: error });
    };
    let child: ChildProcess;
    try {
      child = spawn(SHELL, this.#args, {
        cwd: '/',
        env: { PATH: TOOL_PATH, LC_ALL: 'C' },
        // A session of its own: no signal from a terminal, and none meant for our group, reaches it.
        detached: true,
        stdio: ['pipe', 'ignore', this.#mayTell ? 'inherit' : 'ignore'],
      });
    } catch (error) {
      throw failed(error);
    }
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      throw failed(error);
    }
    // Where there is a number there is a process. It must not keep us alive: our end is what it waits for.
    child.unref();
    child.on('error', () => {}); // a signal it could not be sent
    child.stdin!.on('error', () => {}); // it died; `exit` follows
    child.once('exit', () => this.#onExit(child));
    this.#child = child;
    this.#pid = child.pid;
    // The pipe buffers: a group is on record before its process can do anything, whether the shell reads yet or not.
    for (const group of this.#groups) this.#tell(`+${group}`);
    if (this.#farewell !== undefined) this.#tell(`!${this.#farewell}`);
    this.#onStart?.(child.pid);
  }

  add(group: number): void {
    this.#groups.add(group);
    this.#tell(`+${group}`);
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`-${group}`);
  }

  farewell(text: string | undefined): void {
    this.#farewell = text?.replaceAll(/\s+/g, ' ');
    this.#tell(`!${this.#farewell ?? ''}`);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tell(line: string): void {
    const stdin = this.#child?.stdin;
    if (stdin?.writable) stdin.write(`${line}\n`);
  }

  async #end(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.ref();
    child.stdin?.end('end\n');
    const bound = new AbortController();
    const late = sleep(CLOSE_BOUND_MS, undefined, { signal: bound.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
    await Promise.race([gone, late]);
    await gone;
    bound.abort();
  }

  /** Someone killed it. We are unguarded until another one stands. */
  #onExit(child: ChildProcess): void {
    if (this.#closing || this.#child !== child) return;
    this.#child = undefined;
    this.#startLater();
  }

  #startLater(): void {
    this.#restartTimer = setTimeout(() => {
      this.start().catch(() => {
        // Too many processes or open files, as a rule: that passes.
        if (!this.#closing) this.#startLater();
      });
    }, this.#restartMs).unref();
    this.#restartMs = Math.min(this.#restartMs * 2, MAX_RESTART_MS);
  }
}
