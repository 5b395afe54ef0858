/** What a space remembers of its service instances: minted once, with the port, user and password they keep for life. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, ServiceType } from '../../services/kit/contract.ts';
import { PaasError } from '../kernel/errors.ts';
import { absolutePath, type AbsolutePath, type ServiceName } from '../kernel/names.ts';
import { suggest } from '../kernel/suggest.ts';
import { findType } from '../plan/make-plan.ts';
import type { ServicePlan } from '../plan/types.ts';
import { fileNameFor, type SpacePaths } from '../state/home.ts';
import type { AppRecord, ServiceRecord } from '../state/record.ts';
import { externalEndpoint, tryExternal } from './external-service.ts';
import { keptIdentity } from './kept-identity.ts';
import type { Nodes } from './nodes.ts';
import { hasServed, neverServed } from './never-served.ts';
import { HOST } from './own-service.ts';

export interface ServiceRecordsOptions {
  readonly types: readonly ServiceType[];
  readonly paths: SpacePaths;
  readonly nodes: Nodes;
  readonly records: () => Readonly<Record<string, ServiceRecord>>;
  readonly apps: () => Readonly<Record<string, AppRecord>>;
  readonly save: (name: string, record: ServiceRecord | undefined) => void;
}

/** What a push says of a service besides its plan. */
export interface ServiceWishes {
  /** Of an engine that runs elsewhere; empty goes back to one of ours. */
  readonly url?: string | undefined;
  readonly mayBeMissing?: boolean;
  /** The apps of the push. */
  readonly apps?: ReadonlySet<string>;
}

export class ServiceRecords {
  readonly #options: ServiceRecordsOptions;

  constructor(options: ServiceRecordsOptions) {
    this.#options = options;
  }

  get(name: string): ServiceRecord | undefined {
    return this.#options.records()[name];
  }

  /** @throws PaasError `SERVICE_NOT_FOUND` with the nearest name */
  named(name: string): ServiceRecord {
    const record = this.get(name);
    if (record) return record;
    const known = Object.keys(this.#options.records());
    const suggestion = suggest(name, known) ?? null;
    throw new PaasError('SERVICE_NOT_FOUND', { service: name, known, suggestion });
  }

  /**
   * Makes the record of a service that does not exist yet, or gives one that does another plan.
   * @returns whether it is to be had at another place from now on
   * @throws PaasError `SERVICE_CAPACITY_REACHED`, and where it cannot be bound as asked
   */
  provision(plan: ServicePlan, wishes: ServiceWishes): boolean {
    const existing = this.get(plan.name);
    if (!existing) this.checkCapacity(plan);
    const { external: former, ...kept } = existing ?? {
      id: randomUUID(),
      identity: keptIdentity(this.dataDir(plan.name)) ?? this.typeOf(plan).mint(),
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
    if (external) this.endpoint(record);
    this.#options.save(plan.name, record);
    return external !== former;
  }

  /**
   * Tries a place that `provision` would move it to, so that one that refuses changes nothing.
   * @throws PaasError as `tryExternal`; the reason of `signal`
   */
  async tryMove(plan: ServicePlan, url: string | undefined, signal: AbortSignal): Promise<void> {
    if (!url || url === this.get(plan.name)?.external) return;
    await tryExternal(plan.name, this.typeOf(plan), url, signal);
  }

  /** Keeps what its start has told of where it serves. @throws PaasError `STATE_NOT_WRITABLE` */
  remember(name: ServiceName, record: ServiceRecord, { port, details }: Endpoint): void {
    const { createFailed, ...kept } = record;
    const isElsewhere = record.external !== undefined;
    const isKnown = port === record.port && isDeepStrictEqual(details, record.details);
    if ((isElsewhere || isKnown) && !createFailed) return;
    this.#options.save(name, isElsewhere ? kept : { ...kept, port, ...(details ? { details } : {}) });
  }

  /** Keeps that its start failed, where it is the first that counts. */
  rememberFailure(name: ServiceName): void {
    const record = this.get(name);
    if (!record || hasServed(record) || record.createFailed) return;
    try {
      this.#options.save(name, { ...record, createFailed: true });
    } catch {
      // Why the start failed is told, and a full disk may be the reason.
    }
  }

  /** See `neverServed`. */
  neverServed(name: string, pushed: ReadonlySet<string>): boolean {
    const { records, types, paths } = this.#options;
    return neverServed(
      name,
      { services: records(), apps: this.#options.apps(), types, folder: paths.services },
      pushed,
    );
  }

  forget(name: ServiceName): void {
    this.#options.save(name, undefined);
  }

  /** Where it serves, or will: the port is 0 before its first start. */
  endpoint(record: ServiceRecord): Endpoint {
    const { plan, external, identity, port, details } = record;
    if (external !== undefined) return externalEndpoint(plan.name, this.typeOf(plan), external);
    return { ...identity, host: HOST, port, ...(details ? { details } : {}) };
  }

  typeOf(plan: ServicePlan): ServiceType {
    return findType(plan.name, plan.type, this.#options.types);
  }

  dataDir(name: string): AbsolutePath {
    return absolutePath(fileNameFor(name), this.#options.paths.services);
  }

  /** @throws PaasError `SERVICE_CAPACITY_REACHED` where there can be no further one of its type */
  checkCapacity(plan: ServicePlan): void {
    const type = this.typeOf(plan);
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
}
