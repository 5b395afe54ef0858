/** The service instances of a space: started when first needed, kept while a started app is bound to them. */
import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ClientLanguage, Endpoint, ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import type { Faults } from '../../services/kit/faults.ts';
import type { Guardian } from '../../services/kit/guardian.ts';
import { Scope } from '../../services/kit/scope.ts';
import type { BoundService } from '../env/types.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';
import type { ServiceName } from '../kernel/names.ts';
import type { Log } from '../logs/log.ts';
import type { AppPlan, ServicePlan } from '../plan/types.ts';
import type { ServiceSnapshot } from '../snapshot.ts';
import { absolutePath } from '../kernel/names.ts';
import { fileNameFor, type SpacePaths } from '../state/home.ts';
import type { ServiceRecord } from '../state/record.ts';
import { externalEndpoint, openExternal } from './external-service.ts';
import type { Nodes } from './nodes.ts';
import { keepIdentity, keptIdentity } from './kept-identity.ts';
import { HOST, startOurs, type Surroundings } from './own-service.ts';
import { clientProgram, type ClientPurpose, type ReadyProgram } from './service-client.ts';
import { findType } from '../plan/make-plan.ts';

export interface ServicesOptions {
  readonly types: readonly ServiceType[];
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
  /** Servers that are not ours get a relay in front, so that outages can be made. */
  readonly relays: boolean;
  /** Ours serve in this thread. */
  readonly sameThread: boolean;
  /** Where engines are looked for, as in PATH. */
  readonly searchPath: string | undefined;
  readonly nodes: Nodes;
  readonly records: () => Readonly<Record<string, ServiceRecord>>;
  readonly save: (name: string, record: ServiceRecord | undefined) => void;
  readonly logFor: (name: string) => Log;
  readonly report: (event: PlatformEvent) => void;
}

export type DependsOn = (language: ClientLanguage, name: string) => boolean;

/** What a push says of a service besides its plan. */
export interface ServiceWishes {
  /** Of an engine that runs elsewhere; empty goes back to one of ours. */
  readonly url?: string | undefined;
  readonly mayBeMissing?: boolean;
}

interface Running {
  readonly instance: ServiceInstance;
  readonly scope: Scope;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #running = new Map<string, Running>();
  readonly #failed = new Map<string, string>();
  /** Their engine is not installed, and apps were let start without them. */
  readonly #missing = new Set<string>();
  readonly #mutexes = new Map<string, Mutex>();
  /** Got a relay because somebody wanted an outage. */
  readonly #relayed = new Set<string>();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /**
   * Makes the record of a service that does not exist yet: identity minted once, for its whole life.
   * @throws PaasError `SERVICE_CAPACITY_REACHED`, and where it cannot be bound as asked
   */
  provision(plan: ServicePlan, wishes: ServiceWishes = {}): void {
    const type = this.#typeOf(plan);
    const existing = this.#options.records()[plan.name];
    if (!existing) this.#checkCapacity(plan);
    const { external: former, ...kept } = existing ?? {
      id: randomUUID(),
      identity: keptIdentity(this.#dataDir(plan.name)) ?? type.mint(),
      port: 0,
    };
    // Bound elsewhere once, it stays so: an app must not meet another database by a forgotten flag.
    const external = wishes.url ?? former;
    const record: ServiceRecord = {
      ...kept,
      plan,
      ...(external ? { external } : {}),
      ...(wishes.mayBeMissing === undefined ? {} : { mayBeMissing: wishes.mayBeMissing }),
    };
    if (external) this.#endpoint(record);
    this.#options.save(plan.name, record);
    if (external !== former && this.#running.has(plan.name)) this.stop(plan.name).catch(() => {});
  }

  /**
   * Starts what is not running, side by side. One failing stops those this call had started, in reverse.
   * @throws PaasError `SERVICE_*`
   */
  async start(names: readonly ServiceName[], signal: AbortSignal): Promise<void> {
    const begun: ServiceName[] = [];
    const results = await Promise.allSettled(
      names.map(async (name) => {
        if (await this.#mutex(name).run(() => this.#startOne(name, signal))) begun.push(name);
      }),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (!failure) return;
    for (const name of begun.toReversed()) await this.stop(name);
    throw failure.reason;
  }

  async stop(name: ServiceName): Promise<void> {
    await this.#mutex(name).run(() => this.#stopOne(name));
  }

  /**
   * Stops and starts the running instances of a type, each with its port, user, password and name: what they hold
   * in memory is lost, and nobody else is told. @returns their names
   * @throws PaasError `SERVICE_*`
   */
  async restartAll(type: ServiceType): Promise<readonly ServiceName[]> {
    const names = [...this.#running.keys()].filter((name) => {
      const record = this.#options.records()[name];
      return record?.plan.type === type.type && record.external === undefined;
    }) as ServiceName[];
    await Promise.all(names.map((name) => this.#mutex(name).run(() => this.#restartOne(name))));
    return names;
  }

  /** See `ServiceInstance.openConsole`. @throws PaasError `SERVICE_NOT_RUNNING`, `SERVICE_WITHOUT_CONSOLE` */
  async openConsole(name: string, path: string): Promise<void> {
    const running = this.#running.get(name);
    if (!running) throw new PaasError('SERVICE_NOT_RUNNING', { service: name });
    if (!running.instance.openConsole) {
      const type = this.#options.records()[name]?.plan.type ?? '';
      throw new PaasError('SERVICE_WITHOUT_CONSOLE', { service: name, type });
    }
    await running.instance.openConsole(path);
  }

  /** What an app whose dependencies are known this way should hear of the services it is bound to. */
  warnings(app: AppPlan, dependsOn: DependsOn): readonly string[] {
    return app.bindings.flatMap((name) => {
      const record = this.#options.records()[name];
      if (!record || record.external !== undefined) return [];
      const type = this.#typeOf(record.plan);
      const config = this.#options.nodes.of(type) ?? {};
      return (type.warnings?.(record.plan.options, config, dependsOn) ?? []).map(
        (text) => `service "${name}": ${text}`,
      );
    });
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name as ServiceName)));
  }

  instance(name: string): ServiceInstance | undefined {
    return this.#running.get(name)?.instance;
  }

  snapshot(name: string, boundApps: readonly string[]): ServiceSnapshot {
    const record = this.#options.records()[name]!;
    const instance = this.#running.get(name)?.instance;
    const { host, port } = this.#endpoint(record);
    return {
      name,
      type: record.plan.type,
      plan: record.plan.plan,
      state: instance ? 'running' : this.#failed.has(name) ? 'failed' : 'stopped',
      host,
      port,
      boundApps,
      ...(instance ? { pid: instance.pid ?? process.pid, engine: instance.engine } : {}),
    };
  }

  async stats(name: string): Promise<Readonly<Record<string, string | number>>> {
    return (await this.#running.get(name)?.instance.stats()) ?? {};
  }

  async contents(name: string): Promise<readonly string[]> {
    return (await this.#running.get(name)?.instance.contents?.()) ?? [];
  }

  /** @throws PaasError `SERVICE_WITHOUT_CLIENT`, `SERVICE_CLIENT_MISSING` */
  client(name: string, purpose: ClientPurpose): ReadyProgram {
    const record = this.#options.records()[name]!;
    const type = this.#typeOf(record.plan);
    return clientProgram(name, type, this.#endpoint(record), purpose, this.#options.searchPath);
  }

  /** Ends it, and removes it with all its data. */
  async remove(name: ServiceName): Promise<void> {
    await this.#mutex(name).run(async () => {
      await this.#stopOne(name);
      rmSync(this.#dataDir(name), { recursive: true, force: true });
      this.#failed.delete(name);
      this.#missing.delete(name);
      this.#options.save(name, undefined);
    });
  }

  /**
   * Outages of a running service. A server that is not ours is restarted behind a relay for the first of them, on
   * the same port: its clients have to connect anew, and nothing else changes for them.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_CANNOT`
   */
  async faults(name: string): Promise<Faults> {
    const record = this.#options.records()[name];
    if (!record)
      throw new PaasError('SERVICE_NOT_FOUND', {
        service: name,
        known: Object.keys(this.#options.records()),
      });
    const cannot = (reason: string) =>
      new PaasError('SERVICE_CANNOT', { service: name, what: 'make an outage of', reason });
    const type = this.#typeOf(record.plan);
    if (record.external !== undefined) throw cannot('it runs elsewhere');
    if (type.portless) throw cannot('nothing of it listens');
    if (type.noRelay) throw cannot('it serves more than TCP');
    return this.#mutex(name).run(async () => {
      if (!this.#running.has(name)) throw cannot('it does not run');
      if (!this.#running.get(name)!.instance.faults) {
        this.#relayed.add(name);
        this.#options.logFor(name).append({
          source: name,
          instance: 0,
          stream: 'OUT',
          text: 'restarted behind a relay on the same port, so that outages can be made',
        });
        await this.#restartOne(name as ServiceName);
      }
      return this.#running.get(name)!.instance.faults!;
    });
  }

  /** Of those that run and can have any. */
  runningFaults(): readonly (readonly [name: string, faults: Faults])[] {
    return [...this.#running].flatMap(([name, { instance }]) =>
      instance.faults ? [[name, instance.faults] as const] : [],
    );
  }

  /** What `app` sees of the services it is bound to, in binding order. Needs none of them to run. */
  boundTo(app: AppPlan, appId: string): readonly BoundService[] {
    return app.bindings.flatMap((name) => {
      const record = this.#options.records()[name];
      if (!record || this.#missing.has(name)) return [];
      const binding = this.#typeOf(record.plan).bind(
        this.#endpoint(record),
        app.dialect,
        record.plan.options,
      );
      const request = app.manifest.services.find((service) => service.name === name);
      const tags = [...new Set([...binding.tags, ...record.plan.tags])];
      return [
        {
          name,
          type: record.plan.type,
          instanceId: record.id,
          bindingId: stableUuid(`${appId} ${record.id}`),
          ...(request?.bindingName === undefined ? {} : { bindingName: request.bindingName }),
          binding: { ...binding, tags },
        },
      ];
    });
  }

  /** Cannot be cut short: apps are bound to it that run. */
  async #restartOne(name: ServiceName): Promise<void> {
    await this.#stopOne(name);
    try {
      await this.#startOne(name, new AbortController().signal, 'keep the port');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#failed.set(name, message);
      this.#options.report({ kind: 'service-failed', service: name, message });
      throw error;
    }
  }

  async #stopOne(name: ServiceName): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#running.delete(name);
    try {
      await running.scope.close();
      this.#options.report({ kind: 'service-stopped', service: name });
    } catch (error) {
      // Told, not thrown: the stop of an app (or of everything) must not end with the first that resists.
      const message = error instanceof Error ? error.message : String(error);
      this.#failed.set(name, message);
      this.#options.report({ kind: 'service-failed', service: name, message });
    }
  }

  /**
   * @param keep fails where the port cannot be had, because apps know it that run
   * @returns whether it was started here and now
   */
  async #startOne(name: ServiceName, signal: AbortSignal, keep?: 'keep the port'): Promise<boolean> {
    if (this.#running.has(name)) return false;
    const record = this.#options.records()[name];
    if (!record)
      throw new PaasError('SERVICE_NOT_FOUND', {
        service: name,
        known: Object.keys(this.#options.records()),
      });
    this.#missing.delete(name);
    const type = this.#typeOf(record.plan);
    try {
      const instance =
        record.external === undefined
          ? await startOurs(name, record, type, this.#surroundings(name, type, signal), {
              keep,
              relay: this.#options.relays || this.#relayed.has(name),
            })
          : await openExternal(name, type, record.external, signal);
      try {
        this.#remember(name, record, instance.endpoint);
      } catch (error) {
        await instance[Symbol.asyncDispose]();
        throw error;
      }
      this.#started(name, record, instance);
      return true;
    } catch (error) {
      if (!record.mayBeMissing || !(error instanceof PaasError) || error.code !== 'SERVICE_ENGINE_MISSING') {
        throw error;
      }
      this.#missing.add(name);
      this.#failed.set(name, error.message);
      const message = `${error.message}. Apps start without it`;
      this.#options.report({ kind: 'service-failed', service: name, message });
      return false;
    }
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` */
  #remember(name: ServiceName, record: ServiceRecord, { port, details }: Endpoint): void {
    if (record.external !== undefined) return;
    if (port === record.port && isDeepStrictEqual(details, record.details)) return;
    this.#options.save(name, { ...record, port, ...(details ? { details } : {}) });
  }

  #started(name: ServiceName, record: ServiceRecord, instance: ServiceInstance): void {
    const { endpoint } = instance;
    if (record.external === undefined) keepIdentity(this.#dataDir(name), record.identity);
    const scope = new Scope();
    scope.use(instance);
    this.#failed.delete(name);
    this.#running.set(name, { instance, scope });
    instance.failed.catch((error: unknown) => this.#onFailure(name, instance, error));
    this.#options.report({
      kind: 'service-started',
      service: name,
      type: record.plan.type,
      host: endpoint.host,
      port: endpoint.port,
      engine: instance.engine,
    });
  }

  #surroundings(name: string, type: ServiceType, signal: AbortSignal): Surroundings {
    const { paths, guardian, searchPath } = this.#options;
    const node = this.#options.nodes.of(type);
    const log = this.#options.logFor(name);
    return {
      ...(node ? { node } : {}),
      sameThread: this.#options.sameThread,
      dataDir: this.#dataDir(name),
      cacheDir: absolutePath('services', paths.cache),
      packageFolders: [absolutePath('engines', paths.home)],
      guardian,
      ...(searchPath === undefined ? {} : { searchPath }),
      signal,
      log: (text) => log.append({ source: name, instance: 0, stream: 'OUT', text }),
    };
  }

  #dataDir(name: string): string {
    return absolutePath(fileNameFor(name), this.#options.paths.services);
  }

  #endpoint(record: ServiceRecord): Endpoint {
    const { plan, external, identity, port, details } = record;
    if (external !== undefined) return externalEndpoint(plan.name, this.#typeOf(plan), external);
    return { ...identity, host: HOST, port, ...(details ? { details } : {}) };
  }

  #onFailure(name: ServiceName, instance: ServiceInstance, error: unknown): void {
    const running = this.#running.get(name);
    if (running?.instance !== instance) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#running.delete(name);
    this.#failed.set(name, message);
    this.#options.report({ kind: 'service-failed', service: name, message });
    void running.scope.close().catch(() => {});
  }

  #checkCapacity(plan: ServicePlan): void {
    const type = this.#typeOf(plan);
    const config = this.#options.nodes.of(type);
    if (!type.node || !config) return;
    const present = Object.values(this.#options.records()).filter((each) => each.plan.type === type.type);
    const capacity = type.node.capacity(config);
    if (present.length < capacity) return;
    throw new PaasError('SERVICE_CAPACITY_REACHED', {
      service: plan.name,
      component: type.node.name,
      capacity,
    });
  }

  #typeOf(plan: ServicePlan): ServiceType {
    return findType(plan.name, plan.type, this.#options.types);
  }

  #mutex(name: string): Mutex {
    let mutex = this.#mutexes.get(name);
    if (!mutex) this.#mutexes.set(name, (mutex = new Mutex()));
    return mutex;
  }
}

/** The same text gives the same UUID, so a binding keeps its id without being remembered. */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
