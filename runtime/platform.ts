/**
 * The one owner: holds what runs, applies plans, closes in reverse. A push and an edit of a file go the same way:
 * manifest → plan → changes → apps. Everything that happens is reported as an event; nothing is printed here.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { NodeConfig, ServiceInstance, ServiceType } from '../services/kit/contract.ts';
import { RUN_VARIABLE, type Guardian } from '../services/kit/guardian.ts';
import { Scope } from '../services/kit/scope.ts';
import type { AppEnv } from './env/build-env.ts';
import { inheritedEnv } from './env/shell-env.ts';
import type { PlatformEvent } from './events.ts';
import { PaasError } from './kernel/errors.ts';
import { absolutePath, type AppName, type ServiceName } from './kernel/names.ts';
import { suggest } from './kernel/suggest.ts';
import { VERSION } from './kernel/version.ts';
import type { Log } from './logs/log.ts';
import type { Manifest } from './manifest/types.ts';
import { NOTHING_BY_HAND } from './plan/by-hand.ts';
import { restore, takenOver, type Restored } from './platform/after-host.ts';
import { AppDrains } from './platform/app-drains.ts';
import { App, type Attachment } from './platform/app.ts';
import { ByHandChanges } from './platform/by-hand-changes.ts';
import { Changes, type StartAgain, type Strategy } from './platform/changes.ts';
import { Crons } from './platform/crons.ts';
import { EventHistory } from './platform/event-history.ts';
import { Nodes, type NodeSetting } from './platform/nodes.ts';
import { Outages } from './platform/outages.ts';
import { planFor } from './platform/plan-for.ts';
import { RouterDoor, type RouterWish } from './platform/router-door.ts';
import type { ClientPurpose } from './platform/service-client.ts';
import { ServiceChanges } from './platform/service-changes.ts';
import { Services } from './platform/services.ts';
import { findShell } from './platform/shell.ts';
import { SpaceLogs } from './platform/space-logs.ts';
import { SpaceState } from './platform/space-state.ts';
import { withStoredEnv } from './platform/stored-env.ts';
import { Tasks } from './platform/tasks.ts';
import { Watches } from './platform/watches.ts';
import type { AppPlan } from './plan/types.ts';
import type { AppSnapshot, ServiceSnapshot, Snapshot } from './snapshot.ts';
import { openAppSource } from './staging/app-source.ts';
import { dependenciesOf } from './staging/depends-on.ts';
import { fileNameFor, makeSpace, type SpacePaths } from './state/home.ts';
import type { AppRecord, ManifestSource } from './state/record.ts';
import type { RequestRecord } from './router/types.ts';
import { CLOUD_FOUNDRY_POLICY } from './supervisor/backoff.ts';
import type { RestartPolicy } from './supervisor/types.ts';

export interface PlatformOptions {
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
  /** Where database engines are looked for, as in PATH. */
  readonly searchPath?: string;
  readonly serviceTypes: readonly ServiceType[];
  /** The front door's port; the next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  readonly strictPorts: boolean;
  readonly policy?: RestartPolicy;
  /** From TERM to KILL, for apps. */
  readonly graceMs?: number;
  /** Its space is not used again: what is remembered of it stays in memory. */
  readonly temporary?: boolean;
  /** Services run on when no app needs them any more, until the platform closes. */
  readonly keepServices?: boolean;
  /** Servers that are not ours get a relay in front from the beginning; else with their first outage. */
  readonly relays?: boolean;
  /** Services of our own share this thread. */
  readonly sameThread?: boolean;
  /** Told of every request that went through the router. Must not throw. */
  readonly onRequest?: (record: RequestRecord) => void;
}

export interface PushRequest {
  readonly manifest: Manifest;
  readonly source: ManifestSource;
  /** `toolEnv` of the pushing shell. */
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly detached: boolean;
  /** Run the apps in a copy of their folder, as on the platform, made anew for each start. */
  readonly fromCopy?: boolean;
  /** Default: all instances stop, then all start. */
  readonly strategy?: Strategy;
  /** Gives instance 0 of this process the terminal of the push; of an app that has such a process. */
  readonly attach?: Attachment;
  /** A crashed instance is started again after this at most. */
  readonly maxBackoffMs?: number;
  /** Service name → URL of an engine that runs elsewhere. */
  readonly binds?: Readonly<Record<string, string>>;
  /** Go on without services whose engine is not installed. */
  readonly allowMissingServices?: boolean;
  /** Default: as the platform was made. */
  readonly router?: RouterWish;
}

const GRACE_MS = 10_000;

export class Platform implements AsyncDisposable {
  readonly #options: PlatformOptions;
  readonly #paths: SpacePaths;
  readonly #state: SpaceState;
  readonly #apps = new Map<string, App>();
  readonly #listeners = new Set<(event: PlatformEvent) => void>();
  readonly #logs: SpaceLogs;
  /** What happened to each app. */
  readonly events: EventHistory;
  readonly #nodes: Nodes;
  readonly #services: Services;
  readonly #door: RouterDoor;
  readonly #watches: Watches;
  readonly #changes: Changes;
  /** `scale`, `set-env`, `map-route`, `bind-service` and their opposites. */
  readonly byHand: ByHandChanges;
  /** What is done to service instances by hand. */
  readonly serviceChanges: ServiceChanges;
  readonly tasks: Tasks;
  readonly #drains = new AppDrains();
  /** The `cron` lines of apps. */
  readonly crons: Crons;
  readonly #shell = findShell();
  readonly #startedAt = Date.now();
  /** Services that are kept up without an app, and by how many. */
  readonly #held = new Map<string, number>();
  readonly #outages: Outages;
  readonly #scope = new Scope();

  /** @throws PaasError `STATE_NOT_WRITABLE`, `STATE_UNREADABLE` */
  constructor(options: PlatformOptions) {
    const { paths, serviceTypes } = options;
    this.#options = options;
    this.#paths = paths;
    makeSpace(paths);
    this.#state = new SpaceState(options.temporary ? undefined : paths.record);
    const report = (event: PlatformEvent) => this.#report(event);
    this.#logs = new SpaceLogs(paths, (line) => report({ kind: 'log', line }));
    this.events = new EventHistory(paths);
    this.#nodes = new Nodes({
      types: serviceTypes,
      stored: () => this.#state.record.nodes ?? {},
      save: (component, config) => this.#state.saveNode(component, config),
    });
    this.#services = new Services({
      nodes: this.#nodes,
      types: serviceTypes,
      paths,
      guardian: options.guardian,
      searchPath: options.searchPath,
      sameThread: options.sameThread === true,
      relays: options.relays === true,
      records: () => this.#state.record.services,
      save: (name, service) => this.#state.saveService(name, service),
      logFor: (name) => this.#logs.of('service', name),
      report,
    });
    this.#door = new RouterDoor({
      port: options.port,
      strictPorts: options.strictPorts,
      apps: () => this.#apps.values(),
      appNamed: (name) => this.#apps.get(name),
      report,
      onRequest: options.onRequest,
      disturbance: () => this.#outages.disturbance(),
    });
    this.#watches = new Watches({
      record: () => this.#state.record,
      serviceTypes,
      provision: (plan) => this.#services.provision(plan),
      report,
    });
    this.#changes = new Changes({
      state: this.#state,
      watches: this.#watches,
      routesChanged: () => this.#door.update(),
      report,
    });
    this.byHand = new ByHandChanges(this.#changes);
    this.serviceChanges = new ServiceChanges({
      types: serviceTypes,
      paths,
      state: this.#state,
      logs: this.#logs,
      services: this.#services,
      apps: () => this.#apps.values(),
    });
    this.tasks = new Tasks({
      shell: this.#shell,
      guardian: options.guardian,
      graceMs: options.graceMs ?? GRACE_MS,
      save: (app, tasks) => this.#changes.remember(app, { tasks }),
      report,
      ended: () => void this.stopUnusedServices(),
    });
    this.#scope.defer(() => Promise.all([this.#logs.flush(), this.events.flush()]));
    this.#scope.use(this.#drains);
    this.#scope.use(this.#door);
    this.#scope.defer(() => this.#services.stopAll());
    this.#outages = new Outages({
      services: this.#services,
      apps: this.#apps,
      serviceNames: () => Object.keys(this.#state.record.services),
    });
    this.#scope.defer(() => this.#closeApps());
    this.#scope.use(this.#outages);
    this.#scope.defer(() => this.tasks.endAll());
    this.crons = this.#scope.use(
      new Crons({ apps: () => this.#apps.values(), shell: this.#shell, guardian: options.guardian }),
    );
    for (const app of Object.values(this.#state.record.apps)) this.#addApp(takenOver(app));
  }

  /** Why the record had to be begun anew, if it had. */
  get problem(): PaasError | undefined {
    return this.#state.problem;
  }

  /**
   * Makes what the manifest asks for, app by app in its order; resolves when all are healthy.
   * @throws PaasError; apps that were up before the failing one stay up
   */
  async push(request: PushRequest, signal?: AbortSignal): Promise<readonly AppSnapshot[]> {
    const { source, toolEnv, detached, fromCopy = false, strategy = 'restart' } = request;
    const { manifest, notes } = withStoredEnv(request.manifest, this.#state.record, source.envMode);
    const plan = planFor(manifest, source, this.#state.record, this.#options.serviceTypes);
    await this.#door.open(request.router);
    for (const service of plan.services) {
      const url = request.binds?.[service.name];
      this.#services.provision(service, { url, mayBeMissing: request.allowMissingServices === true });
    }
    for (const appPlan of plan.apps) {
      const shellEnv = inheritedEnv(toolEnv);
      const app = this.#apps.get(appPlan.name) ?? this.#addApp(newApp(appPlan, source, shellEnv, detached));
      for (const text of notes.get(app.name) ?? [])
        app.log.append({ source: 'API', instance: 0, stream: 'OUT', text });
      this.#warn(app, appPlan);
      try {
        const { attach, maxBackoffMs } = request;
        if (attach && !appPlan.processes.some(({ type }) => type === attach.process)) {
          const known = appPlan.processes.map(({ type }) => type);
          throw new PaasError('PROCESS_NOT_FOUND', { app: app.name, process: attach.process, known });
        }
        const pushed = {
          source,
          shellEnv,
          detached,
          toolEnv,
          strategy,
          fromCopy,
          ...(attach ? { attach } : {}),
          ...(maxBackoffMs === undefined ? {} : { maxBackoffMs }),
        };
        await this.#changes.push(app, appPlan, pushed, signal);
      } catch (error) {
        void this.stopUnusedServices();
        throw error;
      }
    }
    return plan.apps.map(({ name }) => this.app(name).snapshot());
  }

  /**
   * Starts the services the manifest asks for and none of its apps; `env` tells what those would be given.
   * @throws PaasError
   */
  async startServices(
    { manifest, source, toolEnv, binds = {} }: PushRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const plan = planFor(
      manifest,
      { ...source, servicesOnly: true },
      this.#state.record,
      this.#options.serviceTypes,
    );
    for (const service of plan.services) this.#services.provision(service, { url: binds[service.name] });
    for (const appPlan of plan.apps) {
      if (!this.#apps.has(appPlan.name)) this.#addApp(newApp(appPlan, source, inheritedEnv(toolEnv), false));
    }
    await this.#services.start(
      plan.services.map(({ name }) => name),
      signal,
    );
  }

  /** Starts a stopped app as it was last pushed. Does nothing when it runs. */
  async start(name: string, signal?: AbortSignal): Promise<AppSnapshot> {
    const how = { action: 'start', because: 'started by hand', strategy: 'restart' } as const;
    return this.#startAgain(name, how, signal);
  }

  /** Brings back what an earlier host ran for no terminal and nobody stopped since. */
  async restore(signal?: AbortSignal): Promise<Restored> {
    await this.#door.open();
    return restore(this.#apps.values(), this.#changes, signal);
  }

  /** Nothing comes back after this host: it was ended by hand. */
  standDown(): void {
    for (const app of this.#apps.values()) this.#changes.standDown(app);
  }

  /** Stops and starts an app; requests that come meanwhile are held. Starts it when it was stopped. */
  async restart(name: string, signal?: AbortSignal, strategy: Strategy = 'restart'): Promise<AppSnapshot> {
    return this.#startAgain(name, { action: 'restart', because: 'restarted by hand', strategy }, signal);
  }

  /** Stages an app anew and restarts it. */
  async restage(name: string, signal?: AbortSignal, strategy: Strategy = 'restart'): Promise<AppSnapshot> {
    return this.#startAgain(name, { action: 'restage', because: 'restaged by hand', strategy }, signal);
  }

  async restartInstance(name: string, type: string, index: number, signal?: AbortSignal): Promise<void> {
    await this.#changes.restartInstance(this.app(name), type, index, signal);
  }

  /** Stops an app and the services nothing else needs. Cuts short whatever is under way with it. */
  async stop(name: string, because = 'stopped by hand', graceMs?: number): Promise<AppSnapshot> {
    const app = this.app(name);
    await this.#changes.stop(app, because, graceMs);
    await this.crons.end(app);
    await this.stopUnusedServices();
    return app.snapshot();
  }

  /** Ends an app's processes at once, without grace. */
  async kill(name: string): Promise<void> {
    await this.app(name).kill();
  }

  /** Stops an app and forgets it: record, logs, folders. Its services stay. */
  async delete(name: string): Promise<void> {
    await this.tasks.endAll(this.app(name));
    await this.stop(name, 'deleted');
    this.#apps.delete(name);
    this.#state.saveApp(name, undefined);
    await this.#logs.remove('app', name);
    await this.events.remove(name);
    await this.#drains.close(name);
    rmSync(absolutePath(fileNameFor(name), this.#paths.apps), { recursive: true, force: true });
    this.#door.update();
    this.#report({ kind: 'app-deleted', app: name as AppName });
  }

  /**
   * A program of a service's engine, pointed at it; the service is kept up until it is released.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_WITHOUT_CLIENT`, `SERVICE_CLIENT_MISSING`, `SERVICE_*`
   */
  async borrowService(name: string, purpose: ClientPurpose, signal: AbortSignal) {
    const release = await this.#holdService(name, signal);
    try {
      return { program: this.#services.client(name, purpose), release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Empties a service: as it was when it was new. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_NOT_OURS` */
  async resetService(name: string, signal: AbortSignal): Promise<void> {
    const release = await this.#holdService(name, signal);
    try {
      await this.#services.instance(name)!.reset();
    } finally {
      await release();
    }
  }

  /**
   * Ends a service and removes its data for good.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_IN_USE` while an app runs with it
   */
  async deleteService(name: string): Promise<void> {
    this.#serviceNamed(name);
    const users = [...this.#apps.values()].filter(
      ({ state, inUse, plan }) =>
        (state !== 'stopped' || inUse) && plan.bindings.includes(name as ServiceName),
    );
    if (users.length > 0 || this.#held.has(name)) {
      throw new PaasError('SERVICE_IN_USE', { service: name, apps: users.map((app) => app.name) });
    }
    await this.#services.remove(name as ServiceName);
    await this.#logs.remove('service', name);
  }

  /** How to run a program in an app's environment; its services are kept up until it is released. */
  async borrow(name: string, signal: AbortSignal) {
    const app = this.app(name);
    const use = app.use();
    const release = async (): Promise<void> => {
      use[Symbol.dispose]();
      await this.stopUnusedServices();
    };
    try {
      const { system, exports } = await app.prepareOneOff('a command is run in it', signal);
      // Should this host die, its guardian ends the program too.
      const env = { ...system, [RUN_VARIABLE]: this.#options.guardian.runId };
      return { shell: this.#shell, root: app.home, env, exports, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** The configuration of the services' nodes. @throws PaasError `NODE_NOT_FOUND` */
  nodeConfig(component?: string): Readonly<Record<string, NodeConfig>> {
    return this.#nodes.config(component);
  }

  /** @returns whether anything here reads it. @throws PaasError `NODE_*` */
  setNodeConfig(component: string, path: string, setting: NodeSetting): boolean {
    return this.#nodes.set(component, path, setting);
  }

  /**
   * Starts the instances of a node anew, with what its configuration says now. Apps are not restarted.
   * @returns the names of the services. @throws PaasError `NODE_NOT_FOUND`, `SERVICE_*`
   */
  restartNode(component: string): Promise<readonly string[]> {
    return this.#services.restartAll(this.#nodes.restart(component));
  }

  /** @throws PaasError `SERVICE_NOT_RUNNING`, `SERVICE_WITHOUT_CONSOLE` */
  openConsole(service: string, path: string): Promise<void> {
    return this.#services.openConsole(service, path);
  }

  env(name: string, process?: string): AppEnv {
    return this.app(name).env(process);
  }

  async serviceStats(name: string): Promise<Readonly<Record<string, string | number>>> {
    return this.#services.stats(name);
  }

  async serviceContents(name: string): Promise<readonly string[]> {
    return this.#services.contents(name);
  }

  /** Credentials as the bound apps see them, or as the type would give them to a Stackato app when none is bound. */
  serviceBinding(name: string) {
    const bound = [...this.#apps.values()].find(({ plan }) => plan.bindings.includes(name as ServiceName));
    return (
      bound && this.#services.boundTo(bound.plan, bound.record.id).find((service) => service.name === name)
    );
  }

  /** Outages on demand. */
  get outages(): Outages {
    return this.#outages;
  }

  /** A running service instance; undefined where it does not run. */
  service(name: string): ServiceInstance | undefined {
    return this.#services.instance(name);
  }

  /** An address that reaches this app by a plain loopback name. */
  async ownUrl(name: string): Promise<string> {
    return this.#door.ownUrl(this.app(name));
  }

  /** Whether the router has requests under way. */
  get routing(): boolean {
    return this.#door.busy;
  }

  /** The log of an app or a service. */
  log(owner: string): Log | undefined {
    return (
      this.#apps.get(owner)?.log ?? (this.#state.service(owner) ? this.#logs.of('service', owner) : undefined)
    );
  }

  snapshot(): Snapshot {
    const port = this.#door.port;
    return {
      space: this.#paths.name,
      host: { pid: process.pid, version: VERSION, startedAt: this.#startedAt },
      ...(port === undefined ? {} : { router: { port } }),
      apps: [...this.#apps.values()].map((app) => app.snapshot()),
      services: Object.keys(this.#state.record.services).map((name) => this.#serviceSnapshot(name)),
    };
  }

  /** Told of every event from now on. A listener that throws is a bug of ours. */
  subscribe(listener: (event: PlatformEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** True while an app or a task runs or is about to. */
  get busy(): boolean {
    return [...this.#apps.values()].some(
      ({ state, name, inUse }) =>
        inUse ||
        (state !== 'stopped' && state !== 'crashed') ||
        (state === 'crashed' && this.#watches.has(name)),
    );
  }

  /** @throws PaasError `APP_NOT_FOUND` with the nearest name */
  app(name: string): App {
    const app = this.#apps.get(name);
    if (app) return app;
    const known = [...this.#apps.keys()];
    throw new PaasError('APP_NOT_FOUND', { app: name, known, suggestion: suggest(name, known) ?? null });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope.close();
  }

  async #startAgain(name: string, how: StartAgain, signal: AbortSignal | undefined): Promise<AppSnapshot> {
    const app = this.app(name);
    await this.#door.open();
    await this.#changes.startAgain(app, how, signal);
    return app.snapshot();
  }

  async #closeApps(): Promise<void> {
    const running = [...this.#apps.values()].filter(({ state }) => state !== 'stopped');
    await Promise.all(running.toReversed().map((app) => this.#changes.close(app)));
  }

  /** @returns what lets go of it */
  async #holdService(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
    this.#serviceNamed(name);
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    const release = async (): Promise<void> => {
      const left = (this.#held.get(name) ?? 1) - 1;
      if (left > 0) this.#held.set(name, left);
      else this.#held.delete(name);
      await this.stopUnusedServices();
    };
    try {
      await this.#services.start([name as ServiceName], signal);
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** @throws PaasError `SERVICE_NOT_FOUND` */
  #serviceNamed(name: string): void {
    if (this.#state.service(name)) return;
    const known = Object.keys(this.#state.record.services);
    throw new PaasError('SERVICE_NOT_FOUND', {
      service: name,
      known,
      suggestion: suggest(name, known) ?? null,
    });
  }

  /** Stops the services that no app needs. */
  async stopUnusedServices(): Promise<void> {
    if (this.#options.keepServices) return;
    const needed = new Set(
      [...this.#apps.values()]
        .filter(({ state, inUse }) => state !== 'stopped' || inUse)
        .flatMap(({ plan }) => plan.bindings),
    );
    const idle = Object.keys(this.#state.record.services).filter(
      (name) => !needed.has(name as ServiceName) && !this.#held.has(name),
    );
    await Promise.all(idle.map((name) => this.#services.stop(name as ServiceName)));
  }

  /** Says which services an app's dependencies will not get on with. */
  #warn(app: App, plan: AppPlan): void {
    const dependsOn = dependenciesOf(openAppSource(plan.root), plan.manifest);
    for (const text of this.#services.warnings(plan, dependsOn))
      app.log.append({ source: 'API', instance: 0, stream: 'ERR', text: `warning: ${text}` });
  }

  #addApp(record: AppRecord): App {
    const app = new App(
      record,
      this.#logs.of('app', record.plan.name),
      { ...record.shellEnv },
      {
        paths: this.#paths,
        shell: this.#shell,
        guardian: this.#options.guardian,
        policy: this.#options.policy ?? CLOUD_FOUNDRY_POLICY,
        graceMs: this.#options.graceMs ?? GRACE_MS,
        report: (event) => this.#report(event),
        space: () => this.#state.record,
        services: (plan, id) => this.#services.boundTo(plan, id),
        startServices: (plan, signal) => this.#services.start(plan.bindings, signal),
        routesChanged: () => this.#door.update(),
        drained: (instanceId, boundMs) => this.#door.drained(instanceId, boundMs),
        urls: (plan) => this.#door.urls(plan.routes),
      },
    );
    this.#apps.set(app.name, app);
    return app;
  }

  #serviceSnapshot(name: string): ServiceSnapshot {
    const { plan } = this.#state.service(name)!;
    const bound = [...this.#apps.values()].filter((app) => app.plan.bindings.includes(plan.name));
    return this.#services.snapshot(
      name,
      bound.map((app) => app.name),
    );
  }

  #report(event: PlatformEvent): void {
    this.events.add(event);
    if (event.kind === 'log') {
      const app = this.#apps.get(event.line.owner);
      if (app && event.line.source !== event.line.owner) this.#drains.send(app, event.line);
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function newApp(
  plan: AppPlan,
  source: ManifestSource,
  shellEnv: Readonly<Record<string, string>>,
  detached: boolean,
): AppRecord {
  return {
    id: randomUUID(),
    version: randomUUID(),
    plan,
    desired: 'stopped',
    byHand: NOTHING_BY_HAND,
    source,
    shellEnv,
    detached,
  };
}
