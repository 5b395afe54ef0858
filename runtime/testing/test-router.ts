import { ROUTER, type RouterFault } from '../platform/fault.ts';
import type { Inside } from './inside.ts';

/** The router, to be disturbed. */
export class TestRouter {
  readonly #inside: Inside;

  /** @internal */
  constructor(inside: Inside) {
    this.#inside = inside;
  }

  /** Requests are looked at so many milliseconds later, give or take the jitter. 0 is as usual. */
  async latency(ms: number, jitterMs = 0): Promise<void> {
    await this.#apply({ kind: 'latency', ms, jitterMs });
  }

  /** The next requests end without an answer; without a count all of them, until `clear`. */
  async abort(count?: number): Promise<void> {
    await this.#apply({ kind: 'abort', ...(count === undefined ? {} : { count }) });
  }

  /** Ends both. */
  async clear(): Promise<void> {
    await this.#apply({ kind: 'clear' });
  }

  async #apply(fault: RouterFault): Promise<void> {
    await this.#inside.live('disturb the router').outages.apply(ROUTER, fault);
  }
}
