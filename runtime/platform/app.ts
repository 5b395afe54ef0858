/** One app of the space: what is remembered and run of it, and the parts that do things with it. */
import type { AppEnv } from '../env/build-env.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Log } from '../logs/log.ts';
import { withByHand } from '../plan/by-hand.ts';
import type { AppPlan } from '../plan/types.ts';
import type { RouteEndpoint, RouteState } from '../router/types.ts';
import type { AppSnapshot, AppState, InstanceUsage } from '../snapshot.ts';
import type { AppRecord } from '../state/record.ts';
import { cappedAt } from '../supervisor/backoff.ts';
import { AppDebugger } from './app-debugger.ts';
import { AppEnvironment, type LaunchEnv } from './app-environment.ts';
import { AppFaults } from './app-faults.ts';
import { AppOneOffs } from './app-one-offs.ts';
import type { AppOptions } from './app-options.ts';
import { routeState } from './app-route-state.ts';
import { AppRun } from './app-run.ts';
import { appSnapshot } from './app-snapshot.ts';
import { AppStaging } from './app-staging.ts';
import { AppTurns } from './app-turns.ts';
import { isExitNote } from './instance-notes.ts';
import { Instances } from './instances.ts';
import { launchOf, NOTHING_INSTALLED } from './launch.ts';
import { usageOf } from './usage.ts';
import { startError } from './words.ts';

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
  /** The process that is given the terminal of its push. */
  attached: Attachment | undefined;
  /** Of one instance, where its push asked for it. */
  readonly debugger: AppDebugger;
  /** What staging tools are given: the pushing shell's proxies, index settings and HOME. Not kept on disk. */
  toolEnv: Readonly<Record<string, string>>;
  /**
   * What changes it runs one at a time; a stop cuts short whatever is under way, so there are never two copies of
   * one app.
   */
  readonly turns: AppTurns;
  /** How it comes up and goes down. To be changed in a turn. */
  readonly run: AppRun;
  /** What is run beside its instances. */
  readonly oneOffs: AppOneOffs;
  /** Outages on demand. */
  readonly faults: AppFaults;
  #planned: { readonly of: AppRecord; readonly plan: AppPlan } | undefined;
  readonly #options: AppOptions;
  readonly #environment: AppEnvironment;
  readonly #staging: AppStaging;
  readonly #instances: Instances;

  constructor(record: AppRecord, log: Log, toolEnv: Readonly<Record<string, string>>, options: AppOptions) {
    this.name = record.plan.name;
    this.record = record;
    this.toolEnv = toolEnv;
    this.log = log;
    this.#options = options;
    const { shell, startServices } = options;
    const plan = () => this.plan;
    const environment = new AppEnvironment(options, () => ({ ...this.record, plan: this.plan }));
    const staging = new AppStaging({
      app: () => ({ plan: this.plan, fromCopy: this.record.fromCopy === true, toolEnv: this.toolEnv }),
      log,
      environment,
      platform: options,
    });
    const instances = new Instances({
      policy: () => cappedAt(this.record.maxBackoffMs, options.policy),
      terminal: (type, index) =>
        index === 0 && this.attached?.process === type ? this.attached.terminal : undefined,
      graceMs: options.graceMs,
      guardian: options.guardian,
      log,
      debugged: (type, index) => this.debugger.of(type, index) !== undefined,
      launch: (slot) => {
        const last = this.debugger.linesFor(slot.process.type, slot.index);
        return launchOf(slot, { plan: this.plan, environment, installed: staging.installed, shell, last });
      },
      onMoment: (slot, moment) => this.run.heard(slot, moment),
      startError: (slot, failure) =>
        startError(
          this.name,
          slot.process,
          slot.port,
          failure,
          this.lastLines(SHOWN_LINES, 'APP/', slot.startedAt),
        ),
    });
    this.#environment = environment;
    this.#staging = staging;
    this.#instances = instances;
    this.turns = new AppTurns(this.name);
    const { guardian } = options;
    const oneOffEnv = () => environment.forOneOff(staging.installed ?? NOTHING_INSTALLED);
    this.debugger = new AppDebugger({ log, environment, shell, guardian, oneOffEnv });
    this.faults = new AppFaults(instances);
    const wake = () => this.faults.resume();
    const urls = () => this.urls;
    this.run = new AppRun({ plan, urls, log, environment, staging, instances, platform: options, wake });
    this.oneOffs = new AppOneOffs({
      environment,
      staging,
      shell,
      stage: (because, signal) =>
        this.turns.run(async (inner) => {
          if (!staging.done) await this.run.stageBeside(because, inner);
        }, signal),
      startServices: (signal) => startServices(this.plan, signal),
    });
  }

  /** As it is run: what was changed by hand lies over what the manifest asks for. */
  get plan(): AppPlan {
    if (this.#planned?.of !== this.record)
      this.#planned = { of: this.record, plan: withByHand(this.record.plan, this.record.byHand) };
    return this.#planned.plan;
  }

  /** Routed on HTTPS as well. */
  get tls(): boolean {
    return this.record.tls === true;
  }

  /** With scheme and port; the first is the one to open. */
  get urls(): readonly string[] {
    return this.#options.urls(this.plan, this.tls);
  }

  get state(): AppState {
    return this.run.state;
  }

  get reason(): string {
    return this.run.reason;
  }

  get endpoints(): readonly RouteEndpoint[] {
    return this.#instances.endpoints;
  }

  get routeState(): RouteState {
    const { slots } = this.#instances;
    const reachable = this.endpoints.length > 0;
    return routeState({ state: this.state, desired: this.record.desired, reachable, slots });
  }

  /** @param since milliseconds since the epoch: what it said in an earlier life explains nothing */
  lastLines(count: number, source?: string, since = 0): readonly string[] {
    // How it exited is told apart from what it printed.
    const lines = this.log
      .recent()
      .filter(({ source: from, text }) => from !== 'RTR' && !(source && isExitNote(text)))
      .filter(({ source: from, at }) => at >= since && (!source || from.startsWith(source)));
    return lines.slice(-count).map((line) => line.text);
  }

  /** There is nothing to do before a start. */
  get staged(): boolean {
    return this.#staging.done;
  }

  /** Its own folder, or the copy it runs in. */
  get home(): string {
    return this.#environment.folders.home;
  }

  async kill(): Promise<void> {
    this.turns.interrupt();
    await this.#instances.kill();
  }

  /** The environment of instance 0 of a process, as it would be started now. */
  env(processType?: string): AppEnv {
    const process =
      this.plan.processes.find(({ type }) => type === (processType ?? type)) ?? this.plan.processes[0];
    const slot = process && this.#instances.find(process.type, 0);
    return this.#environment.of(
      slot ?? { process, index: 0, instanceId: this.record.id, port: 0 },
      this.#staging.installed,
    );
  }

  /** What one of its instances was started with. @throws PaasError `INSTANCE_NOT_FOUND` */
  launchEnv(process: string, index: number): LaunchEnv {
    const slot = this.#instances.find(process, index);
    if (!slot) throw new PaasError('INSTANCE_NOT_FOUND', { app: this.name, process, index });
    return this.#environment.forLaunch(slot, this.#staging.installed);
  }

  usage(): Promise<readonly InstanceUsage[]> {
    const { home, tmp } = this.#environment.folders;
    return usageOf(this.#instances.slots, [home, tmp]);
  }

  snapshot(): AppSnapshot {
    const unreachable = this.state === 'started' && this.routeState === 'crashed';
    return appSnapshot({
      record: this.record,
      plan: this.plan,
      state: unreachable && this.plan.routes.length > 0 ? 'crashed' : this.state,
      reason: this.reason,
      urls: this.urls,
      slots: this.#instances.slots,
      debugPort: (type, index) => this.debugger.of(type, index)?.port,
    });
  }
}
