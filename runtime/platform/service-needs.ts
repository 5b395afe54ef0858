/** Who needs which service: started apps, what runs beside them, and those who hold one by hand. Others are stopped. */
import { PaasError } from '../kernel/errors.ts';
import type { ServiceName } from '../kernel/names.ts';
import type { Apps } from './apps.ts';
import type { ClientPurpose } from './service-client.ts';
import type { Services } from './services.ts';
import type { SpaceLogs } from './space-logs.ts';
import type { SpaceState } from './space-state.ts';

export interface ServiceNeedsOptions {
  readonly apps: Apps;
  readonly services: Services;
  readonly state: SpaceState;
  readonly logs: SpaceLogs;
  /** They run on when nobody needs them. */
  readonly keep: boolean;
}

export class ServiceNeeds {
  readonly #options: ServiceNeedsOptions;
  /** Kept up without an app, and by how many. */
  readonly #held = new Map<string, number>();

  constructor(options: ServiceNeedsOptions) {
    this.#options = options;
  }

  /** Stops the services that nobody needs. */
  async stopUnused(): Promise<void> {
    const { apps, services, state, keep } = this.#options;
    if (keep) return;
    const needed = new Set(
      [...apps]
        .filter((app) => app.state !== 'stopped' || app.oneOffs.inUse)
        .flatMap(({ plan }) => plan.bindings),
    );
    const idle = Object.keys(state.record.services).filter(
      (name) => !needed.has(name as ServiceName) && !this.#held.has(name),
    );
    await Promise.all(idle.map((name) => services.stop(name as ServiceName)));
  }

  /**
   * A program of a service's engine, pointed at it; the service is kept up until it is released.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_WITHOUT_CLIENT`, `SERVICE_CLIENT_MISSING`, `SERVICE_*`
   */
  async borrow(name: string, purpose: ClientPurpose, signal: AbortSignal) {
    const release = await this.#hold(name, signal);
    try {
      return { program: this.#options.services.client(name, purpose), release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Empties a service: as it was when it was new. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_NOT_OURS` */
  async reset(name: string, signal: AbortSignal): Promise<void> {
    const release = await this.#hold(name, signal);
    try {
      await this.#options.services.instance(name)!.reset();
    } finally {
      await release();
    }
  }

  /**
   * Ends a service and removes its data for good.
   * @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_IN_USE` while an app runs with it
   */
  async delete(name: string): Promise<void> {
    const { apps, services, logs } = this.#options;
    services.named(name);
    const users = apps.boundTo(name).filter((app) => app.state !== 'stopped' || app.oneOffs.inUse);
    if (users.length > 0 || this.#held.has(name)) {
      throw new PaasError('SERVICE_IN_USE', { service: name, apps: users.map((app) => app.name) });
    }
    await services.remove(name as ServiceName);
    await logs.remove('service', name);
  }

  /** @returns what lets go of it. @throws PaasError `SERVICE_NOT_FOUND`, `SERVICE_*` */
  async #hold(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
    const { services } = this.#options;
    services.named(name);
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    const release = async (): Promise<void> => {
      const left = (this.#held.get(name) ?? 1) - 1;
      if (left > 0) this.#held.set(name, left);
      else this.#held.delete(name);
      await this.stopUnused();
    };
    try {
      await services.start([name as ServiceName], signal);
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }
}
