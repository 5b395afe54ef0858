/** Outages of one cache on demand. Loaded by those only who want one. */
import { FaultGate } from '../../kit/fault-gate.ts';
import type { Fault, Faults } from '../../kit/faults.ts';
import { evictItems, expireItems } from '../items.ts';
import { tapOf } from '../tap.ts';
import type { Cache } from '../cache.ts';
import type { Connection } from './connection.ts';
import type { ListenAddress, Listener } from './listener.ts';

export interface Front {
  readonly listener: Listener;
  readonly address: ListenAddress;
  /** Of the clients that came in there. */
  readonly connections: () => Iterable<Connection>;
}

export class CacheFaults implements Faults, AsyncDisposable {
  readonly #cache: Cache;
  readonly #gate: FaultGate;

  constructor(cache: Cache, { listener, address, connections }: Front) {
    this.#cache = cache;
    const { port } = listener;
    this.#gate = new FaultGate({
      host: address.host ?? '127.0.0.1',
      port,
      clients: connections,
      stopListening: () => listener.close(),
      listenAgain: () => listener.listen({ ...address, port }),
      failNext: (count, message) => {
        if (count === 0 && cache.tap === undefined) return;
        tapOf(cache).failing = { count, message };
        if (cache.tap?.idle) cache.tap = undefined;
      },
      failing: () => cache.tap?.failing ?? { count: 0, message: '' },
    });
    listener.gate = this.#gate;
  }

  async apply(fault: Fault): Promise<number> {
    if (fault.kind === 'evict') return evictItems(this.#cache, fault.key);
    if (fault.kind === 'expire') return expireItems(this.#cache, fault.key);
    return this.#gate.apply(fault);
  }

  active(): Promise<readonly Fault[]> {
    return this.#gate.active();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#gate[Symbol.asyncDispose]();
  }
}
