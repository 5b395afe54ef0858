/**
 * The one owner: holds what runs, applies plans, closes in reverse. A push and an edit of a file go the same way:
 * manifest → plan → changes → apps. Everything that happens is reported as an event; nothing is printed here. What each
 * part does is told in its file under `platform/`; `platform/parts.ts` joins them.
 */
import type { NodeConfig, ServiceInstance } from '../services/kit/contract.ts';
import type { AppEnv } from './env/build-env.ts';
import type { PlatformEvent } from './events.ts';
import type { PaasError } from './kernel/errors.ts';
import { VERSION } from './kernel/version.ts';
import type { Log } from './logs/log.ts';
import type { Restored } from './platform/after-host.ts';
import type { AppDrains } from './platform/app-drains.ts';
import type { App, Attachment } from './platform/app.ts';
import type { ByHandChanges } from './platform/by-hand-changes.ts';
import type { Strategy } from './platform/changes.ts';
import type { Crons } from './platform/crons.ts';
import type { EventHistory } from './platform/event-history.ts';
import type { NodeSetting } from './platform/nodes.ts';
import type { PlatformOptions } from './platform/options.ts';
import type { Outages } from './platform/outages.ts';
import { makeParts, type Parts } from './platform/parts.ts';
import type { PushRequest } from './platform/pushes.ts';
import type { ServiceSnapshots } from './platform/service-snapshots.ts';
import type { ClientPurpose } from './platform/service-client.ts';
import type { ServiceChanges } from './platform/service-changes.ts';
import type { Tasks } from './platform/tasks.ts';
import type { InstanceName } from './platform/app-commands.ts';
import type { AppSnapshot, Snapshot } from './snapshot.ts';

export type { PlatformOptions } from './platform/options.ts';
export type { PushRequest } from './platform/pushes.ts';

export class Platform implements AsyncDisposable {
  readonly #space: string;
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  /** What happened to each app. */
  readonly events: EventHistory;
  /** `scale`, `set-env`, `map-route`, `bind-service` and their opposites. */
  readonly byHand: ByHandChanges;
  /** What is done to service instances by hand. */
  readonly serviceChanges: ServiceChanges;
  readonly tasks: Tasks;
  /** Where else log lines go. */
  readonly drains: AppDrains;
  /** The `cron` lines of apps. */
  readonly crons: Crons;
  /** Outages on demand. */
  readonly outages: Outages;

  /** @throws PaasError `STATE_NOT_WRITABLE`, `STATE_UNREADABLE` */
  constructor(options: PlatformOptions) {
    this.#space = options.paths.name;
    const parts = makeParts(options);
    this.#parts = parts;
    this.events = parts.history;
    this.byHand = parts.byHand;
    this.serviceChanges = parts.serviceChanges;
    this.tasks = parts.tasks;
    this.drains = parts.drains;
    this.crons = parts.crons;
    this.outages = parts.outages;
  }

  /** Why the record had to be begun anew, if it had. */
  get problem(): PaasError | undefined {
    return this.#parts.state.problem;
  }

  /**
   * Makes what the manifest asks for, app by app in its order; resolves when all are healthy.
   * @throws PaasError; apps that were up before the failing one stay up
   */
  push(request: PushRequest, signal?: AbortSignal): Promise<readonly AppSnapshot[]> {
    return this.#parts.pushes.push(request, signal);
  }

  /**
   * Starts the services the manifest asks for and none of its apps; `env` tells what those would be given.
   * @throws PaasError
   */
  startServices(request: PushRequest, signal: AbortSignal): Promise<void> {
    return this.#parts.pushes.startServices(request, signal);
  }

  /** Starts a stopped app as it was last pushed. Does nothing when it runs. */
  start(name: string, signal?: AbortSignal): Promise<AppSnapshot> {
    return this.#parts.commands.start(name, signal);
  }

  /** Brings back what an earlier host ran for no terminal and nobody stopped since. */
  restore(signal?: AbortSignal): Promise<Restored> {
    return this.#parts.commands.restore(signal);
  }

  /** Nothing comes back after this host: it was ended by hand. */
  standDown(): void {
    const { apps, changes } = this.#parts;
    for (const app of apps) changes.standDown(app);
  }

  /** Stops and starts an app; requests that come meanwhile are held. Starts it when it was stopped. */
  restart(name: string, signal?: AbortSignal, strategy?: Strategy): Promise<AppSnapshot> {
    return this.#parts.commands.restart(name, signal, strategy);
  }

  /** Stages an app anew and restarts it. */
  restage(name: string, signal?: AbortSignal, strategy?: Strategy): Promise<AppSnapshot> {
    return this.#parts.commands.restage(name, signal, strategy);
  }

  async restartInstance(name: string, type: string, index: number, signal?: AbortSignal): Promise<void> {
    await this.#parts.changes.restartInstance(this.app(name), type, index, signal);
  }

  /** Takes back the terminal an app was given: the process that has it is started again without, where it runs. */
  async takeTerminal(name: string, attachment: Attachment): Promise<void> {
    await this.#parts.changes.takeTerminal(this.app(name), attachment);
  }

  /** Stops an app and the services nothing else needs. Cuts short whatever is under way with it. */
  stop(name: string, because?: string, graceMs?: number): Promise<AppSnapshot> {
    return this.#parts.commands.stop(name, because, graceMs);
  }

  /** Ends an app's processes at once, without grace. */
  async kill(name: string): Promise<void> {
    await this.app(name).kill();
  }

  /** Stops an app and forgets it: record, logs, folders. Its services stay. */
  delete(name: string): Promise<void> {
    return this.#parts.commands.delete(name);
  }

  /** How to run a program in an app's environment; its services are kept up until it is released. */
  borrow(name: string, signal: AbortSignal, instance?: InstanceName) {
    return this.#parts.commands.borrow(name, signal, instance);
  }

  /** See `ServiceNeeds.borrow`. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_*` */
  borrowService(name: string, purpose: ClientPurpose, signal: AbortSignal) {
    return this.#parts.needs.borrow(name, purpose, signal);
  }

  /** Empties a service: as it was when it was new. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_NOT_OURS` */
  resetService(name: string, signal: AbortSignal): Promise<void> {
    return this.#parts.needs.reset(name, signal);
  }

  /** See `ServiceSnapshots`. */
  get serviceSnapshots(): ServiceSnapshots {
    return this.#parts.services.snapshots;
  }

  /** Ends a service and removes its data for good. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_IN_USE` */
  deleteService(name: string): Promise<void> {
    return this.#parts.needs.delete(name);
  }

  /** Stops the services that no app needs. */
  stopUnusedServices(): Promise<void> {
    return this.#parts.needs.stopUnused();
  }

  /** The configuration of the services' nodes. @throws PaasError `NODE_NOT_FOUND` */
  nodeConfig(component?: string): Readonly<Record<string, NodeConfig>> {
    return this.#parts.nodes.config(component);
  }

  /** @returns whether anything here reads it. @throws PaasError `NODE_*` */
  setNodeConfig(component: string, path: string, setting: NodeSetting): boolean {
    return this.#parts.nodes.set(component, path, setting);
  }

  /**
   * Starts the instances of a node anew, with what its configuration says now. Apps are not restarted.
   * @returns the names of the services. @throws PaasError `NODE_NOT_FOUND`, `SERVICE_*`
   */
  restartNode(component: string): Promise<readonly string[]> {
    const { services, nodes } = this.#parts;
    return services.restartAll(nodes.restart(component));
  }

  /** @throws PaasError `SERVICE_NOT_RUNNING`, `SERVICE_WITHOUT_CONSOLE` */
  openConsole(service: string, path: string): Promise<void> {
    return this.#parts.services.openConsole(service, path);
  }

  env(name: string, process?: string): AppEnv {
    return this.app(name).env(process);
  }

  serviceStats(name: string): Promise<Readonly<Record<string, string | number>>> {
    return this.#parts.services.stats(name);
  }

  serviceContents(name: string): Promise<readonly string[]> {
    return this.#parts.services.contents(name);
  }

  /** Credentials as the bound apps see them; undefined where none is bound. */
  serviceBinding(name: string) {
    const { apps, services } = this.#parts;
    const [bound] = apps.boundTo(name);
    return bound && services.boundTo(bound.plan, bound.record.id).find((service) => service.name === name);
  }

  /** A running service instance; undefined where it does not run. */
  service(name: string): ServiceInstance | undefined {
    return this.#parts.services.instance(name);
  }

  /** An address that reaches this app by a plain loopback name. */
  async ownUrl(name: string): Promise<string> {
    return this.#parts.door.ownUrl(this.app(name));
  }

  /** Whether the router has requests under way. */
  get routing(): boolean {
    return this.#parts.door.busy;
  }

  /** The log of an app or a service. */
  log(owner: string): Log | undefined {
    const { apps, state, logs } = this.#parts;
    return apps.get(owner)?.log ?? (state.service(owner) ? logs.of('service', owner) : undefined);
  }

  snapshot(): Snapshot {
    const { apps, services, state, door } = this.#parts;
    return {
      space: this.#space,
      host: { pid: process.pid, version: VERSION, startedAt: this.#startedAt },
      ...(door.port === undefined
        ? {}
        : {
            router: { port: door.port, ...(door.tlsPort === undefined ? {} : { tlsPort: door.tlsPort }) },
          }),
      apps: [...apps].map((app) => app.snapshot()),
      services: Object.keys(state.record.services).map((name) => {
        const bound = apps.boundTo(name).map((app) => app.name);
        return services.snapshot(name, bound);
      }),
    };
  }

  /** Told of every event from now on. A listener that throws is a bug of ours. */
  subscribe(listener: (event: PlatformEvent) => void): Disposable {
    return this.#parts.reports.subscribe(listener);
  }

  /** True while an app or a task runs or is about to. */
  get busy(): boolean {
    const { apps, watches } = this.#parts;
    return [...apps].some(
      ({ state, name, oneOffs }) =>
        oneOffs.inUse ||
        (state !== 'stopped' && state !== 'crashed') ||
        (state === 'crashed' && watches.has(name)),
    );
  }

  /** @throws PaasError `APP_NOT_FOUND` with the nearest name */
  app(name: string): App {
    return this.#parts.apps.named(name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.scope.close();
  }
}
