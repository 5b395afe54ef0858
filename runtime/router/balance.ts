/** Which instance gets the next request. State is a counter per route, loads and failure marks; time is passed in. */
import { ENDPOINT_CONNECTIONS, FAILED_ENDPOINT_MS } from './limits.ts';
import type { Loads } from './loads.ts';
import type { Route, RouteTarget } from './route-table.ts';

export type Pick =
  | { readonly kind: 'target'; readonly target: RouteTarget }
  /** The route has no instance now. */
  | { readonly kind: 'none' }
  /** All instances have as many requests under way as one may have. */
  | { readonly kind: 'overloaded' };

const NONE: Pick = { kind: 'none' };
const OVERLOADED: Pick = { kind: 'overloaded' };

export class Balancer {
  readonly #loads: Loads;
  readonly #turns = new Map<string, number>();
  /** Address → when it may be tried again. */
  readonly #failed = new Map<string, number>();

  constructor(loads: Loads) {
    this.#loads = loads;
  }

  /**
   * Chooses an instance. `wanted` is an instance id (a sticky session); it beats the algorithm while that
   * instance lives and can be reached.
   */
  pick(route: Route, now: number, wanted?: string): Pick {
    const { targets } = route;
    if (targets.length === 0) return NONE;
    if (wanted !== undefined) {
      const sticky = targets.find((target) => target.endpoint.instanceId === wanted);
      if (sticky && !this.#isFailed(sticky, now)) {
        return this.#hasRoom(sticky) ? { kind: 'target', target: sticky } : OVERLOADED;
      }
    }
    const start = this.#nextTurn(route);
    let chosen: RouteTarget | undefined;
    let chosenLoad = Infinity;
    let reachable = false;
    const leastLoaded = targets[0]?.entry.loadBalancing === 'least-connection';
    for (let step = 0; step < targets.length; step++) {
      const target = targets[(start + step) % targets.length];
      if (!target || this.#isFailed(target, now)) continue;
      reachable = true;
      if (!this.#hasRoom(target)) continue;
      if (!leastLoaded) return { kind: 'target', target };
      const load = this.#loads.of(target.endpoint.instanceId);
      if (load < chosenLoad) [chosen, chosenLoad] = [target, load];
    }
    if (chosen) return { kind: 'target', target: chosen };
    if (reachable) return OVERLOADED;
    // All of them failed lately: the marks say nothing any more.
    for (const target of targets) this.#failed.delete(target.address);
    const first = targets[start % targets.length];
    return first && this.#hasRoom(first) ? { kind: 'target', target: first } : OVERLOADED;
  }

  /** Whether another instance than the failed ones is left to try. */
  hasAlternative(route: Route, now: number): boolean {
    return route.targets.some((target) => !this.#isFailed(target, now));
  }

  markFailed(target: RouteTarget, now: number): void {
    this.#failed.set(target.address, now + FAILED_ENDPOINT_MS);
  }

  /** Forgets what belongs to routes and addresses that are gone. */
  keepOnly(addresses: ReadonlySet<string>, routeKeys: ReadonlySet<string>): void {
    for (const address of this.#failed.keys()) if (!addresses.has(address)) this.#failed.delete(address);
    for (const key of this.#turns.keys()) if (!routeKeys.has(key)) this.#turns.delete(key);
  }

  /** Round robin from a random start; for least-connection a random start, so that ties fall by chance. */
  #nextTurn(route: Route): number {
    const count = route.targets.length;
    if (count === 1) return 0;
    const last = this.#turns.get(route.key);
    const leastLoaded = route.targets[0]?.entry.loadBalancing === 'least-connection';
    const turn = last === undefined || leastLoaded ? Math.floor(Math.random() * count) : last + 1;
    this.#turns.set(route.key, turn % count);
    return turn % count;
  }

  #isFailed(target: RouteTarget, now: number): boolean {
    if (this.#failed.size === 0) return false;
    const until = this.#failed.get(target.address);
    return until !== undefined && until > now;
  }

  #hasRoom(target: RouteTarget): boolean {
    return this.#loads.of(target.endpoint.instanceId) < ENDPOINT_CONNECTIONS;
  }
}
