/** A started child, known to lead its own group: its output, its exit, and the end of all that came of it. */
import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Belongings } from './belongings.ts';
import { Ending } from './ending.ts';
import type { ExitFacts, ManagedProcess, ProcessSpec, Termination } from './managed-process.ts';
import { INSTANCE_VARIABLE } from './marked.ts';
import { readOutput, type Output } from './output.ts';
import { RateLimit } from './rate-limit.ts';

/** What a program leaves running when it exits by itself gets this long after TERM. */
const LEFTOVER_GRACE_MS = 1000;
/** Output held open by a process we cannot see is closed after this long without a byte … */
const DRAIN_QUIET_MS = 200;
/** … and after this long in any case. */
const DRAIN_BOUND_MS = 5000;

/** The part of a child process that is used here. */
export interface StartedChild extends EventEmitter {
  readonly stdin: Writable | null;
}

export class GroupLeader implements ManagedProcess {
  readonly pid: number;
  readonly instanceId: string;
  readonly stdin: Writable | undefined;
  readonly spawned = Promise.resolve();
  readonly exited: Promise<ExitFacts>;
  readonly ended: Promise<Termination>;
  readonly #spec: ProcessSpec;
  readonly #belongings: Belongings;
  readonly #limit: RateLimit | undefined;
  readonly #outputs: readonly Output[];
  #ending: Ending | undefined;

  constructor(
    child: StartedChild,
    pid: number,
    outputs: { readonly stdout: Readable | null; readonly stderr: Readable | null },
    instanceId: string,
    spec: ProcessSpec,
  ) {
    this.#spec = spec;
    this.pid = pid;
    this.instanceId = instanceId;
    this.stdin = child.stdin ?? undefined;
    // A program that exits without reading breaks the pipe; its exit tells the story.
    this.stdin?.on('error', () => {});
    this.#belongings = new Belongings(pid, { variable: INSTANCE_VARIABLE, value: instanceId });
    const { maxBytesPerSecond } = spec;
    this.#limit = maxBytesPerSecond === undefined ? undefined : new RateLimit(maxBytesPerSecond);
    this.#outputs = [...this.#read(outputs.stdout, 'OUT'), ...this.#read(outputs.stderr, 'ERR')];
    this.exited = new Promise((resolve) => {
      child.once('exit', (code: number | null, signal: NodeJS.Signals | null) => {
        this.#belongings.leaderExited();
        this.#ending?.look();
        resolve({ code, signal });
      });
    });
    this.ended = this.#untilEnded();
  }

  members(): readonly number[] {
    return this.#belongings.look().map((row) => row.pid);
  }

  async terminate(options: { graceMs: number; signal?: NodeJS.Signals }): Promise<Termination> {
    const { graceMs, signal = 'SIGTERM' } = options;
    this.#ending?.hurry(graceMs);
    const ending = this.#end(graceMs, signal);
    await Promise.race([ending.done, ending.stuck]);
    return this.ended;
  }

  kill(): Promise<Termination> {
    return this.terminate({ graceMs: 0, signal: 'SIGKILL' });
  }

  /** There is one ending only; whoever comes later joins it. */
  #end(graceMs: number, signal: NodeJS.Signals): Ending {
    if (!this.#ending) {
      this.#ending = new Ending(this.#belongings, { graceMs, signal });
      void this.#ending.done.then(() => this.#spec.guardian?.remove(this.pid));
    }
    return this.#ending;
  }

  async #untilEnded(): Promise<Termination> {
    const exit = await this.exited;
    if (this.#spec.keepLeftovers && !this.#ending) {
      if (!this.#belongings.maybeAlive) this.#spec.guardian?.remove(this.pid);
      return { ...exit, forced: false };
    }
    const { forced } = await this.#end(LEFTOVER_GRACE_MS, 'SIGTERM').done;
    await drain(this.#outputs);
    return { ...exit, forced };
  }

  #read(stream: Readable | null, name: 'OUT' | 'ERR'): readonly Output[] {
    if (!stream) return [];
    const { onLine } = this.#spec;
    const limit = this.#limit ? { limit: this.#limit } : {};
    return [readOutput(stream, { ...limit, onLine: (text) => onLine?.(name, text) })];
  }
}

/** Waits for what is still in the pipes. Judged by bytes, not by the clock: a busy machine must not cost lines. */
async function drain(outputs: readonly Output[]): Promise<void> {
  let closed = false;
  const all = Promise.all(outputs.map((output) => output.closed)).then(() => (closed = true));
  const bytes = (): number => outputs.reduce((sum, output) => sum + output.bytesRead, 0);
  const giveUpAt = performance.now() + DRAIN_BOUND_MS;
  for (let before = -1; !closed && bytes() > before && performance.now() < giveUpAt;) {
    before = bytes();
    const pause = new AbortController();
    await Promise.race([all, sleep(DRAIN_QUIET_MS, undefined, { signal: pause.signal }).catch(() => {})]);
    pause.abort();
    // If we were the slow ones, what waits in the pipe is read now.
    if (!closed) await nextTurn();
  }
  for (const output of outputs) output.close();
  await all;
}
