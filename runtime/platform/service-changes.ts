/** What is done to service instances by hand: made, told other options, renamed. */
import { existsSync, renameSync } from 'node:fs';
import type { ServiceType } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import { PaasError } from '../kernel/errors.ts';
import { absolutePath, serviceName, type ServiceName } from '../kernel/names.ts';
import { findType, readServiceOptions } from '../plan/make-plan.ts';
import type { ServicePlan } from '../plan/types.ts';
import { fileNameFor, type SpacePaths } from '../state/home.ts';
import type { AppRecord } from '../state/record.ts';
import type { App } from './app.ts';
import type { Apps } from './apps.ts';
import type { Services } from './services.ts';
import type { SpaceLogs } from './space-logs.ts';
import type { SpaceState } from './space-state.ts';

export interface ServiceChangesOptions {
  readonly types: readonly ServiceType[];
  readonly paths: SpacePaths;
  readonly state: SpaceState;
  readonly logs: SpaceLogs;
  readonly services: Services;
  readonly apps: Apps;
}

export interface NewService {
  readonly name: string;
  readonly type: string;
  readonly plan?: string;
  readonly tags?: readonly string[];
  readonly parameters?: Json;
}

export class ServiceChanges {
  readonly #options: ServiceChangesOptions;

  constructor(options: ServiceChangesOptions) {
    this.#options = options;
  }

  /**
   * Makes one; it starts with the first app that is bound to it.
   * @returns false where there is one of this name and type already
   * @throws PaasError `SERVICE_TYPE_UNKNOWN`, `SERVICE_OPTIONS_INVALID`, `SERVICE_CONFLICT`, `USAGE`
   */
  create(wanted: NewService): boolean {
    const { state, services } = this.#options;
    const plan = this.#plan(wanted);
    const existing = state.service(plan.name);
    if (existing && existing.plan.type !== plan.type)
      throw new PaasError('SERVICE_CONFLICT', {
        service: plan.name,
        type: plan.type,
        existing: existing.plan.type,
      });
    if (existing) return false;
    services.provision(plan);
    return true;
  }

  /** Other options and tags; bound apps see them at their next start. @throws PaasError as `create` */
  async update(name: string, change: Pick<NewService, 'parameters' | 'tags'>): Promise<void> {
    const { state, services } = this.#options;
    const { plan } = this.#options.services.named(name);
    const parameters = change.parameters === undefined ? {} : { parameters: change.parameters };
    const planned = this.#plan({ name, type: plan.type, plan: plan.plan, tags: plan.tags, ...parameters });
    const next = change.parameters === undefined ? { ...planned, options: plan.options } : planned;
    state.saveService(name, { ...state.service(name)!, plan: { ...next, tags: change.tags ?? plan.tags } });
    // What runs runs with the old ones; the next app that needs it starts it anew.
    if (change.parameters !== undefined && !this.#bound(name).some((app) => app.state !== 'stopped'))
      await services.stop(plan.name);
  }

  /**
   * Gives it another name, for its bound apps too; a manifest that names the old one means another service then.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_IN_USE`, `SERVICE_CONFLICT`
   */
  async rename(from: string, to: string): Promise<void> {
    const { state, services, logs, paths } = this.#options;
    const record = this.#options.services.named(from);
    const other = state.service(to);
    if (other)
      throw new PaasError('SERVICE_CONFLICT', {
        service: to,
        type: record.plan.type,
        existing: other.plan.type,
      });
    const running = this.#bound(from).filter((app) => app.state !== 'stopped');
    if (running.length > 0)
      throw new PaasError('SERVICE_IN_USE', {
        action: 'rename',
        service: from,
        apps: running.map((app) => app.name),
      });
    await services.stop(serviceName(from));
    const folder = absolutePath(fileNameFor(from), paths.services);
    if (existsSync(folder)) renameSync(folder, absolutePath(fileNameFor(to), paths.services));
    state.saveService(to, { ...record, plan: { ...record.plan, name: serviceName(to) } });
    for (const app of this.#bound(from)) {
      const renamed = renamedIn(app.record, serviceName(from), serviceName(to));
      state.saveApp(app.name, renamed);
      app.record = renamed;
    }
    state.saveService(from, undefined);
    await logs.remove('service', from);
  }

  /** @throws PaasError `SERVICE_NOT_FOUND` */
  named(name: string): ServiceName {
    return this.#options.services.named(name).plan.name;
  }

  #plan({ name, type: wanted, plan = 'free', tags = [], parameters = {} }: NewService): ServicePlan {
    if (plan !== 'free' && plan !== 'default')
      throw new PaasError('USAGE', {
        message: `Cannot find plan "${plan}" of "${wanted}"`,
        hint: 'Every service type has one plan here: free',
      });
    const type = findType(serviceName(name), wanted, this.#options.types);
    const options = readServiceOptions(type, serviceName(name), parameters);
    return { name: serviceName(name), type: type.type, plan: 'free', tags, options };
  }

  #bound(name: string): readonly App[] {
    return this.#options.apps.boundTo(name);
  }
}

function renamedIn(record: AppRecord, from: ServiceName, to: ServiceName): AppRecord {
  const swap = (names: readonly ServiceName[]) => names.map((name) => (name === from ? to : name));
  const { plan, byHand } = record;
  const services = plan.manifest.services.map((request) =>
    request.name === from ? { ...request, name: to } : request,
  );
  return {
    ...record,
    plan: { ...plan, bindings: swap(plan.bindings), manifest: { ...plan.manifest, services } },
    byHand: {
      ...byHand,
      services: { bound: swap(byHand.services.bound), unbound: swap(byHand.services.unbound) },
    },
  };
}
