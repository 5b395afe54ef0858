/** How the instances of an app become those that are wanted: all anew, some more or fewer, or one after another. */
import type { ProcessPlan } from '../plan/types.ts';
import type { Instances, Slot } from './instances.ts';

export interface RolloutOptions {
  readonly instances: Instances;
  readonly routesChanged: () => void;
  readonly drained: (instanceId: string, boundMs: number) => Promise<void>;
}

/** How long requests under way may take to finish before an instance is told to stop. */
const DRAIN_MS = 2000;
/** … and where another one serves already, so that nobody waits for that. */
const ROLLING_DRAIN_MS = 10_000;

export class Rollout {
  readonly #options: RolloutOptions;

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /** Starts as many as each process asks for, side by side, and waits until they are healthy. */
  async startAll(processes: readonly ProcessPlan[], signal: AbortSignal): Promise<void> {
    const { instances } = this.#options;
    const slots = processes.flatMap((process) =>
      Array.from({ length: process.instances }, (_, index) => instances.start(process, index)),
    );
    await instances.allHealthy(slots, signal);
  }

  /** Starts those that are missing and stops those that are too many, the highest index first. The rest goes on. */
  async scale(processes: readonly ProcessPlan[], signal: AbortSignal): Promise<void> {
    const { instances } = this.#options;
    const wanted = (slot: Slot) =>
      processes.some(({ type, instances: count }) => type === slot.process.type && slot.index < count);
    const tooMany = instances.slots.filter((slot) => !wanted(slot));
    const missing = processes.flatMap((process) =>
      Array.from({ length: process.instances }, (_, index) => index)
        .filter((index) => !instances.find(process.type, index))
        .map((index) => instances.start(process, index)),
    );
    this.#options.routesChanged();
    await this.stop(tooMany);
    try {
      await instances.allHealthy(missing, signal);
    } finally {
      this.#options.routesChanged();
    }
  }

  /**
   * Replaces every instance: the new one takes requests before the old one loses them. One that does not become
   * ready is stopped again, and the rest stays as it is.
   * @throws PaasError as `Instances.healthy`
   */
  async roll(processes: readonly ProcessPlan[], signal: AbortSignal): Promise<void> {
    const { instances } = this.#options;
    const before = new Set(instances.slots);
    for (const process of processes) {
      for (let index = 0; index < process.instances; index++) {
        const old = [...before].find((slot) => slot.process.type === process.type && slot.index === index);
        await this.#replace(process, index, signal);
        if (!old) continue;
        before.delete(old);
        await this.stop([old], ROLLING_DRAIN_MS);
      }
    }
    await this.stop([...before], ROLLING_DRAIN_MS);
  }

  /** Withdraws their routes, lets requests finish, TERM, grace, KILL. */
  async stop(slots: readonly Slot[], drainMs = DRAIN_MS, graceMs?: number): Promise<void> {
    const { instances, drained, routesChanged } = this.#options;
    const serving = new Set(instances.endpoints.map(({ instanceId }) => instanceId));
    for (const slot of slots) slot.withdrawn = true;
    routesChanged();
    const busy = slots.filter(({ instanceId }) => serving.has(instanceId));
    await Promise.all(busy.map(({ instanceId }) => drained(instanceId, drainMs)));
    await instances.stop(slots, graceMs);
    routesChanged();
  }

  async #replace(process: ProcessPlan, index: number, signal: AbortSignal): Promise<void> {
    const { instances, routesChanged } = this.#options;
    const fresh = instances.start(process, index);
    try {
      await instances.routable(fresh, signal);
    } catch (error) {
      await this.stop([fresh], 0);
      throw error;
    }
    routesChanged();
  }
}
