/**
 * The one owner: holds what runs, applies plans, closes in reverse. A push and an edit of a file go the same way:
 * manifest → plan → changes → apps. Everything that happens is reported as an event; nothing is printed here.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { ServiceType } from '../services/kit/contract.ts';
import type { Guardian } from '../services/kit/guardian.ts';
import { Scope } from '../services/kit/scope.ts';
import type { AppEnv } from './env/build-env.ts';
import { inheritedEnv } from './env/shell-env.ts';
import type { PlatformEvent } from './events.ts';
import { PaasError } from './kernel/errors.ts';
import { absolutePath, type AppName, type ServiceName } from './kernel/names.ts';
import { suggest } from './kernel/suggest.ts';
import { removeLogFiles } from './logs/log-file.ts';
import { Log } from './logs/log.ts';
import type { Manifest } from './manifest/types.ts';
import { diffApp } from './plan/diff-plan.ts';
import type { AppPlan } from './plan/types.ts';
import { App } from './platform/app.ts';
import { AppWatch } from './platform/app-watch.ts';
import { planFor } from './platform/plan-for.ts';
import { RouterDoor } from './platform/router-door.ts';
import { Services } from './platform/services.ts';
import { findShell } from './platform/shell.ts';
import type { AppSnapshot, ServiceSnapshot, Snapshot } from './snapshot.ts';
import { fileNameFor, logFile, makeSpace, type SpacePaths } from './state/home.ts';
import {
  loadRecord,
  saveRecord,
  type AppRecord,
  type ManifestSource,
  type SpaceRecord,
} from './state/record.ts';
import { CLOUD_FOUNDRY_POLICY } from './supervisor/backoff.ts';
import type { RestartPolicy } from './supervisor/types.ts';
import { VERSION } from './kernel/version.ts';

export interface PlatformOptions {
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
  readonly serviceTypes: readonly ServiceType[];
  /** The front door's port; the next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  readonly strictPorts: boolean;
  readonly policy?: RestartPolicy;
  /** From TERM to KILL, for apps. */
  readonly graceMs?: number;
}

export interface PushRequest {
  readonly manifest: Manifest;
  readonly source: ManifestSource;
  /** `toolEnv` of the pushing shell. */
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly detached: boolean;
}

const GRACE_MS = 10_000;

export class Platform implements AsyncDisposable {
  readonly #options: PlatformOptions;
  readonly #paths: SpacePaths;
  #record: SpaceRecord;
  readonly #apps = new Map<string, App>();
  readonly #watches = new Map<string, AppWatch>();
  readonly #logs = new Map<string, Log>();
  readonly #listeners = new Set<(event: PlatformEvent) => void>();
  readonly #services: Services;
  readonly #door: RouterDoor;
  readonly #shell = findShell();
  readonly #startedAt = Date.now();
  readonly #scope = new Scope();
  /** Why the record had to be begun anew, if it had. */
  readonly problem: PaasError | undefined;

  /** @throws PaasError `STATE_NOT_WRITABLE`, `STATE_UNREADABLE` */
  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#paths = options.paths;
    makeSpace(options.paths);
    const { record, problem } = loadRecord(options.paths.record);
    this.#record = record;
    this.problem = problem;
    const report = (event: PlatformEvent) => this.#report(event);
    this.#services = new Services({
      types: options.serviceTypes,
      paths: options.paths,
      records: () => this.#record.services,
      save: (name, service) => this.#save({ services: assign(this.#record.services, name, service) }),
      logFor: (name) => this.#logFor('service', name),
      report,
    });
    this.#door = new RouterDoor({
      port: options.port,
      strictPorts: options.strictPorts,
      apps: () => this.#apps.values(),
      appNamed: (name) => this.#apps.get(name),
      report,
    });
    this.#scope.defer(() => Promise.all([...this.#logs.values()].map((log) => log.flush())));
    this.#scope.use(this.#door);
    this.#scope.defer(() => this.#services.stopAll());
    this.#scope.defer(() => this.#stopAllApps());
    for (const [name, app] of Object.entries(record.apps)) this.#apps.set(name, this.#makeApp(app));
  }

  /**
   * Makes what the manifest asks for, app by app in its order; resolves when all are healthy.
   * @throws PaasError; apps that were up before the failing one stay up
   */
  async push(request: PushRequest, signal?: AbortSignal): Promise<readonly AppSnapshot[]> {
    const { manifest, source, toolEnv, detached } = request;
    const plan = planFor(manifest, source, this.#record, this.#options.serviceTypes);
    await this.#door.open();
    for (const service of plan.services) this.#services.provision(service);
    for (const appPlan of plan.apps) {
      const shellEnv = inheritedEnv(toolEnv);
      await this.#pushApp(appPlan, { source, shellEnv, detached }, toolEnv, signal);
    }
    return plan.apps.map(({ name }) => this.app(name).snapshot());
  }

  /** Starts a stopped app as it was last pushed. Does nothing when it runs. */
  start(name: string, signal?: AbortSignal): Promise<AppSnapshot> {
    return this.#startAgain(name, 'started by hand', false, signal);
  }

  /** Stops and starts an app; requests that come meanwhile are held. Starts it when it was stopped. */
  restart(name: string, signal?: AbortSignal): Promise<AppSnapshot> {
    return this.#startAgain(name, 'restarted by hand', true, signal);
  }

  /** Stops an app and the services nothing else needs. Cuts short whatever is under way with it. */
  async stop(name: string, because = 'stopped by hand', graceMs?: number): Promise<AppSnapshot> {
    const app = this.app(name);
    app.interrupt();
    await app.exclusively(async () => {
      await this.#unwatch(name);
      if (this.#record.apps[name]) this.#saveApp({ ...app.record, desired: 'stopped' });
      await app.shutdown(because, 'stopped', graceMs);
    });
    await this.#stopUnusedServices();
    return app.snapshot();
  }

  /** Ends an app's processes at once, without grace. */
  async kill(name: string): Promise<void> {
    await this.app(name).kill();
  }

  /** Stops an app and forgets it: record, logs, folders. Its services stay. */
  async delete(name: string): Promise<void> {
    const app = this.app(name);
    await this.stop(name, 'deleted');
    this.#apps.delete(name);
    this.#save({ apps: assign(this.#record.apps, name, undefined) });
    await app.log.flush();
    const path = logFile(this.#paths, 'app', name);
    this.#logs.delete(path);
    removeLogFiles(path);
    rmSync(absolutePath(fileNameFor(name), this.#paths.apps), { recursive: true, force: true });
    this.#door.update();
    this.#report({ kind: 'app-deleted', app: name as AppName });
  }

  env(name: string, process?: string): AppEnv {
    return this.app(name).env(process);
  }

  async serviceStats(name: string): Promise<Readonly<Record<string, string | number>>> {
    return this.#services.stats(name);
  }

  /** Credentials as the bound apps see them, or as the type would give them to a Stackato app when none is bound. */
  serviceBinding(name: string) {
    const bound = [...this.#apps.values()].find(({ plan }) => plan.bindings.includes(name as ServiceName));
    return (
      bound && this.#services.boundTo(bound.plan, bound.record.id).find((service) => service.name === name)
    );
  }

  /** The log of an app or a service. */
  log(owner: string): Log | undefined {
    return (
      this.#apps.get(owner)?.log ??
      (this.#record.services[owner] ? this.#logFor('service', owner) : undefined)
    );
  }

  snapshot(): Snapshot {
    const port = this.#door.port;
    return {
      space: this.#paths.name,
      host: { pid: process.pid, version: VERSION, startedAt: this.#startedAt },
      ...(port === undefined ? {} : { router: { port } }),
      apps: [...this.#apps.values()].map((app) => app.snapshot()),
      services: Object.keys(this.#record.services).map((name) => this.#serviceSnapshot(name)),
    };
  }

  /** Told of every event from now on. A listener that throws is a bug of ours. */
  subscribe(listener: (event: PlatformEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** True while an app runs or is about to. */
  get busy(): boolean {
    return (
      [...this.#apps.values()].some(({ state }) => state !== 'stopped' && state !== 'crashed') ||
      this.#crashedButTrying
    );
  }

  get #crashedButTrying(): boolean {
    return [...this.#apps.values()].some(
      ({ state, plan }) => state === 'crashed' && this.#watches.has(plan.name),
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

  async #pushApp(
    plan: AppPlan,
    pushed: Pick<AppRecord, 'source' | 'shellEnv' | 'detached'>,
    toolEnv: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const known = this.#apps.get(plan.name);
    const app =
      known ??
      this.#makeApp({
        id: randomUUID(),
        version: randomUUID(),
        plan,
        desired: 'stopped',
        setEnv: {},
        ...pushed,
      });
    this.#apps.set(plan.name, app);
    await app.exclusively(async (inner) => {
      const because = known ? 'pushed again' : 'first push';
      const setEnv = app.record.setEnv;
      // Pushed with --detach once, it belongs to no terminal until it is stopped.
      const detached = pushed.detached || (app.record.detached && app.record.desired === 'started');
      app.toolEnv = toolEnv;
      this.#saveApp({
        id: app.record.id,
        version: randomUUID(),
        plan,
        desired: 'started',
        setEnv,
        ...pushed,
        detached,
      });
      this.#report({ kind: 'change-started', app: plan.name, action: 'push', because });
      await this.#unwatch(plan.name);
      this.#door.update();
      try {
        await app.stage(because, inner);
        if (known) await app.shutdown(because, 'starting');
        await this.#launchWatched(app, because, inner);
      } catch (error) {
        this.#saveApp({ ...app.record, desired: 'stopped' });
        await app.shutdown(error instanceof PaasError ? error.message : 'the push failed');
        void this.#stopUnusedServices();
        throw error;
      }
    }, signal);
  }

  async #startAgain(
    name: string,
    because: string,
    even: boolean,
    signal: AbortSignal | undefined,
  ): Promise<AppSnapshot> {
    const app = this.app(name);
    await this.#door.open();
    await app.exclusively(async (inner) => {
      if (app.state === 'started' && !even) return;
      this.#saveApp({ ...app.record, desired: 'started' });
      // As on the platform, a start takes what was staged; only a new host has to see to it first.
      if (!app.staged) await app.stage(because, inner);
      await app.shutdown(because, 'starting');
      await this.#launchWatched(app, because, inner);
    }, signal);
    return app.snapshot();
  }

  /** An edit was seen: what it means is planned and applied, with the file as the cause. */
  async #applyEdit(
    app: App,
    next: AppPlan,
    because: string,
    atLeast: 'relaunch' | 'stage' | undefined,
  ): Promise<void> {
    await app.exclusively(async (signal) => {
      if (app.record.desired !== 'started') return;
      const changes = new Set<string>(diffApp(app.plan, next).map(({ kind }) => kind));
      if (atLeast === 'stage') changes.add('stage').add('relaunch');
      if (atLeast === 'relaunch') changes.add('relaunch');
      this.#saveApp({ ...app.record, plan: next });
      if (changes.size === 0) return;
      this.#report({
        kind: 'change-started',
        app: next.name,
        action: changes.has('stage') ? 'restage' : 'restart',
        because,
      });
      if (changes.has('stage')) await app.stage(because, signal);
      if (changes.has('relaunch')) {
        await app.shutdown(because, 'starting');
        await app.launch(because, signal, true);
      }
      this.#door.update();
    });
  }

  /** Watches from before the app is up, so that no edit is missed; a failed launch leaves no watch behind. */
  async #launchWatched(app: App, because: string, signal: AbortSignal): Promise<void> {
    const watching = this.#watch(app);
    const [launched, watched] = await Promise.allSettled([app.launch(because, signal), watching]);
    if (launched.status === 'fulfilled' && watched.status === 'fulfilled') return;
    await this.#unwatch(app.name);
    throw launched.status === 'rejected' ? launched.reason : (watched as PromiseRejectedResult).reason;
  }

  async #watch(app: App): Promise<void> {
    await this.#unwatch(app.name);
    const watch = await AppWatch.open(app, {
      record: () => this.#record,
      serviceTypes: this.#options.serviceTypes,
      provision: (plan) => void this.#services.provision(plan),
      apply: (next, because, atLeast) => this.#applyEdit(app, next, because, atLeast),
      report: (event) => this.#report(event),
    });
    this.#watches.set(app.name, watch);
  }

  async #unwatch(name: string): Promise<void> {
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    await watch?.[Symbol.asyncDispose]();
  }

  async #stopAllApps(): Promise<void> {
    const running = [...this.#apps.values()].filter(({ state }) => state !== 'stopped');
    await Promise.all(
      running.toReversed().map(async (app) => {
        app.interrupt();
        await this.#unwatch(app.name);
        await app.exclusively(() => app.shutdown('the platform is closing'));
      }),
    );
  }

  async #stopUnusedServices(): Promise<void> {
    const needed = new Set(
      [...this.#apps.values()]
        .filter(({ state }) => state !== 'stopped')
        .flatMap(({ plan }) => plan.bindings),
    );
    const idle = Object.keys(this.#record.services).filter((name) => !needed.has(name as ServiceName));
    await Promise.all(idle.map((name) => this.#services.stop(name as ServiceName)));
  }

  #makeApp(record: AppRecord): App {
    return new App(
      record,
      this.#logFor('app', record.plan.name),
      { ...record.shellEnv },
      {
        paths: this.#paths,
        shell: this.#shell,
        guardian: this.#options.guardian,
        policy: this.#options.policy ?? CLOUD_FOUNDRY_POLICY,
        graceMs: this.#options.graceMs ?? GRACE_MS,
        report: (event) => this.#report(event),
        space: () => this.#record,
        services: (plan, id) => this.#services.boundTo(plan, id),
        startServices: (plan, signal) => this.#services.start(plan.bindings, signal),
        routesChanged: () => this.#door.update(),
        drained: (instanceId, boundMs) => this.#door.drained(instanceId, boundMs),
        urls: (app) => this.#door.urls(app.plan.routes),
      },
    );
  }

  #serviceSnapshot(name: string): ServiceSnapshot {
    const { plan, port } = this.#record.services[name]!;
    const pid = this.#services.pid(name);
    return {
      name,
      type: plan.type,
      plan: plan.plan,
      state: this.#services.state(name),
      host: '127.0.0.1',
      port,
      boundApps: [...this.#apps.values()]
        .filter((app) => app.plan.bindings.includes(plan.name))
        .map((app) => app.name),
      ...(pid === undefined ? {} : { pid }),
    };
  }

  #logFor(kind: 'app' | 'service', name: string): Log {
    const path = logFile(this.#paths, kind, name);
    let log = this.#logs.get(path);
    if (!log) {
      log = new Log(name, path, (line) => this.#report({ kind: 'log', line }));
      this.#logs.set(path, log);
    }
    return log;
  }

  #saveApp(record: AppRecord): void {
    const app = this.#apps.get(record.plan.name);
    if (app) app.record = record;
    this.#save({ apps: assign(this.#record.apps, record.plan.name, record) });
  }

  #save(change: Partial<SpaceRecord>): void {
    this.#record = { ...this.#record, ...change };
    saveRecord(this.#paths.record, this.#record);
  }

  #report(event: PlatformEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** A copy with one entry set or left out. Names are the user's: there is no prototype for them to meet. */
function assign<T>(map: Readonly<Record<string, T>>, name: string, value: T | undefined): Record<string, T> {
  const copy = Object.assign(Object.create(null) as Record<string, T>, map);
  if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}
