/** How many requests are under way to each instance, and who waits for them to end. */
import { deferred } from '../../services/kit/deferred.ts';

interface Load {
  /** All connections: what the balancer counts. */
  total: number;
  /** Those that never end by themselves (WebSockets, event streams): nobody waits for them. */
  endless: number;
  readonly waiters: Set<() => void>;
}

export class Loads {
  readonly #byInstance = new Map<string, Load>();

  of(instanceId: string): number {
    return this.#byInstance.get(instanceId)?.total ?? 0;
  }

  begin(instanceId: string): void {
    const load = this.#byInstance.get(instanceId);
    if (load) load.total += 1;
    else this.#byInstance.set(instanceId, { total: 1, endless: 0, waiters: new Set() });
  }

  /** From here on this connection is one nobody waits for. */
  becameEndless(instanceId: string): void {
    const load = this.#byInstance.get(instanceId);
    if (!load) return;
    load.endless += 1;
    this.#tell(load);
  }

  end(instanceId: string, endless: boolean): void {
    const load = this.#byInstance.get(instanceId);
    if (!load) return;
    load.total -= 1;
    if (endless) load.endless -= 1;
    this.#tell(load);
  }

  /** Forgets instances that are gone, once nothing is under way to them. */
  keepOnly(instanceIds: ReadonlySet<string>): void {
    for (const [id, load] of this.#byInstance) {
      if (load.total === 0 && !instanceIds.has(id)) this.#byInstance.delete(id);
    }
  }

  /** Resolves when nothing that ends by itself is under way to the instance, or after `boundMs`. */
  async drained(instanceId: string, boundMs: number): Promise<void> {
    const load = this.#byInstance.get(instanceId);
    if (!load || load.total === load.endless) return;
    const done = deferred();
    const resolve = (): void => done.resolve();
    const timer = setTimeout(resolve, boundMs);
    load.waiters.add(resolve);
    await done.promise;
    clearTimeout(timer);
    load.waiters.delete(resolve);
  }

  #tell(load: Load): void {
    if (load.waiters.size === 0 || load.total > load.endless) return;
    for (const resolve of load.waiters) resolve();
  }
}
