/**
 * One app of the space: its log, its instances, its state. Operations run one at a time; a stop cuts short
 * whatever is under way, so there are never two copies of one app.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Guardian } from '../../services/kit/guardian.ts';
import { buildEnv, flatten, type AppEnv } from '../env/build-env.ts';
import { startScript } from '../env/start-script.ts';
import type { BoundService, EnvVariable, InstanceFacts } from '../env/types.ts';
import type { InstanceMoment, PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';
import { absolutePath } from '../kernel/names.ts';
import type { Log } from '../logs/log.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import { allocatePort } from '../ports/allocate.ts';
import type { RouteEndpoint, RouteState } from '../router/types.ts';
import type { AppSnapshot, AppState } from '../snapshot.ts';
import type { Installed } from '../staging/types.ts';
import { fileNameFor, makePrivateFolder, type SpacePaths } from '../state/home.ts';
import type { AppRecord, SpaceRecord } from '../state/record.ts';
import { createInstance } from '../supervisor/instance.ts';
import type { Instance, RestartPolicy } from '../supervisor/types.ts';
import { stage } from './staging-run.ts';
import { describeExit, describeMs, isStartFailure, startError } from './words.ts';

const SHOWN_LINES = 40;
/** How long requests under way may take to finish before an instance is told to stop. */
const DRAIN_MS = 2000;
const FILE_DESCRIPTORS = 16_384;
const HOST = '127.0.0.1';

export interface AppOptions {
  readonly paths: SpacePaths;
  readonly shell: string;
  readonly guardian: Guardian;
  readonly policy: RestartPolicy;
  readonly graceMs: number;
  readonly report: (event: PlatformEvent) => void;
  readonly space: () => SpaceRecord;
  readonly services: (app: AppPlan, id: string) => readonly BoundService[];
  /** Starts the services the app is bound to. */
  readonly startServices: (app: AppPlan, signal: AbortSignal) => Promise<void>;
  /** Something about routes changed. */
  readonly routesChanged: () => void;
  readonly drained: (instanceId: string, boundMs: number) => Promise<void>;
  readonly urls: (app: App) => readonly string[];
}

interface Slot {
  readonly process: ProcessPlan;
  readonly index: number;
  readonly instanceId: string;
  readonly instance: Instance;
  port: number;
}

export class App {
  readonly name: string;
  readonly log: Log;
  record: AppRecord;
  reason = '';
  /** What staging tools are given: the pushing shell's proxies, index settings and HOME. Not kept on disk. */
  toolEnv: Readonly<Record<string, string>>;
  #state: AppState = 'stopped';
  #installed: Installed | undefined;
  #slots: Slot[] = [];
  #withdrawn = false;
  /** A first start that fails is not tried again: whoever pushed is told instead. */
  #oneTry = false;
  readonly #options: AppOptions;
  readonly #mutex = new Mutex();
  #current: AbortController | undefined;

  constructor(record: AppRecord, log: Log, toolEnv: Readonly<Record<string, string>>, options: AppOptions) {
    this.name = record.plan.name;
    this.record = record;
    this.toolEnv = toolEnv;
    this.log = log;
    this.#options = options;
  }

  get plan(): AppPlan {
    return this.record.plan;
  }

  get state(): AppState {
    return this.#state;
  }

  get endpoints(): readonly RouteEndpoint[] {
    if (this.#withdrawn) return [];
    return this.#slots.flatMap(({ process, index, instanceId, instance: { status } }) =>
      process.type === 'web' && status.state === 'running' && status.port !== undefined
        ? [{ instanceId, instanceIndex: index, host: status.host ?? HOST, port: status.port }]
        : [],
    );
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
        return this.#slots.some(({ instance }) => instance.status.state === 'starting')
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
    if (this.#slots.length === 0) this.#enter('staging', because);
    report({
      kind: 'staging-started',
      app: plan.name,
      buildpack: plan.facts.buildpack,
      because: plan.facts.because,
    });
    const began = performance.now();
    this.#makeFolders();
    await this.#options.startServices(plan, signal);
    this.#installed = await stage({
      plan,
      log,
      cacheDir: this.#options.paths.cache,
      toolEnv: this.toolEnv,
      shell: this.#options.shell,
      guardian: this.#options.guardian,
      signal,
      env: (installed) => {
        const env = this.#stagingEnv(installed);
        return this.#split(env);
      },
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
    this.#makeFolders();
    await this.#options.startServices(this.plan, signal);
    this.#withdrawn = false;
    this.#oneTry = !keep;
    this.#slots = this.plan.processes.flatMap((process) =>
      Array.from({ length: process.instances }, (_, index) => this.#makeSlot(process, index)),
    );
    for (const { instance } of this.#slots) instance.start();
    try {
      await Promise.all(this.#slots.map((slot) => this.#untilReady(slot, signal)));
    } catch (error) {
      const reason = error instanceof PaasError ? error.message : String(error);
      if (keep && !signal.aborted) this.#enter('crashed', reason);
      else {
        await this.#stopSlots();
        this.#enter(signal.aborted ? 'stopped' : 'crashed', reason);
      }
      throw error;
    }
    this.#oneTry = false;
    this.#enter('started', because);
    this.#options.report({ kind: 'app-ready', app: this.plan.name, urls: this.#options.urls(this) });
  }

  /** Withdraws the routes, lets requests finish, TERM, grace, KILL. `next` says what follows. */
  async shutdown(because: string, next: 'stopped' | 'starting' = 'stopped', graceMs?: number): Promise<void> {
    if (this.#slots.length === 0 && next === 'stopped') {
      this.#enter('stopped', because);
      return;
    }
    const endpoints = this.endpoints;
    this.#withdrawn = true;
    this.#enter(next === 'starting' ? 'starting' : 'stopping', because);
    await Promise.all(endpoints.map(({ instanceId }) => this.#options.drained(instanceId, DRAIN_MS)));
    await this.#stopSlots(graceMs);
    if (next === 'stopped') {
      this.#enter('stopped', because);
      this.#options.report({ kind: 'app-stopped', app: this.plan.name, because });
    }
  }

  async kill(): Promise<void> {
    this.interrupt();
    await Promise.all(this.#slots.map(({ instance }) => instance.kill()));
  }

  /** The environment of instance 0 of a process, as it would be started now. */
  env(processType?: string): AppEnv {
    const process =
      this.plan.processes.find(({ type }) => type === (processType ?? type)) ?? this.plan.processes[0];
    const slot = this.#slots.find((candidate) => candidate.process.type === process?.type);
    return this.#buildEnv(
      this.#facts(process, 0, slot?.instanceId ?? this.record.id, slot?.port ?? 0),
      this.#installed,
    );
  }

  snapshot(): AppSnapshot {
    const { plan } = this;
    return {
      name: plan.name,
      id: this.record.id,
      state:
        this.#state === 'started' && this.routeState === 'crashed' && plan.routes.length > 0
          ? 'crashed'
          : this.#state,
      requestedState: this.record.desired,
      reason: this.reason,
      dialect: plan.dialect,
      root: plan.root,
      buildpack: plan.facts.buildpack,
      urls: this.#options.urls(this),
      services: plan.bindings,
      processes: plan.processes.map((process) => ({
        type: process.type,
        command: process.command,
        memoryBytes: process.memoryBytes,
        instances: this.#slots
          .filter((slot) => slot.process.type === process.type)
          .map(({ index, instance: { status } }) => ({
            index,
            state: status.state,
            crashes: status.crashes,
            since: status.since,
            ...(status.pid === undefined ? {} : { pid: status.pid }),
            ...(status.port === undefined ? {} : { port: status.port }),
            ...(status.reason === undefined ? {} : { reason: status.reason }),
          })),
      })),
    };
  }

  #enter(state: AppState, reason: string): void {
    this.#state = state;
    this.reason = reason;
    this.#options.routesChanged();
  }

  async #stopSlots(graceMs?: number): Promise<void> {
    const slots = this.#slots;
    await Promise.all(slots.map(({ instance }) => instance.stop(graceMs === undefined ? {} : { graceMs })));
    this.#slots = [];
    rmSync(this.#folders().tmp, { recursive: true, force: true });
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

  #makeSlot(process: ProcessPlan, index: number): Slot {
    const instanceId = randomUUID();
    const source = `APP/PROC/${process.type.toUpperCase()}`;
    const slot: Slot = {
      process,
      index,
      instanceId,
      port: 0,
      instance: createInstance({
        health: process.health,
        policy: this.#options.policy,
        graceMs: this.#options.graceMs,
        guardian: this.#options.guardian,
        log: (stream, text) => this.log.append({ source, instance: index, stream, text }),
        report: (moment) => this.#onMoment(slot, moment),
        note: (text) => this.log.append({ source: 'CELL', instance: index, stream: 'OUT', text }),
        prepare: async () => {
          slot.port = await allocatePort({ host: HOST });
          const env = this.#buildEnv(this.#facts(process, index, instanceId, slot.port), this.#installed);
          const { system, exports } = this.#split(env);
          const { preRunning } = this.plan.manifest.hooks;
          return {
            file: this.#options.shell,
            args: ['-c', startScript({ exports, preRunning, command: process.command })],
            cwd: this.plan.root,
            env: system,
            port: slot.port,
          };
        },
      }),
    };
    return slot;
  }

  #onMoment(slot: Slot, moment: InstanceMoment): void {
    const { process, index } = slot;
    if (moment.moment === 'backing-off' && this.#oneTry) {
      void slot.instance.stop();
      return;
    }
    this.#options.report({ kind: 'instance', app: this.plan.name, process: process.type, index, ...moment });
    const note = this.#noteFor(moment);
    if (note) this.log.append({ source: note.source, instance: index, stream: note.stream, text: note.text });
    if (this.#slots.includes(slot)) {
      if (moment.moment === 'healthy' && this.#state === 'crashed')
        this.#enter('started', 'restarted after a crash');
      else if (moment.moment === 'exited' && !moment.expected) this.reason = describeExit(moment.exit);
    }
    this.#options.routesChanged();
  }

  /** The platform's own lines, as Cloud Foundry's cell writes them. */
  #noteFor(moment: InstanceMoment): { source: string; stream: 'OUT' | 'ERR'; text: string } | undefined {
    switch (moment.moment) {
      case 'exited':
        return moment.expected
          ? undefined
          : { source: 'CELL', stream: 'OUT', text: `Instance ${describeExit(moment.exit)}` };
      case 'backing-off':
        return {
          source: 'CELL',
          stream: 'OUT',
          text:
            moment.ms === 0
              ? 'Restarting it at once'
              : `Restarting it in ${describeMs(moment.ms)} (crash ${moment.crashes})`,
        };
      case 'unhealthy':
        return { source: 'HEALTH', stream: 'ERR', text: `Liveness check unsuccessful: ${moment.reason}` };
      case 'never-ready':
        return { source: 'HEALTH', stream: 'ERR', text: `Startup check never passed: ${moment.reason}` };
      case 'gave-up':
        return { source: 'CELL', stream: 'ERR', text: `Not restarting it any more: ${moment.reason}` };
      case 'killed':
        return { source: 'CELL', stream: 'OUT', text: `Instance was killed: ${moment.reason}` };
      case 'starting':
      case 'healthy':
        return undefined;
    }
  }

  #folders() {
    const root = absolutePath(fileNameFor(this.name), this.#options.paths.apps);
    return {
      home: this.plan.root as string,
      root: root as string,
      tmp: `${root}/tmp`,
      cache: `${root}/cache`,
    };
  }

  #makeFolders(): void {
    const { root, tmp, cache } = this.#folders();
    for (const folder of [root, tmp, cache]) makePrivateFolder(folder);
  }

  #facts(process: ProcessPlan | undefined, index: number, instanceId: string, port: number): InstanceFacts {
    const space = this.#options.space();
    return {
      appName: this.name,
      appId: this.record.id,
      version: this.record.version,
      dialect: this.plan.dialect,
      processType: process?.type ?? 'web',
      index,
      instanceId,
      port,
      host: HOST,
      uris: this.plan.routes,
      memoryBytes: process?.memoryBytes ?? 0,
      diskBytes: process?.diskBytes ?? 0,
      fileDescriptors: FILE_DESCRIPTORS,
      space: { id: space.spaceId, name: this.#options.paths.name },
      organization: { id: space.organizationId, name: 'local' },
      startedAt: Date.now(),
      folders: this.#folders(),
    };
  }

  #buildEnv(facts: InstanceFacts, installed: Installed | undefined): AppEnv {
    return buildEnv({
      facts,
      services: this.#options.services(this.plan, this.record.id),
      shellEnv: this.record.shellEnv,
      staging: {
        buildpack: this.plan.facts.buildpack,
        path: installed?.path ?? [],
        env: installed?.env ?? {},
      },
      manifestEnv: this.plan.manifest.env,
      setEnv: this.record.setEnv,
    });
  }

  /** Staging has the whole environment but for what only a running instance has. */
  #stagingEnv(installed: Installed): AppEnv {
    const env = this.#buildEnv(this.#facts(this.plan.processes[0], 0, this.record.id, 0), installed);
    const running = /^(PORT|VCAP_APP_PORT|VCAP_APP_HOST|CF_INSTANCE_.*|INSTANCE_(GUID|INDEX))$/;
    return { system: env.system.filter(({ name }) => !running.test(name)), user: env.user };
  }

  /** Stackato's user variables are shell text, exported by the start script; Cloud Foundry's are literal. */
  #split(env: AppEnv): { system: Record<string, string>; exports: readonly EnvVariable[] } {
    if (this.plan.dialect === 'cloud-foundry') return { system: flatten(env), exports: [] };
    return { system: flatten({ system: env.system, user: [] }), exports: env.user };
  }
}
