/** Sessions without sockets: what they answer is kept. */
import { Cache } from '../../../../services/memcached/cache.ts';
import { RECEIVE_AT, RECEIVE_BYTES } from '../../../../services/memcached/store/arena.ts';
import { Session } from '../../../../services/memcached/protocol/session.ts';
import { HeldTransport } from './held-transport.ts';

const MEGABYTES = 2;
const NOW = Date.UTC(2026, 0, 1);

/** A cache whose clock stands still, so that two of them answer the same to the byte. */
export function stillCache(): Cache {
  const cache = new Cache({
    seed: 1,
    clock: () => NOW,
    settings: {
      memoryBytes: MEGABYTES * 1024 * 1024,
      itemSizeMax: 64 * 1024,
      slabChunkMax: 32 * 1024,
      growthFactor: 3,
    },
  });
  cache.store.reserve();
  return cache;
}

/** Keeps what is sent. */
class Recorder extends HeldTransport {
  readonly taken: Buffer[] = [];

  constructor(slow: boolean) {
    super();
    this.slow = slow;
  }

  protected override take(bytes: Buffer): void {
    this.taken.push(bytes);
  }

  drain(): void {
    for (const bytes of this.waiting) this.take(Buffer.from(bytes));
    this.waiting = [];
    this.drained();
  }
}

/** One client of a cache, whose packets are given one by one. */
export class Client {
  readonly session: Session;
  readonly #cache: Cache;
  readonly #transport: Recorder;

  /** @param slow whether it takes its answers only when `read` is called */
  constructor(cache: Cache, slow = false) {
    this.#cache = cache;
    this.#transport = new Recorder(slow);
    this.session = new Session(cache, this.#transport);
    cache.connections.add(this.session);
  }

  receive(packet: Buffer): void {
    for (let at = 0; at < packet.length; at += RECEIVE_BYTES) {
      const part = packet.subarray(at, at + RECEIVE_BYTES);
      this.#cache.store.arena.bytes.set(part, RECEIVE_AT);
      this.session.receive(part.length);
    }
  }

  /** Takes the answers that wait, until there are no more. */
  read(): void {
    while (this.#transport.blocked) {
      this.#transport.drain();
      if (!this.session.closing) this.session.resume();
    }
  }

  /** Everything answered so far, one character per byte. */
  get answers(): string {
    return Buffer.concat(this.#transport.taken).toString('latin1');
  }

  get ended(): boolean {
    return this.#transport.ended;
  }

  leave(): void {
    this.#cache.connections.remove(this.session);
    this.session.close();
  }
}
