/** What service instances held at moments somebody wanted kept, by name. A snapshot lives as long as its instance runs. */
import type { ContentCopy, ServiceInstance } from '../../services/kit/contract.ts';
import { PaasError } from '../kernel/errors.ts';
import type { Log } from '../logs/log.ts';
import type { KeptSnapshot } from '../snapshot.ts';
import type { RunningServices } from './running-services.ts';
import type { ServiceRecords } from './service-records.ts';

/** Of one service: some types keep what they hold in our memory. */
const SNAPSHOTS_MAX = 10;
const NAME = /^[\w.-]{1,64}$/;

interface Kept {
  readonly takenAt: number;
  readonly copy: ContentCopy;
}

export interface ServiceSnapshotsOptions {
  readonly records: ServiceRecords;
  readonly running: RunningServices;
  readonly logFor: (name: string) => Log;
}

export class ServiceSnapshots {
  readonly #options: ServiceSnapshotsOptions;
  readonly #kept = new WeakMap<ServiceInstance, Map<string, Kept>>();

  constructor(options: ServiceSnapshotsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  of(service: string): readonly KeptSnapshot[] {
    return [...this.#of(service)].map(([name, { takenAt }]) => ({ name, takenAt }));
  }

  /**
   * Keeps what the service holds now, in place of an earlier snapshot of that name.
   * @throws PaasError `USAGE`, `SERVICE_NOT_FOUND`, `SERVICE_NOT_RUNNING`, `SERVICE_CANNOT`
   */
  take(service: string, name: string): Promise<KeptSnapshot> {
    const cannot = (reason: string, hint = '') =>
      new PaasError('SERVICE_CANNOT', { service, what: 'take a snapshot of', reason, hint });
    if (!NAME.test(name)) {
      throw new PaasError('USAGE', {
        message: `Cannot name a snapshot ${JSON.stringify(name)}`,
        hint: 'A name has 1 to 64 letters, digits, dots, dashes and underscores',
      });
    }
    const record = this.#options.records.named(service);
    if (record.external !== undefined) throw cannot('it runs elsewhere');
    return this.#options.running.exclusively(service, async () => {
      const instance = this.#running(service);
      if (!instance.copy)
        throw cannot(`a service of type ${record.plan.type} holds nothing that can be copied`);
      const kept = this.#of(service);
      if (!kept.has(name) && kept.size >= SNAPSHOTS_MAX) {
        const [oldest] = kept.keys();
        throw cannot(
          `it has ${SNAPSHOTS_MAX} already`,
          `paas-local delete-snapshot ${service} ${oldest} drops the oldest`,
        );
      }
      const copy = await this.#told(service, 'take a snapshot of', () => instance.copy!());
      if (!this.#kept.has(instance)) {
        this.#kept.set(instance, kept);
        // What an engine that is gone does not drop, it drops when it is started again.
        this.#options.running.beforeStop(service, () => {
          if (kept.size > 0)
            this.#log(service, `stops, and its snapshots go: ${[...kept.keys()].join(', ')}`);
          return Promise.allSettled([...kept.values()].map(drop));
        });
      }
      const takenAt = Date.now();
      const before = kept.get(name);
      kept.delete(name);
      kept.set(name, { takenAt, copy });
      this.#log(service, `snapshot "${name}" taken`);
      if (before) await drop(before).catch(() => {});
      return { name, takenAt };
    });
  }

  /**
   * Puts back what the service held then. Clients stay connected, the snapshot is kept.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_NOT_RUNNING`, `SNAPSHOT_NOT_FOUND`, `SERVICE_CANNOT`
   */
  restore(service: string, name: string): Promise<KeptSnapshot> {
    return this.#with(service, name, async ({ copy, takenAt }) => {
      await this.#told(service, `put back snapshot "${name}" of`, () => copy.restore());
      this.#log(service, `snapshot "${name}" put back`);
      return { name, takenAt };
    });
  }

  /** @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_NOT_RUNNING`, `SNAPSHOT_NOT_FOUND`, `SERVICE_CANNOT` */
  delete(service: string, name: string): Promise<void> {
    return this.#with(service, name, async (kept, all) => {
      await this.#told(service, `delete snapshot "${name}" of`, () => drop(kept));
      all.delete(name);
      this.#log(service, `snapshot "${name}" deleted`);
    });
  }

  #with<T>(
    service: string,
    name: string,
    task: (kept: Kept, all: Map<string, Kept>) => Promise<T>,
  ): Promise<T> {
    this.#options.records.named(service);
    return this.#options.running.exclusively(service, async () => {
      this.#running(service);
      const all = this.#of(service);
      const kept = all.get(name);
      if (!kept)
        throw new PaasError('SNAPSHOT_NOT_FOUND', { service, snapshot: name, known: [...all.keys()] });
      return task(kept, all);
    });
  }

  #of(service: string): Map<string, Kept> {
    const instance = this.#options.running.instance(service);
    return (instance && this.#kept.get(instance)) ?? new Map<string, Kept>();
  }

  #running(service: string): ServiceInstance {
    const instance = this.#options.running.instance(service);
    if (!instance) throw new PaasError('SERVICE_NOT_RUNNING', { service });
    return instance;
  }

  /** An engine's own refusal is the user's to read: tables that changed, a disk that is full. */
  async #told<T>(service: string, what: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof PaasError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new PaasError('SERVICE_CANNOT', { service, what, reason });
    }
  }

  #log(service: string, text: string): void {
    this.#options.logFor(service).append({ source: service, instance: 0, stream: 'OUT', text });
  }
}

const drop = ({ copy }: Kept): Promise<void> => Promise.resolve(copy[Symbol.asyncDispose]());
