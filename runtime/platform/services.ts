/** The service instances of a space: provisioned by pushes and by hand, run while a started app is bound to them. */
import { rmSync } from 'node:fs';
import type { ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import type { Faults } from '../../services/kit/faults.ts';
import type { BoundService } from '../env/types.ts';
import { PaasError } from '../kernel/errors.ts';
import type { ServiceName } from '../kernel/names.ts';
import type { AppPlan, ServicePlan } from '../plan/types.ts';
import type { ServiceSnapshot } from '../snapshot.ts';
import type { ServiceRecord } from '../state/record.ts';
import { RunningServices, type RunningServicesOptions } from './running-services.ts';
import { boundServices } from './service-bindings.ts';
import { clientProgram, type ClientPurpose, type ReadyProgram } from './service-client.ts';
import { ServiceRecords, type ServiceRecordsOptions, type ServiceWishes } from './service-records.ts';
import { ServiceSnapshots } from './service-snapshots.ts';
import { serviceWarnings, type DependsOn } from './service-warnings.ts';

export interface ServicesOptions
  extends ServiceRecordsOptions, Omit<RunningServicesOptions, 'records' | 'relayed'> {
  /** Servers that are not ours get a relay in front, so that outages can be made. */
  readonly relays: boolean;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #records: ServiceRecords;
  readonly #running: RunningServices;
  readonly snapshots: ServiceSnapshots;
  /** Got a relay because somebody wanted an outage. */
  readonly #relayed = new Set<string>();

  constructor(options: ServicesOptions) {
    this.#options = options;
    this.#records = new ServiceRecords(options);
    const relayed = (name: string) => options.relays || this.#relayed.has(name);
    this.#running = new RunningServices({ ...options, records: this.#records, relayed });
    this.snapshots = new ServiceSnapshots({
      records: this.#records,
      running: this.#running,
      logFor: options.logFor,
    });
  }

  /** What is remembered of it. @throws PaasError `SERVICE_NOT_FOUND` with the nearest name */
  named(name: string): ServiceRecord {
    return this.#records.named(name);
  }

  /** See `ServiceRecords.tryMove`. */
  tryMove(plan: ServicePlan, url: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#records.tryMove(plan, url, signal);
  }

  /** Nothing is lost where another type takes its name: it never served, and no app but `pushed` waits for it. */
  mayBeReplaced(name: string, pushed: ReadonlySet<string>): boolean {
    return !this.#running.isInUse(name) && this.#records.neverServed(name, pushed);
  }

  /**
   * Makes the record of a service that does not exist yet: identity minted once, for its whole life.
   * @throws PaasError `SERVICE_CAPACITY_REACHED`, `SERVICE_CONFLICT`, and where it cannot be bound as asked
   */
  provision(plan: ServicePlan, wishes: ServiceWishes = {}): void {
    const existing = this.#records.get(plan.name)?.plan.type;
    if (existing !== undefined && existing !== plan.type) {
      if (!this.mayBeReplaced(plan.name, wishes.apps ?? new Set()))
        throw new PaasError('SERVICE_CONFLICT', { service: plan.name, type: plan.type, existing });
      this.#records.checkCapacity(plan);
      this.#drop(plan.name);
      this.#running.forget(plan.name);
      const text = `${plan.type} from now on: as ${existing} it never served`;
      this.#options.logFor(plan.name).append({ source: plan.name, instance: 0, stream: 'OUT', text });
    }
    const moved = this.#records.provision(plan, wishes);
    if (moved && this.instance(plan.name)) this.stop(plan.name).catch(() => {});
  }

  /**
   * Starts what is not running, side by side. One failing stops those this call had started, in reverse.
   * @throws PaasError `SERVICE_*`
   */
  start(names: readonly ServiceName[], signal: AbortSignal): Promise<void> {
    return this.#running.start(names, signal);
  }

  stop(name: ServiceName): Promise<void> {
    return this.#running.stop(name);
  }

  stopAll(): Promise<void> {
    return this.#running.stopAll();
  }

  /** Ends it, and removes it with all its data. */
  async remove(name: ServiceName): Promise<void> {
    await this.#running.remove(name, () => this.#drop(name));
  }

  #drop(name: ServiceName): void {
    rmSync(this.#records.dataDir(name), { recursive: true, force: true });
    this.#records.forget(name);
  }

  /**
   * Stops and starts the running instances of a type, each with its port, user, password and name: what they hold
   * in memory is lost, and nobody else is told. @returns their names
   * @throws PaasError `SERVICE_*`
   */
  async restartAll(type: ServiceType): Promise<readonly ServiceName[]> {
    const names = this.#running.names.filter((name) => {
      const record = this.#records.get(name);
      return record?.plan.type === type.type && record.external === undefined;
    });
    await Promise.all(
      names.map((name) => this.#running.exclusively(name, () => this.#running.restart(name))),
    );
    return names;
  }

  instance(name: string): ServiceInstance | undefined {
    return this.#running.instance(name);
  }

  snapshot(name: string, boundApps: readonly string[]): ServiceSnapshot {
    const record = this.#records.named(name);
    const instance = this.instance(name);
    const { host, port } = this.#records.endpoint(record);
    const snapshots = this.snapshots.of(name);
    return {
      name,
      type: record.plan.type,
      plan: record.plan.plan,
      state: instance ? 'running' : this.#running.hasFailed(name) ? 'failed' : 'stopped',
      host,
      port,
      boundApps,
      ...(record.createFailed ? { createFailed: true } : {}),
      ...(instance ? { pid: instance.pid ?? process.pid, engine: instance.engine } : {}),
      ...(snapshots.length > 0 ? { snapshots } : {}),
    };
  }

  async stats(name: string): Promise<Readonly<Record<string, string | number>>> {
    return (await this.instance(name)?.stats()) ?? {};
  }

  async contents(name: string): Promise<readonly string[]> {
    return (await this.instance(name)?.contents?.()) ?? [];
  }

  /** See `ServiceInstance.openConsole`. @throws PaasError `SERVICE_NOT_RUNNING`, `SERVICE_WITHOUT_CONSOLE` */
  async openConsole(name: string, path: string): Promise<void> {
    const instance = this.instance(name);
    if (!instance) throw new PaasError('SERVICE_NOT_RUNNING', { service: name });
    if (!instance.openConsole) {
      const type = this.#records.get(name)?.plan.type ?? '';
      throw new PaasError('SERVICE_WITHOUT_CONSOLE', { service: name, type });
    }
    await instance.openConsole(path);
  }

  /** @throws PaasError `SERVICE_WITHOUT_CLIENT`, `SERVICE_CLIENT_MISSING` */
  client(name: string, purpose: ClientPurpose): ReadyProgram {
    const record = this.#records.named(name);
    const type = this.#records.typeOf(record.plan);
    return clientProgram(name, type, this.#records.endpoint(record), purpose, this.#options.searchPath);
  }

  /** What `app` sees of the services it is bound to, in binding order. Needs none of them to run. */
  boundTo(app: AppPlan, appId: string): readonly BoundService[] {
    return boundServices(app, appId, this.#records, (name) => this.#running.isMissing(name));
  }

  /** What an app whose dependencies are known this way should hear of the services it is bound to. */
  warnings(app: AppPlan, dependsOn: DependsOn): readonly string[] {
    return serviceWarnings(app, dependsOn, { records: this.#records, nodes: this.#options.nodes });
  }

  /**
   * Outages of a running service. A server that is not ours is restarted behind a relay for the first of them, on
   * the same port: its clients have to connect anew, and nothing else changes for them.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_CANNOT`
   */
  async faults(name: string): Promise<Faults> {
    const record = this.#records.named(name);
    const cannot = (reason: string, hint = '') =>
      new PaasError('SERVICE_CANNOT', { service: name, what: 'make an outage of', reason, hint });
    const type = this.#records.typeOf(record.plan);
    if (record.external !== undefined) throw cannot('it runs elsewhere');
    if (type.portless) throw cannot('nothing of it listens');
    if (type.noRelay) throw cannot('it serves more than TCP');
    return this.#running.exclusively(name, async () => {
      const instance = this.instance(name);
      if (!instance) throw cannot('it does not run');
      if (instance.faults) return instance.faults;
      const [oldest] = this.snapshots.of(name);
      if (oldest) {
        throw cannot(
          'its first outage restarts it behind a relay, and its snapshots would go with that',
          `paas-local delete-snapshot ${name} ${oldest.name} drops one; take them again after the first outage`,
        );
      }
      this.#relayed.add(name);
      const text = 'restarted behind a relay on the same port, so that outages can be made';
      this.#options.logFor(name).append({ source: name, instance: 0, stream: 'OUT', text });
      await this.#running.restart(name as ServiceName);
      return this.instance(name)!.faults!;
    });
  }

  /** Of those that run and can have any. */
  runningFaults(): readonly (readonly [name: string, faults: Faults])[] {
    return this.#running.names.flatMap((name) => {
      const faults = this.instance(name)?.faults;
      return faults ? [[name, faults] as const] : [];
    });
  }
}
