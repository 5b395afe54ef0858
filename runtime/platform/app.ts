/**
 * One app of the space: its log, its instances, its state. Operations run one at a time; a stop cuts short
 * whatever is under way, so there are never two copies of one app.
 */
import type { AppEnv } from '../env/build-env.ts';
import { startScript } from '../env/start-script.ts';
import type { InstanceMoment } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';
import type { Log } from '../logs/log.ts';
import type { AppPlan } from '../plan/types.ts';
import type { RouteEndpoint, RouteState } from '../router/types.ts';
import type { AppSnapshot, AppState } from '../snapshot.ts';
import type { Installed } from '../staging/types.ts';
import type { AppRecord } from '../state/record.ts';
import type { Launch } from '../supervisor/types.ts';
import { AppEnvironment } from './app-environment.ts';
import type { AppOptions } from './app-options.ts';
import { appSnapshot } from './app-snapshot.ts';
import { instanceNote } from './instance-notes.ts';
import { Instances, type Slot } from './instances.ts';
import { stage } from './staging-run.ts';
import { describeExit, isStartFailure, startError } from './words.ts';

const SHOWN_LINES = 40;
/** How long requests under way may take to finish before an instance is told to stop. */
const DRAIN_MS = 2000;

export class App {
  readonly name: string;
  readonly log: Log;
  record: AppRecord;
  reason = '';
  /** What staging tools are given: the pushing shell's proxies, index settings and HOME. Not kept on disk. */
  toolEnv: Readonly<Record<string, string>>;
  #state: AppState = 'stopped';
  #installed: Installed | undefined;
  #withdrawn = false;
  /** A first start that fails is not tried again: whoever pushed is told instead. */
  #oneTry = false;
  readonly #options: AppOptions;
  readonly #environment: AppEnvironment;
  readonly #instances: Instances;
  readonly #mutex = new Mutex();
  #current: AbortController | undefined;

  constructor(record: AppRecord, log: Log, toolEnv: Readonly<Record<string, string>>, options: AppOptions) {
    this.name = record.plan.name;
    this.record = record;
    this.toolEnv = toolEnv;
    this.log = log;
    this.#options = options;
    this.#environment = new AppEnvironment(options, () => this.record);
    this.#instances = new Instances({
      policy: options.policy,
      graceMs: options.graceMs,
      guardian: options.guardian,
      log,
      launch: (slot) => this.#launchOf(slot),
      onMoment: (slot, moment) => this.#onMoment(slot, moment),
    });
  }

  get plan(): AppPlan {
    return this.record.plan;
  }

  get state(): AppState {
    return this.#state;
  }

  get endpoints(): readonly RouteEndpoint[] {
    return this.#withdrawn ? [] : this.#instances.endpoints;
  }

  get routeState(): RouteState {
    if (this.endpoints.length > 0) return 'running';
    switch (this.#state) {
      case 'stopped':
      case 'stopping':
        return this.record.desired === 'started' && this.#state === 'stopping' ? 'starting' : 'stopped';
      case 'crashed':
        return 'crashed';
      case 'staging':
      case 'starting':
        return 'starting';
      case 'started':
        return this.#instances.slots.some(({ instance }) => instance.status.state === 'starting')
          ? 'starting'
          : 'crashed';
    }
  }

  lastLines(count: number, source?: string): readonly string[] {
    const lines = this.log
      .recent()
      .filter((line) => line.source !== 'RTR' && (!source || line.source.startsWith(source)));
    return lines.slice(-count).map((line) => line.text);
  }

  /**
   * Runs one operation on this app after those asked for earlier; `stop` and `kill` cut it short.
   * @throws PaasError `CANCELLED` when it was
   */
  exclusively<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
    return this.#mutex.run(async () => {
      const controller = new AbortController();
      this.#current = controller;
      const abort = () => controller.abort(outer?.reason);
      outer?.addEventListener('abort', abort);
      try {
        if (outer?.aborted) throw new PaasError('CANCELLED', {});
        return await task(controller.signal);
      } finally {
        outer?.removeEventListener('abort', abort);
        if (this.#current === controller) this.#current = undefined;
      }
    });
  }

  /** Cuts short what is under way. */
  interrupt(): void {
    this.#current?.abort(new PaasError('CANCELLED', { reason: `${this.name} is being stopped` }));
  }

  /** Services up, dependencies installed, hooks run. */
  async stage(because: string, signal: AbortSignal): Promise<void> {
    const { plan, log } = this;
    const { report } = this.#options;
    if (this.#instances.empty) this.#enter('staging', because);
    report({
      kind: 'staging-started',
      app: plan.name,
      buildpack: plan.facts.buildpack,
      because: plan.facts.because,
    });
    const began = performance.now();
    this.#environment.makeFolders();
    await this.#options.startServices(plan, signal);
    this.#installed = await stage({
      plan,
      log,
      cacheDir: this.#options.paths.cache,
      toolEnv: this.toolEnv,
      shell: this.#options.shell,
      guardian: this.#options.guardian,
      signal,
      env: (installed) => this.#environment.forStaging(installed),
    });
    report({
      kind: 'staging-finished',
      app: plan.name,
      skipped: this.#installed.skipped,
      ms: performance.now() - began,
    });
  }

  get staged(): boolean {
    return this.#installed !== undefined;
  }

  /**
   * Starts all instances and waits until they are healthy. On failure they are stopped, unless `keep`.
   * @throws PaasError `APP_EXITED`, `APP_NOT_LISTENING`, `APP_SPAWN_FAILED`, `SERVICE_*`, `CANCELLED`
   */
  async launch(because: string, signal: AbortSignal, keep = false): Promise<void> {
    this.#enter('starting', because);
    this.#environment.makeFolders();
    await this.#options.startServices(this.plan, signal);
    this.#withdrawn = false;
    this.#oneTry = !keep;
    this.#instances.start(this.plan.processes);
    try {
      await Promise.all(this.#instances.slots.map((slot) => this.#untilReady(slot, signal)));
    } catch (error) {
      const reason = error instanceof PaasError ? error.message : String(error);
      if (keep && !signal.aborted) this.#enter('crashed', reason);
      else {
        await this.#stopInstances();
        this.#enter(signal.aborted ? 'stopped' : 'crashed', reason);
      }
      throw error;
    }
    this.#oneTry = false;
    this.#enter('started', because);
    this.#options.report({ kind: 'app-ready', app: this.plan.name, urls: this.#options.urls(this.plan) });
  }

  /** Withdraws the routes, lets requests finish, TERM, grace, KILL. `next` says what follows. */
  async shutdown(because: string, next: 'stopped' | 'starting' = 'stopped', graceMs?: number): Promise<void> {
    if (this.#instances.empty && next === 'stopped') {
      this.#enter('stopped', because);
      return;
    }
    const endpoints = this.endpoints;
    this.#withdrawn = true;
    this.#enter(next === 'starting' ? 'starting' : 'stopping', because);
    await Promise.all(endpoints.map(({ instanceId }) => this.#options.drained(instanceId, DRAIN_MS)));
    await this.#stopInstances(graceMs);
    if (next === 'stopped') {
      this.#enter('stopped', because);
      this.#options.report({ kind: 'app-stopped', app: this.plan.name, because });
    }
  }

  async kill(): Promise<void> {
    this.interrupt();
    await this.#instances.kill();
  }

  /** The environment of instance 0 of a process, as it would be started now. */
  env(processType?: string): AppEnv {
    const process =
      this.plan.processes.find(({ type }) => type === (processType ?? type)) ?? this.plan.processes[0];
    const slot = this.#instances.slots.find((candidate) => candidate.process.type === process?.type);
    return this.#environment.of(
      { process, index: 0, instanceId: slot?.instanceId ?? this.record.id, port: slot?.port ?? 0 },
      this.#installed,
    );
  }

  snapshot(): AppSnapshot {
    const unreachable = this.#state === 'started' && this.routeState === 'crashed';
    return appSnapshot({
      record: this.record,
      state: unreachable && this.plan.routes.length > 0 ? 'crashed' : this.#state,
      reason: this.reason,
      urls: this.#options.urls(this.plan),
      slots: this.#instances.slots,
    });
  }

  #enter(state: AppState, reason: string): void {
    this.#state = state;
    this.reason = reason;
    this.#options.routesChanged();
  }

  async #stopInstances(graceMs?: number): Promise<void> {
    await this.#instances.stop(graceMs);
    this.#environment.removeTmp();
  }

  async #untilReady(slot: Slot, signal: AbortSignal): Promise<void> {
    try {
      await slot.instance.ready(signal);
    } catch (failure) {
      if (signal.aborted) throw signal.reason;
      if (!isStartFailure(failure)) throw failure;
      throw startError(this.name, slot.process, slot.port, failure, this.lastLines(SHOWN_LINES, 'APP/'));
    }
  }

  #launchOf(slot: Slot): Omit<Launch, 'port'> {
    const { system, exports } = this.#environment.forLaunch(slot, this.#installed);
    const { preRunning } = this.plan.manifest.hooks;
    return {
      file: this.#options.shell,
      args: ['-c', startScript({ exports, preRunning, command: slot.process.command })],
      cwd: this.plan.root,
      env: system,
    };
  }

  #onMoment(slot: Slot, moment: InstanceMoment): void {
    const { process, index } = slot;
    if (moment.moment === 'backing-off' && this.#oneTry) {
      void slot.instance.stop();
      return;
    }
    this.#options.report({ kind: 'instance', app: this.plan.name, process: process.type, index, ...moment });
    const note = instanceNote(moment);
    if (note) this.log.append({ ...note, instance: index });
    if (this.#instances.includes(slot)) {
      if (moment.moment === 'healthy' && this.#state === 'crashed')
        this.#enter('started', 'restarted after a crash');
      else if (moment.moment === 'exited' && !moment.expected) this.reason = describeExit(moment.exit);
    }
    this.#options.routesChanged();
  }
}
