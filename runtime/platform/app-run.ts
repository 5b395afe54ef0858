/** How one app comes up and goes down: staged, its instances started, replaced and stopped, and what state that makes. */
import type { InstanceMoment } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Log } from '../logs/log.ts';
import type { AppPlan } from '../plan/types.ts';
import type { AppState } from '../snapshot.ts';
import type { AppEnvironment } from './app-environment.ts';
import type { AppOptions } from './app-options.ts';
import type { AppStaging } from './app-staging.ts';
import { instanceNote } from './instance-notes.ts';
import type { Instances, Slot } from './instances.ts';
import { Rollout } from './rollout.ts';
import { describeExit } from './words.ts';

export interface AppRunOptions {
  readonly plan: () => AppPlan;
  /** With scheme and port; the first is the one to open. */
  readonly urls: () => readonly string[];
  readonly log: Log;
  readonly environment: AppEnvironment;
  readonly staging: AppStaging;
  readonly instances: Instances;
  readonly platform: Pick<AppOptions, 'report' | 'startServices' | 'routesChanged' | 'drained' | 'urls'>;
  /** Who stands still cannot heed a signal: called before any is sent. */
  readonly wake: () => void;
}

export class AppRun {
  readonly #options: AppRunOptions;
  readonly #instances: Instances;
  readonly #rollout: Rollout;
  #state: AppState = 'stopped';
  #reason = '';
  /** A first start that fails is not tried again: whoever pushed is told instead. */
  #oneTry = false;

  constructor(options: AppRunOptions) {
    this.#options = options;
    const { instances } = options;
    this.#instances = instances;
    const { routesChanged, drained } = options.platform;
    this.#rollout = new Rollout({ instances, routesChanged, drained });
  }

  get state(): AppState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  /**
   * Services up, dependencies installed, hooks run.
   * @throws PaasError `STAGING_*`, `HOOK_FAILED`, `SERVICE_*`, `CANCELLED`
   */
  async stage(because: string, signal: AbortSignal): Promise<void> {
    if (this.#instances.empty) this.#enter('staging', because);
    try {
      await this.#options.staging.run(signal);
    } catch (error) {
      if (this.#instances.empty) this.#failed(error, signal);
      throw error;
    }
  }

  /** For a command beside the instances: the state is what those are in. @throws PaasError as `stage` */
  async stageBeside(because: string, signal: AbortSignal): Promise<void> {
    const before = { state: this.#state, reason: this.#reason };
    try {
      await this.stage(because, signal);
    } finally {
      this.#enter(before.state, before.reason);
    }
  }

  /**
   * Starts all instances and waits until they are healthy. On failure they are stopped, unless `keep`.
   * @throws PaasError `APP_EXITED`, `APP_NOT_LISTENING`, `APP_SPAWN_FAILED`, `SERVICE_*`, `CANCELLED`
   */
  async launch(because: string, signal: AbortSignal, keep = false): Promise<void> {
    this.#enter('starting', because);
    this.#oneTry = !keep;
    try {
      await this.#startServices(signal);
      this.#options.environment.makeFolders();
      await this.#rollout.startAll(this.#plan.processes, signal);
    } catch (error) {
      if (!keep || signal.aborted) await this.#stopInstances();
      this.#failed(error, signal);
      // Whoever cut it short may not be there any more to tell.
      if (signal.aborted)
        this.#options.platform.report({ kind: 'app-stopped', app: this.#plan.name, because: this.#reason });
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
    this.#options.environment.makeFolders();
    await this.#startServices(signal);
    await this.#rollout.roll(this.#plan.processes, signal);
    this.#ready(because);
  }

  /**
   * Starts and stops instances until there are as many as the plan asks for.
   * @throws PaasError as `launch`; what crashed at once is tried again all the same
   */
  async scale(because: string, signal: AbortSignal): Promise<void> {
    this.#reason = because;
    await this.#rollout.scale(this.#plan.processes, signal);
  }

  /**
   * Stops one instance and starts it again; requests go to the others meanwhile.
   * @throws PaasError `INSTANCE_NOT_FOUND`, and as `launch`
   */
  async restartInstance(type: string, index: number, signal: AbortSignal): Promise<void> {
    const slot = this.#instances.find(type, index);
    if (!slot) throw new PaasError('INSTANCE_NOT_FOUND', { app: this.#plan.name, process: type, index });
    await this.#rollout.stop([slot]);
    const process = this.#plan.processes.find((candidate) => candidate.type === type) ?? slot.process;
    await this.#instances.healthy(this.#instances.start(process, index), signal);
    this.#options.platform.routesChanged();
  }

  /** Withdraws the routes, lets requests finish, TERM, grace, KILL. `next` says what follows. */
  async shutdown(because: string, next: 'stopped' | 'starting' = 'stopped', graceMs?: number): Promise<void> {
    if (this.#instances.empty && next === 'stopped') {
      this.#options.environment.removeCopies('all');
      this.#enter('stopped', because);
      return;
    }
    this.#enter(next === 'starting' ? 'starting' : 'stopping', because);
    await this.#stopInstances(graceMs);
    if (next === 'stopped') {
      this.#options.environment.removeCopies('all');
      this.#enter('stopped', because);
      this.#options.platform.report({ kind: 'app-stopped', app: this.#plan.name, because });
    }
  }

  #failed(error: unknown, signal: AbortSignal): void {
    const reason = error instanceof PaasError ? error.message : String(error);
    this.#enter(signal.aborted ? 'stopped' : 'crashed', reason);
  }

  #enter(state: AppState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#options.platform.routesChanged();
  }

  async #startServices(signal: AbortSignal): Promise<void> {
    await this.#options.platform.startServices(this.#plan, signal);
  }

  get #plan(): AppPlan {
    return this.#options.plan();
  }

  #ready(because: string): void {
    this.#enter('started', because);
    this.#options.environment.removeCopies('old');
    this.#options.platform.report({
      kind: 'app-ready',
      app: this.#plan.name,
      urls: this.#options.urls(),
      because,
    });
  }

  async #stopInstances(graceMs?: number): Promise<void> {
    this.#options.wake();
    await this.#rollout.stop(this.#instances.slots, undefined, graceMs);
    this.#options.environment.removeTmp();
  }

  /** What an instance has to tell: for the event stream, the log, and the app's own state. */
  heard(slot: Slot, moment: InstanceMoment): void {
    const { process, index } = slot;
    if (moment.moment === 'backing-off' && this.#oneTry) {
      slot.instance.stop().catch(() => {}); // whoever launched it stops it too, and hears of it
      return;
    }
    this.#options.platform.report({
      kind: 'instance',
      app: this.#plan.name,
      process: process.type,
      index,
      ...moment,
    });
    const note = instanceNote(moment, process.type);
    if (note) this.#options.log.append({ ...note, instance: index });
    if (this.#instances.includes(slot)) {
      if (moment.moment === 'healthy' && this.#state === 'crashed')
        this.#enter('started', 'restarted after a crash');
      else if (moment.moment === 'exited' && !moment.expected) this.#reason = describeExit(moment.exit);
    }
    this.#options.platform.routesChanged();
  }
}
