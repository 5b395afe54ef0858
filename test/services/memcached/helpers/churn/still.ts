/** An episode without sockets: every step is drawn from a seed, so that what breaks can be seen again. */
import assert from 'node:assert/strict';
import { Cache } from '../../../../../services/memcached/cache.ts';
import { juggle } from '../../../../../services/memcached/store/maintainer.ts';
import { RECEIVE_AT, RECEIVE_BYTES } from '../../../../../services/memcached/store/arena.ts';
import { Session } from '../../../../../services/memcached/protocol/session.ts';
import { ChurnClient } from './client.ts';
import { History } from './history.ts';
import { assertNothingKept } from './nothing-kept.ts';
import { loadOf } from './load.ts';
import { HeldTransport } from '../held-transport.ts';
import { Random } from '../random.ts';
import type { Protocol } from './answers.ts';

const MB = 1024 * 1024;
/** A page for each class that has none, and those of one largest item, beyond the limit. */
const PAGES_BEYOND = 64;
const DIRECT_BYTES = 16 * 1024;
const STEP_MS_MOST = 400;

/** A connection whose client takes some of its answers at a time. */
class SlowWire extends HeldTransport {
  readonly client: ChurnClient;
  readonly session: Session;
  readonly #cache: Cache;
  #input: Buffer[] = [];

  constructor(cache: Cache, client: ChurnClient) {
    super();
    this.#cache = cache;
    this.client = client;
    this.session = new Session(cache, this);
    cache.connections.add(this.session);
  }

  protected override take(bytes: Buffer): void {
    this.client.take(bytes);
  }

  write(bytes: Buffer): void {
    this.#input.push(bytes);
  }

  /** Has the session receive up to so much of what was written. @returns whether it did */
  deliver(most: number): boolean {
    const first = this.#input[0];
    if (!first || this.blocked || this.session.busy || this.ended) return false;
    const { session } = this;
    const { bytes } = this.#cache.store.arena;
    const direct = session.fillable >= DIRECT_BYTES;
    const length = Math.min(most, first.length, direct ? session.fillable : RECEIVE_BYTES);
    bytes.set(first.subarray(0, length), direct ? session.fillAt : RECEIVE_AT);
    if (length === first.length) this.#input.shift();
    else this.#input[0] = first.subarray(length);
    if (direct) session.filled(length);
    else session.receive(length);
    return true;
  }

  /** Takes up to so much of what waits. @returns whether there was anything */
  read(most: number): boolean {
    if (!this.blocked) return false;
    for (let left = most; left > 0 && this.waiting.length > 0;) {
      const piece = this.waiting[0]!;
      const length = Math.min(left, piece.length);
      this.client.take(Buffer.from(piece.subarray(0, length)));
      left -= length;
      if (length === piece.length) this.waiting.shift();
      else this.waiting[0] = piece.subarray(length);
    }
    if (this.waiting.length > 0) return true;
    this.drained();
    if (!this.session.closing) this.session.resume();
    return true;
  }

  leave(): void {
    this.#cache.connections.remove(this.session);
    this.session.close();
    this.drained();
  }
}

/**
 * Many clients, most of which read slowly, ask for and change the same keys.
 * @returns how many values came back
 * @throws Error if an answer is wrong, missing or out of order, or if memory is lost or beyond its limit
 */
export function stillEpisode(seed: number, steps: number): number {
  const random = new Random(seed);
  let now = Date.UTC(2026, 0, 1);
  const { load, settings, protocols } = loadOf(random);
  const cache = new Cache({ seed, clock: () => now, settings });
  const { store } = cache;
  store.reserve();
  const history = new History();
  const wires = protocols.map(
    (protocol: Protocol) => new SlowWire(cache, new ChurnClient(protocol, history, random, load)),
  );
  const background = () => {
    for (let id = 1; id <= store.classes.largest; id++) juggle(store, id, 4);
    store.mover.retry();
  };
  const sizes = [1, 100, 5_000, 60_000, RECEIVE_BYTES, 3 * MB];
  for (let step = 0; step < steps; step++) {
    const wire = random.pick(wires);
    const action = random.below(10);
    if (action < 3 && wire.client.open < 6) wire.write(wire.client.ask());
    else if (action < 6) while (wire.deliver(random.pick(sizes) + 1) && !random.once(8));
    else if (action === 6) wire.slow = !random.once(4);
    else if (action < 9) wire.read(1 + random.below(random.pick(sizes)));
    else if (random.once(4)) {
      now += random.below(STEP_MS_MOST);
      store.clock.tick();
      background();
    }
    assert.ok(!wire.ended, 'the connection was ended');
    const pages = store.slabs.used + store.slabs.pool;
    assert.ok(
      pages <= Math.max(store.limitBytes, settings.memoryBytes) / MB + PAGES_BEYOND,
      `${pages} pages`,
    );
  }
  // Some leave in the middle; the others get all that they asked for.
  for (const wire of wires) {
    if (random.once(5)) {
      wire.leave();
      continue;
    }
    for (let more = true; more;) {
      more = wire.read(MB);
      while (wire.deliver(RECEIVE_BYTES)) more = true;
      if (wire.session.busy) more = false;
    }
    if (!wire.session.busy) wire.client.assertAnswered();
    wire.leave();
  }
  assertNothingKept(cache);
  return wires.reduce((sum, { client }) => sum + client.hits, 0);
}
