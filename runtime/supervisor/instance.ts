/** Carries out what the lifecycle asks for, and tells it what happened. */
import { deferred, type Deferred } from '../../services/kit/deferred.ts';
import { startProcess, type ManagedProcess, type Termination } from '../../services/kit/process.ts';
import type { ExitFacts, InstanceMoment } from '../events.ts';
import { listeningPorts, loopbackOnly } from '../ports/listening.ts';
import { cellNote } from './cell-notes.ts';
import { describeCheck, untilHealthy, untilUnhealthy } from './health.ts';
import { STOPPED, step, type Effect, type Lifecycle, type Occurrence, type Rules } from './lifecycle.ts';
import { watchMemory } from './memory.ts';
import { exitWords, startFailure } from './start-failure.ts';
import type { Instance, InstanceOptions, InstanceStatus, Launch, StartFailure } from './types.ts';

const MIB = 1024 * 1024;

/** Creating one starts nothing. */
export function createInstance(options: InstanceOptions): Instance {
  return new SupervisedInstance(options);
}

/** One process, from its start to the end of all that came of it. */
interface Run {
  readonly process: ManagedProcess;
  readonly launch: Launch;
  readonly startedAt: number;
  /** Cuts short whatever watches this run. */
  readonly watching: AbortController;
  lastProbe: string;
  host?: string;
  /** Why we end it, where it is not by request. */
  verdict?: string;
  /** Its start failed, and was told to have. */
  late?: boolean;
}

class SupervisedInstance implements Instance {
  readonly #options: InstanceOptions;
  readonly #rules: Rules;
  #state: Lifecycle = STOPPED;
  #since = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #run: Run | undefined;
  #lastExit: ExitFacts | undefined;
  #reason: string | undefined;
  /** Why the latest run ended without being asked to. */
  #failure: (Error & StartFailure) | undefined;
  readonly #readyWaiters = new Set<Deferred<void>>();
  readonly #goneWaiters = new Set<Deferred<void>>();
  readonly #occurrences: Occurrence[] = [];
  #stepping = false;
  #advised = false;

  constructor(options: InstanceOptions) {
    this.#options = options;
    const { policy, health, graceMs } = options;
    this.#rules = { policy, graceMs, startTimeoutMs: health.startTimeoutMs };
  }

  get status(): InstanceStatus {
    const state = this.#state;
    const run = this.#run;
    return {
      state: state.name,
      crashes: 'crashes' in state ? state.crashes : 0,
      since: this.#since,
      ...(run?.process.pid === undefined ? {} : { pid: run.process.pid, port: run.launch.port }),
      ...(run?.host === undefined ? {} : { host: run.host }),
      ...(this.#lastExit ? { lastExit: this.#lastExit } : {}),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
    };
  }

  start(): void {
    this.#happen({ kind: 'start' });
  }

  restart(): void {
    this.#happen({ kind: 'restart' });
  }

  stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#happen({ kind: 'stop', graceMs: options.graceMs ?? this.#options.graceMs });
    if (!('process' in this.#state)) return Promise.resolve();
    const gone = deferred();
    this.#goneWaiters.add(gone);
    return gone.promise;
  }

  kill(): Promise<void> {
    return this.stop({ graceMs: 0 });
  }

  async ready(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const state = this.#state;
    if (state.name === 'running') return;
    const coming = state.name === 'starting' || (state.name === 'stopping' && state.aim !== 'rest');
    if (!coming) throw this.#failure ?? startFailure({ kind: 'stopped' });
    const waiter = deferred();
    const cancel = (): void => waiter.reject(signal?.reason);
    this.#readyWaiters.add(waiter);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      await waiter.promise;
    } finally {
      this.#readyWaiters.delete(waiter);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** One occurrence at a time: a listener that reacts to a report is heard after the step it was part of. */
  #happen(occurrence: Occurrence): void {
    this.#occurrences.push(occurrence);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#occurrences.shift(); next; next = this.#occurrences.shift()) this.#step(next);
    } finally {
      this.#stepping = false;
    }
  }

  #step(occurrence: Occurrence): void {
    const before = this.#state;
    const { next, effects, timerMs } = step(before, occurrence, this.#rules);
    if (next !== before) {
      clearTimeout(this.#timer);
      this.#timer =
        timerMs === undefined ? undefined : setTimeout(() => this.#happen({ kind: 'timer' }), timerMs);
      this.#state = next;
      if (next.name !== before.name) this.#since = Date.now();
    }
    for (const effect of effects) this.#perform(effect);
    this.#settleWaiters(occurrence);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'spawn':
        void this.#spawn();
        break;
      case 'probe':
        this.#watchStart(this.#run!);
        break;
      case 'watch':
        void this.#watchLife(this.#run!);
        break;
      case 'diagnose':
        this.#diagnose(this.#run!);
        break;
      case 'terminate':
        this.#terminate(this.#run!, effect.graceMs);
        break;
      case 'announce-backoff':
        this.#report({ moment: 'backing-off', ms: effect.ms, crashes: effect.crashes });
        break;
      case 'announce-end':
        this.#reason = `crashed ${effect.crashes} times`;
        this.#report({ moment: 'gave-up', reason: this.#reason });
        break;
    }
  }

  async #spawn(): Promise<void> {
    const { prepare, guardian, log, logBytesPerSecond } = this.#options;
    let process: ManagedProcess;
    let launch: Launch;
    try {
      launch = await prepare();
      // Told to stop while it was prepared: nothing has come, and nothing shall.
      if (this.#state.name !== 'starting') return this.#happen({ kind: 'not-spawned' });
      const { file, args, cwd, env } = launch;
      const limit = logBytesPerSecond === undefined ? {} : { maxBytesPerSecond: logBytesPerSecond };
      process = startProcess({ file, args, cwd, env, guardian, onLine: log, ...limit });
      await process.spawned;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#fail({ kind: 'spawn-failed', message }, message, error);
      return this.#happen({ kind: 'not-spawned' });
    }
    const run: Run = {
      process,
      launch,
      startedAt: performance.now(),
      watching: new AbortController(),
      lastProbe: 'not checked yet',
    };
    this.#run = run;
    void process.exited.then(() => run.watching.abort());
    void process.ended.then((end) => this.#onEnded(run, end));
    const attempt = 1 + ('crashes' in this.#state ? this.#state.crashes : 0);
    this.#report({ moment: 'starting', pid: process.pid!, port: launch.port, attempt });
    this.#happen({ kind: 'spawned' });
  }

  /** Health until it is there, memory from the beginning. */
  #watchStart(run: Run): void {
    const { health, memoryLimitBytes } = this.#options;
    const { signal } = run.watching;
    if (memoryLimitBytes !== undefined) {
      const watch = watchMemory({
        pid: run.process.pid!,
        limitBytes: memoryLimitBytes,
        onExceeded: (bytes) => this.#onMemory(run, bytes, memoryLimitBytes),
      });
      signal.addEventListener('abort', () => watch[Symbol.dispose](), { once: true });
    }
    const onFailure = (reason: string): void => {
      run.lastProbe = reason;
    };
    untilHealthy(health, run.launch.port, { signal, onFailure }).then(
      (host) => {
        if (signal.aborted) return;
        run.host = host;
        this.#reason = undefined;
        this.#report({ moment: 'healthy', ms: performance.now() - run.startedAt });
        this.#happen({ kind: 'healthy' });
        this.#adviseOnce(run);
      },
      () => {}, // cut short: whoever did it tells why
    );
  }

  /** What works here and would not on the platform, which looks from outside. Said once, since each look is dear. */
  #adviseOnce(run: Run): void {
    const { note, health } = this.#options;
    if (!note || this.#advised || health.type === 'process') return;
    this.#advised = true;
    const host = loopbackOnly(run.process.members(), run.launch.port);
    if (host)
      note(`Listening on ${host} only, which works here but fails on the platform: listen on 0.0.0.0`);
  }

  async #watchLife(run: Run): Promise<void> {
    const { health } = this.#options;
    if (health.type === 'process') return;
    const { signal } = run.watching;
    const host = run.host!;
    const reason = await untilUnhealthy(health, run.launch.port, { host, signal }).catch(() => undefined);
    if (reason === undefined || signal.aborted) return;
    run.verdict = reason;
    this.#report({ moment: 'unhealthy', reason });
    this.#happen({ kind: 'failing', graceMs: this.#options.graceMs });
  }

  #onMemory(run: Run, bytes: number, limitBytes: number): void {
    const mib = (value: number): string => `${Math.round(value / MIB)}M`;
    run.verdict = `out of memory: ${mib(bytes)} of ${mib(limitBytes)}`;
    this.#report({ moment: 'killed', reason: run.verdict });
    this.#happen({ kind: 'failing', graceMs: 0 });
  }

  /** Its time to become ready is over: what it does instead can be seen only while it lives. */
  #diagnose(run: Run): void {
    const { health } = this.#options;
    const waitedMs = performance.now() - run.startedAt;
    const expected = describeCheck(health, run.launch.port);
    const listening = listeningPorts(run.process.members());
    run.verdict = run.lastProbe;
    run.late = true;
    this.#fail({ kind: 'timed-out', waitedMs, expected, listening, lastProbe: run.lastProbe }, run.lastProbe);
    this.#report({ moment: 'never-ready', reason: run.lastProbe, waitedMs });
  }

  #terminate(run: Run, graceMs: number): void {
    run.watching.abort();
    run.process.terminate({ graceMs }).catch((error: unknown) => {
      for (const waiter of this.#goneWaiters) waiter.reject(error);
      this.#goneWaiters.clear();
    });
  }

  #onEnded(run: Run, { code, signal, forced }: Termination): void {
    const state = this.#state;
    const exit: ExitFacts = { code, signal };
    const expected = state.name === 'stopping' && state.aim !== 'crash';
    this.#run = undefined;
    this.#lastExit = exit;
    if (state.name === 'stopping' && forced && state.graceMs > 0) {
      this.#report({
        moment: 'killed',
        reason: `exceeded ${state.graceMs / 1000}s graceful shutdown interval`,
      });
    }
    if (!expected && run.late && this.#failure) this.#rejectReady(this.#failure);
    else if (!expected) {
      const ms = performance.now() - run.startedAt;
      this.#fail({ kind: 'exited', exit, ms }, run.verdict ?? exitWords(exit));
    }
    this.#report({ moment: 'exited', exit, expected });
    this.#happen({ kind: 'exited' });
  }

  /** An attempt failed: whoever waits for it hears now, whoever asks later hears the same. */
  #fail(facts: StartFailure, reason: string, cause?: unknown): void {
    this.#failure = startFailure(facts, cause);
    this.#reason = reason;
    this.#rejectReady(this.#failure);
  }

  #settleWaiters({ kind }: Occurrence): void {
    const state = this.#state;
    if (state.name === 'running') {
      this.#failure = undefined;
      for (const waiter of this.#readyWaiters) waiter.resolve();
      this.#readyWaiters.clear();
    }
    if (state.name === 'stopped' || (state.name === 'stopping' && state.aim === 'rest')) {
      this.#failure = this.#reason = undefined;
      this.#rejectReady(startFailure({ kind: 'stopped' }));
    }
    const gone = kind === 'exited' || kind === 'not-spawned' || !('process' in state);
    if (gone) {
      for (const waiter of this.#goneWaiters) waiter.resolve();
      this.#goneWaiters.clear();
    }
  }

  #rejectReady(failure: Error): void {
    for (const waiter of this.#readyWaiters) waiter.reject(failure);
    this.#readyWaiters.clear();
  }

  #report(moment: InstanceMoment): void {
    this.#options.report(moment);
    const note = cellNote(moment);
    if (note !== undefined) this.#options.note?.(note);
  }
}
