/**
 * One app of the space: its log, its instances, its state. Operations run one at a time; a stop cuts short
 * whatever is under way, so there are never two copies of one app.
 */
import type { AppEnv } from '../env/build-env.ts';
import type { Launch } from '../supervisor/types.ts';
import type { InstanceMoment } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';
import type { Log } from '../logs/log.ts';
import { withByHand } from '../plan/by-hand.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import type { RouteEndpoint, RouteState } from '../router/types.ts';
import type { AppSnapshot, AppState, InstanceUsage } from '../snapshot.ts';
import type { Installed } from '../staging/types.ts';
import type { AppRecord } from '../state/record.ts';
import { AppEnvironment, type LaunchEnv } from './app-environment.ts';
import type { AppOptions } from './app-options.ts';
import { appSnapshot } from './app-snapshot.ts';
import { instanceNote, isExitNote } from './instance-notes.ts';
import { Instances, type Slot } from './instances.ts';
import { commandOf, launchOf, NOTHING_INSTALLED } from './launch.ts';
import { Rollout } from './rollout.ts';
import { stage } from './staging-run.ts';
import { usageOf } from './usage.ts';
import { describeExit, startError } from './words.ts';

const SHOWN_LINES = 40;

/** Which process has which terminal's device. */
export interface Attachment {
  readonly process: string;
  readonly terminal: string;
}

export class App {
  readonly name: string;
  readonly log: Log;
  record: AppRecord;
  reason = '';
  /** The process that is given the terminal of its push. */
  attached: Attachment | undefined;
  /** What staging tools are given: the pushing shell's proxies, index settings and HOME. Not kept on disk. */
  toolEnv: Readonly<Record<string, string>>;
  #planned: { readonly of: AppRecord; readonly plan: AppPlan } | undefined;
  #state: AppState = 'stopped';
  #installed: Installed | undefined;
  /** A first start that fails is not tried again: whoever pushed is told instead. */
  #oneTry = false;
  #paused = false;
  readonly #options: AppOptions;
  readonly #environment: AppEnvironment;
  readonly #instances: Instances;
  readonly #rollout: Rollout;
  readonly #mutex = new Mutex();
  #current: AbortController | undefined;
  /** Counted, so that what waits for its turn knows that it is not wanted any more. */
  #interruptions = 0;
  #uses = 0;

  constructor(record: AppRecord, log: Log, toolEnv: Readonly<Record<string, string>>, options: AppOptions) {
    this.name = record.plan.name;
    this.record = record;
    this.toolEnv = toolEnv;
    this.log = log;
    this.#options = options;
    this.#environment = new AppEnvironment(options, () => ({ ...this.record, plan: this.plan }));
    this.#instances = new Instances({
      policy: () => {
        const { maxBackoffMs = Number.POSITIVE_INFINITY } = this.record;
        const { policy } = options;
        return {
          ...policy,
          firstDelayMs: Math.min(policy.firstDelayMs, maxBackoffMs),
          maxDelayMs: Math.min(policy.maxDelayMs, maxBackoffMs),
        };
      },
      terminal: (type, index) =>
        index === 0 && this.attached?.process === type ? this.attached.terminal : undefined,
      graceMs: options.graceMs,
      guardian: options.guardian,
      log,
      launch: (slot) =>
        launchOf(slot, {
          plan: this.plan,
          environment: this.#environment,
          installed: this.#installed,
          shell: options.shell,
        }),
      onMoment: (slot, moment) => this.#onMoment(slot, moment),
      startError: (slot, failure) =>
        startError(this.name, slot.process, slot.port, failure, this.lastLines(SHOWN_LINES, 'APP/')),
    });
    this.#rollout = new Rollout({
      instances: this.#instances,
      routesChanged: options.routesChanged,
      drained: options.drained,
    });
  }

  /** As it is run: what was changed by hand lies over what the manifest asks for. */
  get plan(): AppPlan {
    if (this.#planned?.of !== this.record)
      this.#planned = { of: this.record, plan: withByHand(this.record.plan, this.record.byHand) };
    return this.#planned.plan;
  }

  get state(): AppState {
    return this.#state;
  }

  get endpoints(): readonly RouteEndpoint[] {
    return this.#instances.endpoints;
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
        return this.#unreachable();
    }
  }

  lastLines(count: number, source?: string): readonly string[] {
    // How it exited is told apart from what it printed.
    const lines = this.log
      .recent()
      .filter(({ source: from, text }) => from !== 'RTR' && !(source && isExitNote(text)))
      .filter(({ source: from }) => !source || from.startsWith(source));
    return lines.slice(-count).map((line) => line.text);
  }

  /**
   * Runs one operation on this app after those asked for earlier; `stop` and `kill` cut it short.
   * @throws PaasError `CANCELLED` when it was
   */
  exclusively<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
    const interruptions = this.#interruptions;
    return this.#mutex.run(async () => {
      if (this.#interruptions !== interruptions) throw this.#cancelled();
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

  /** Runs what ends the app: all that was asked for before is cut short, and nothing cuts this short. */
  afterInterrupting<T>(task: () => Promise<T>): Promise<T> {
    this.interrupt();
    return this.#mutex.run(task);
  }

  /** Cuts short what is under way, and what waits behind it. */
  interrupt(): void {
    this.#interruptions += 1;
    this.#current?.abort(this.#cancelled());
  }

  #cancelled(): PaasError {
    return new PaasError('CANCELLED', { reason: `${this.name} is being stopped` });
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
    await this.#options.startServices(plan, signal);
    this.#environment.makeFolders();
    if (this.record.fromCopy) await this.#environment.copySource(signal, (text) => this.#sayStaging(text));
    else this.#environment.useSource();
    this.#installed = await stage({
      plan,
      home: this.#environment.folders.home,
      ...(this.record.fromCopy ? { notesDir: this.#environment.folders.root } : {}),
      log,
      cacheDir: this.#options.paths.cache,
      toolEnv: this.toolEnv,
      shell: this.#options.shell,
      guardian: this.#options.guardian,
      signal,
      env: (installed) => this.#environment.forOneOff(installed),
    });
    report({
      kind: 'staging-finished',
      app: plan.name,
      skipped: this.#installed.skipped,
      ms: performance.now() - began,
    });
  }

  get staged(): boolean {
    return this.#installed !== undefined && (!this.record.fromCopy || this.#environment.hasCopy);
  }

  /** Its own folder, or the copy it runs in. */
  get home(): string {
    return this.#environment.folders.home;
  }

  /**
   * Starts all instances and waits until they are healthy. On failure they are stopped, unless `keep`.
   * @throws PaasError `APP_EXITED`, `APP_NOT_LISTENING`, `APP_SPAWN_FAILED`, `SERVICE_*`, `CANCELLED`
   */
  async launch(because: string, signal: AbortSignal, keep = false): Promise<void> {
    this.#enter('starting', because);
    await this.#options.startServices(this.plan, signal);
    this.#environment.makeFolders();
    this.#oneTry = !keep;
    try {
      await this.#rollout.startAll(this.plan.processes, signal);
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
    this.#ready(because);
  }

  /**
   * Replaces every instance while the others serve. On failure what served goes on.
   * @throws PaasError as `launch`
   */
  async roll(because: string, signal: AbortSignal): Promise<void> {
    this.#environment.makeFolders();
    await this.#options.startServices(this.plan, signal);
    await this.#rollout.roll(this.plan.processes, signal);
    this.#ready(because);
  }

  /**
   * Starts and stops instances until there are as many as the plan asks for.
   * @throws PaasError as `launch`; what crashed at once is tried again all the same
   */
  async scale(because: string, signal: AbortSignal): Promise<void> {
    this.reason = because;
    await this.#rollout.scale(this.plan.processes, signal);
  }

  /**
   * Stops one instance and starts it again; requests go to the others meanwhile.
   * @throws PaasError `INSTANCE_NOT_FOUND`, and as `launch`
   */
  async restartInstance(type: string, index: number, signal: AbortSignal): Promise<void> {
    const slot = this.#instances.find(type, index);
    if (!slot) throw new PaasError('INSTANCE_NOT_FOUND', { app: this.name, process: type, index });
    await this.#rollout.stop([slot]);
    const process = this.plan.processes.find((candidate) => candidate.type === type) ?? slot.process;
    await this.#instances.healthy(this.#instances.start(process, index), signal);
    this.#options.routesChanged();
  }

  /** Withdraws the routes, lets requests finish, TERM, grace, KILL. `next` says what follows. */
  async shutdown(because: string, next: 'stopped' | 'starting' = 'stopped', graceMs?: number): Promise<void> {
    if (this.#instances.empty && next === 'stopped') {
      this.#environment.removeCopies('all');
      this.#enter('stopped', because);
      return;
    }
    this.#enter(next === 'starting' ? 'starting' : 'stopping', because);
    await this.#stopInstances(graceMs);
    if (next === 'stopped') {
      this.#environment.removeCopies('all');
      this.#enter('stopped', because);
      this.#options.report({ kind: 'app-stopped', app: this.plan.name, because });
    }
  }

  /** Holds the services it is bound to, though no instance may run, until disposed. */
  use(): Disposable {
    this.#uses += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#uses -= 1;
        held = false;
      },
    };
  }

  get inUse(): boolean {
    return this.#uses > 0;
  }

  /**
   * Makes ready for a command beside its instances: staged, folders there, services up.
   * @throws PaasError `STAGING_*`, `SERVICE_*`, `CANCELLED`
   */
  async prepareOneOff(because: string, signal: AbortSignal): Promise<LaunchEnv> {
    if (!this.staged) {
      await this.exclusively(async (inner) => {
        if (this.staged) return;
        const before = { state: this.#state, reason: this.reason };
        try {
          await this.stage(because, inner);
        } finally {
          this.#enter(before.state, before.reason);
        }
      }, signal);
    }
    this.#environment.makeFolders();
    await this.#options.startServices(this.plan, signal);
    return this.#environment.forOneOff(this.#installed!);
  }

  /** The process of this type, `web` or the first where none is named. @throws PaasError `PROCESS_NOT_FOUND` */
  processNamed(type?: string): ProcessPlan {
    const { processes } = this.plan;
    const found = processes.find((process) => process.type === (type ?? 'web'));
    if (found) return found;
    if (type === undefined && processes[0]) return processes[0];
    const known = processes.map((process) => process.type);
    throw new PaasError('PROCESS_NOT_FOUND', { app: this.name, process: type ?? 'web', known });
  }

  async kill(): Promise<void> {
    this.interrupt();
    await this.#instances.kill();
  }

  /** Its processes are killed, and dealt with as crashed. @returns how many instances that were */
  crash(): number {
    return this.#instances.signal('SIGKILL');
  }

  /** Its processes stand still until `resume`. @returns how many instances that are */
  pause(): number {
    this.#paused = true;
    return this.#instances.signal('SIGSTOP');
  }

  get paused(): boolean {
    return this.#paused;
  }

  resume(): number {
    if (!this.#paused) return 0;
    this.#paused = false;
    return this.#instances.signal('SIGCONT');
  }

  /** As if it had taken more memory than it may. @returns how many instances did */
  exhaust(): number {
    for (const { instance } of this.#instances.slots) instance.exhaust();
    return this.#instances.slots.length;
  }

  /** The environment of instance 0 of a process, as it would be started now. */
  env(processType?: string): AppEnv {
    const process =
      this.plan.processes.find(({ type }) => type === (processType ?? type)) ?? this.plan.processes[0];
    const slot = process && this.#instances.find(process.type, 0);
    return this.#environment.of(
      slot ?? { process, index: 0, instanceId: this.record.id, port: 0 },
      this.#installed,
    );
  }

  /** What a command beside its instances is given, staged or not. */
  oneOffEnv(): LaunchEnv {
    return this.#environment.forOneOff(this.#installed ?? NOTHING_INSTALLED);
  }

  /** How to run a program of the user's choice with this app's folder and environment. */
  command(argv: readonly string[]): Omit<Launch, 'port'> {
    this.#environment.makeFolders();
    return commandOf(argv, {
      environment: this.#environment,
      installed: this.#installed,
      shell: this.#options.shell,
    });
  }

  usage(): Promise<readonly InstanceUsage[]> {
    return usageOf(this.#instances.slots);
  }

  snapshot(): AppSnapshot {
    const unreachable = this.#state === 'started' && this.routeState === 'crashed';
    return appSnapshot({
      record: this.record,
      plan: this.plan,
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

  #sayStaging(text: string): void {
    this.log.append({ source: 'STG', instance: 0, stream: 'OUT', text });
  }

  #ready(because: string): void {
    this.#enter('started', because);
    if (this.record.fromCopy) this.#environment.removeCopies('old');
    this.#options.report({
      kind: 'app-ready',
      app: this.plan.name,
      urls: this.#options.urls(this.plan),
      because,
    });
  }

  async #stopInstances(graceMs?: number): Promise<void> {
    // Who stands still cannot heed a signal.
    this.resume();
    await this.#rollout.stop(this.#instances.slots, undefined, graceMs);
    this.#environment.removeTmp();
  }

  /** Of a started app no instance takes requests: there is none, one is coming or not ready, or all crashed. */
  #unreachable(): RouteState {
    const web = this.#instances.slots.filter(({ process }) => process.type === 'web');
    if (web.length === 0) return 'stopped';
    const coming = web.some(({ instance: { status } }) =>
      ['starting', 'running', 'stopping'].includes(status.state),
    );
    return coming ? 'starting' : 'crashed';
  }

  #onMoment(slot: Slot, moment: InstanceMoment): void {
    const { process, index } = slot;
    if (moment.moment === 'backing-off' && this.#oneTry) {
      slot.instance.stop().catch(() => {}); // whoever launched it stops it too, and hears of it
      return;
    }
    this.#options.report({ kind: 'instance', app: this.plan.name, process: process.type, index, ...moment });
    const note = instanceNote(moment, process.type);
    if (note) this.log.append({ ...note, instance: index });
    if (this.#instances.includes(slot)) {
      if (moment.moment === 'healthy' && this.#state === 'crashed')
        this.#enter('started', 'restarted after a crash');
      else if (moment.moment === 'exited' && !moment.expected) this.reason = describeExit(moment.exit);
    }
    this.#options.routesChanged();
  }
}
