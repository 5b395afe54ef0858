/** Carries out what the lifecycle asks for, and tells it what happened. */
import { deferred, type Deferred } from '../../services/kit/deferred.ts';
import type { ExitFacts, InstanceMoment } from '../events.ts';
import { cellNote } from './cell-notes.ts';
import type { CompanyEnd } from './company.ts';
import { STOPPED, step, type Effect, type Lifecycle, type Occurrence, type Rules } from './lifecycle.ts';
import { Run } from './run.ts';
import { exitWords, startFailure } from './start-failure.ts';
import type { Instance, InstanceOptions, InstanceStatus, StartFailure } from './types.ts';

/** Creating one starts nothing. */
export function createInstance(options: InstanceOptions): Instance {
  return new SupervisedInstance(options);
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
      routable: state.name === 'running' && run?.ready === true,
      crashes: 'crashes' in state ? state.crashes : 0,
      since: this.#since,
      ...(run === undefined ? {} : { pid: run.process.pid, pids: run.process.pids, port: run.launch.port }),
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

  exhaust(): boolean {
    const run = this.#run;
    if (!run) return false;
    this.#fails({ moment: 'killed', reason: run.exhaust() }, 0);
    return true;
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
        this.#run!.watchMemory((reason) => this.#fails({ moment: 'killed', reason }, 0));
        this.#run!.watchStart(() => this.#onHealthy(this.#run!));
        break;
      case 'watch':
        this.#run!.watchHealth((reason) =>
          this.#fails({ moment: 'unhealthy', reason }, this.#options.graceMs),
        );
        this.#run!.watchReadiness((ready, reason) => this.#onReadiness(this.#run!, ready, reason));
        break;
      case 'diagnose': {
        const failure = this.#run!.diagnose();
        this.#fail(failure, failure.lastProbe);
        this.#report({ moment: 'never-ready', reason: failure.lastProbe, waitedMs: failure.waitedMs });
        break;
      }
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
    let run: Run;
    try {
      const launch = await this.#options.prepare();
      // Told to stop while it was prepared: nothing has come, and nothing shall.
      if (this.#state.name !== 'starting') return this.#happen({ kind: 'not-spawned' });
      run = await Run.start(launch, this.#options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#fail({ kind: 'spawn-failed', message }, message, error);
      return this.#happen({ kind: 'not-spawned' });
    }
    this.#run = run;
    void run.process.ended.then((end) => this.#onEnded(run, end));
    const attempt = 1 + ('crashes' in this.#state ? this.#state.crashes : 0);
    this.#report({ moment: 'starting', pid: run.process.pid, port: run.launch.port, attempt });
    this.#happen({ kind: 'spawned' });
  }

  #onHealthy(run: Run): void {
    this.#reason = undefined;
    const { ms } = run;
    // It is running before anybody hears of it: who hears looks at its status.
    this.#happen({ kind: 'healthy' });
    this.#report({ moment: 'healthy', ms });
    // Said once, and only where somebody listens: each look costs some milliseconds.
    const { note } = this.#options;
    if (!note || this.#advised) return;
    this.#advised = true;
    const advice = run.advice();
    if (advice) note(advice);
  }

  #onReadiness(run: Run, ready: boolean, reason: string): void {
    run.ready = ready;
    const { readiness } = this.#options;
    if (!readiness || readiness.type === 'process') return;
    this.#report(ready ? { moment: 'ready' } : { moment: 'not-ready', reason });
  }

  #fails(moment: InstanceMoment, graceMs: number): void {
    this.#report(moment);
    this.#happen({ kind: 'failing', graceMs });
  }

  #terminate(run: Run, graceMs: number): void {
    run.unwatch();
    run.process.terminate({ graceMs }).catch((error: unknown) => {
      for (const waiter of this.#goneWaiters) waiter.reject(error);
      this.#goneWaiters.clear();
    });
  }

  #onEnded(run: Run, end: CompanyEnd): void {
    const state = this.#state;
    // Which of them heeds our signal first says nothing: only one that ends by itself takes the others along.
    const byUs = state.name === 'stopping';
    const { forced } = end;
    const sidecar = byUs ? run.culprit : end.sidecar;
    const exit: ExitFacts = byUs && sidecar === undefined ? end.own : { code: end.code, signal: end.signal };
    const expected = state.name === 'stopping' && state.aim !== 'crash';
    this.#run = undefined;
    this.#lastExit = exit;
    let why = run.verdict;
    if (state.name === 'stopping' && forced && state.graceMs > 0) {
      why ??= `exceeded ${state.graceMs / 1000}s graceful shutdown interval`;
      this.#report({ moment: 'killed', reason: why });
    }
    if (!expected && run.late && this.#failure) this.#rejectReady(this.#failure);
    else if (!expected) {
      const { ms, verdict } = run;
      this.#fail(
        { kind: 'exited', exit, ms, ...(verdict === undefined ? {} : { why: verdict }) },
        verdict ?? exitWords(exit),
      );
    }
    this.#report({
      moment: 'exited',
      exit,
      expected,
      ...(sidecar === undefined ? {} : { sidecar }),
      ...(why === undefined ? {} : { why }),
    });
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
