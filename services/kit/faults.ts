/** Outages on demand: what can be done to a service that serves on a port, as plain data. */

export type Fault =
  /** Connections are refused, and those there are end. */
  | { readonly kind: 'down' }
  /** Ends `down` and `freeze`. */
  | { readonly kind: 'up' }
  /** Connections are accepted and never answered; nothing is done of what they ask. */
  | { readonly kind: 'freeze' }
  /** Answers come so much later, give or take the jitter. 0 is as usual. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs: number }
  /** Answers come this slowly. 0 is as usual. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** The connections there are end; new ones are welcome. */
  | { readonly kind: 'drop-connections' }
  /** The next requests fail with this message, in the words of the protocol; see each `failer.ts` for what may stand in front of it. */
  | { readonly kind: 'fail-next'; readonly count: number; readonly message: string }
  /** Items go as if memory had run out; all of them without a key. */
  | { readonly kind: 'evict'; readonly key?: string }
  /** Items go as if their time had passed; without a key all that have one. */
  | { readonly kind: 'expire'; readonly key?: string }
  /** As if nothing had ever been done. */
  | { readonly kind: 'clear' };

export type FaultKind = Fault['kind'];

export interface Faults {
  /**
   * @returns how many connections were dropped or items removed; 0 for the others
   * @throws FaultUnknown where this service cannot have it
   */
  apply(fault: Fault): Promise<number>;
  /** Those that go on. */
  active(): Promise<readonly Fault[]>;
}

/** This service has no such thing. */
export class FaultUnknown extends Error {
  override readonly name = 'FaultUnknown';
}
