import * as I from './item.ts';
import { CLASS_MASK, COLD, HOT, TEMP } from './lru.ts';
import { pullTail } from './pull-tail.ts';
import { writeNumber } from './write-number.ts';
import type { Run } from './large-runs.ts';
import type { Store } from './store.ts';

/** How often an allocation tries to make room. */
const ALLOCATION_TRIES = 10;
const USELESS = -1;
const CRLF_BYTES = 2;

/** Why an item could not be had. */
export const TOO_LARGE = 1;
export const NO_MEMORY = 2;

/**
 * Where items get their memory from and give it back to: chunks of the slab classes, runs for large values, and what is
 * evicted when there are none. An item whose bytes are still being sent keeps its memory until they are out.
 */
export class ItemMemory {
  /** Why the last `allocate` gave 0. */
  refused = 0;
  /** Where the value of each large item lies. */
  readonly runs = new Map<number, Run>();
  readonly #store: Store;
  readonly #holds = new Map<number, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * A new, unlinked item with key, flags and ready-made part filled in and room for the value.
   * @returns 0 if it cannot be had, see `refused`
   */
  allocate(keyAt: number, keyLength: number, flags: number, expires: number, valueBytes: number): number {
    const { arena, settings, classes, keys, clock } = this.#store;
    const nominal = I.nominalBytes(keyLength, flags, valueBytes, settings.casEnabled);
    if (nominal > settings.itemSizeMax) {
      this.refused = TOO_LARGE;
      return 0;
    }
    const suffix = I.suffixBytes(flags >>> 0, valueBytes);
    const head = I.HEADER_BYTES + keyLength + suffix;
    // Without CAS ours may need some bytes more than memcached's.
    const chunk = Math.max(nominal, head + valueBytes + CRLF_BYTES);
    const large = chunk > settings.slabChunkMax;
    const id = large ? classes.largest : classes.classOf(chunk);
    const item = large ? this.#takeLarge(head, id, valueBytes) : this.#takeChunk(id);
    if (item === 0) {
      this.refused = NO_MEMORY;
      this.#store.listCounters.outOfMemory[id]!++;
      return 0;
    }
    const { words, bytes } = arena;
    const word = item * 2;
    const list = id | this.#firstSegment(expires);
    words[word + I.HASH] = keys.hash(keyAt, keyLength);
    words[word + I.EXPIRES] = expires;
    words[word + I.USED] = clock.now;
    words[word + I.FLAGS] = flags;
    words[word + I.LENGTH] = valueBytes;
    words[word + I.SHAPE] =
      keyLength | (suffix << I.SUFFIX_SHIFT) | (list << I.LIST_SHIFT) | (large ? I.LARGE : 0);
    let at = item * 8 + I.HEADER_BYTES;
    arena.copyShort(at, keyAt, keyLength);
    at += keyLength;
    bytes[at++] = 0x20;
    at = writeNumber(bytes, at, flags >>> 0);
    bytes[at++] = 0x20;
    at = writeNumber(bytes, at, valueBytes);
    bytes[at++] = 0x0d;
    bytes[at] = 0x0a;
    return item;
  }

  /** Where the value begins, as a byte offset. */
  valueAt(item: number): number {
    const shape = this.#store.arena.words[item * 2 + I.SHAPE]!;
    if ((shape & I.LARGE) !== 0) return this.#store.large.at(this.runs.get(item)!);
    return item * 8 + I.HEADER_BYTES + (shape & I.BYTE) + ((shape >>> I.SUFFIX_SHIFT) & I.BYTE);
  }

  /** Gives back an item that was allocated but never linked. */
  discard(item: number): void {
    if ((this.#store.arena.words[item * 2 + I.SHAPE]! & I.HELD) === 0) this.free(item);
  }

  /** Keeps the memory of an item while a write sends from it. */
  hold(item: number): void {
    this.#holds.set(item, (this.#holds.get(item) ?? 0) + 1);
    this.#store.arena.words[item * 2 + I.SHAPE]! |= I.HELD;
  }

  unhold(item: number): void {
    const left = this.#holds.get(item)! - 1;
    if (left > 0) {
      this.#holds.set(item, left);
      return;
    }
    this.#holds.delete(item);
    const shape = this.#store.arena.words[item * 2 + I.SHAPE]! & ~I.HELD;
    this.#store.arena.words[item * 2 + I.SHAPE] = shape;
    if ((shape & I.LINKED) === 0) this.free(item);
  }

  /** Gives back the memory of an item that is neither linked nor held. */
  free(item: number): void {
    const { arena, classes, large, slabs } = this.#store;
    const shape = arena.words[item * 2 + I.SHAPE]!;
    if ((shape & I.LARGE) !== 0) {
      const run = this.runs.get(item)!;
      this.runs.delete(item);
      large.give(run);
      const head = I.HEADER_BYTES + (shape & I.BYTE) + ((shape >>> I.SUFFIX_SHIFT) & I.BYTE);
      slabs.give(item, classes.classOf(head));
    } else {
      slabs.give(item, this.#store.list(item) & CLASS_MASK);
    }
  }

  /** Evicts an item of the class that this one, which is not linked, belongs to. @returns false if that is of no use */
  makeRoomBeside(item: number): boolean {
    return this.#makeRoom(this.#store.list(item) & CLASS_MASK) > 0;
  }

  #firstSegment(expires: number): number {
    const { tuning, clock } = this.#store;
    if (tuning.tempLru && expires !== 0 && expires - clock.now <= tuning.temporaryTtl) return TEMP;
    return tuning.segmented ? HOT : COLD;
  }

  #takeChunk(id: number): number {
    const { slabs, tuning } = this.#store;
    if (!tuning.segmented) pullTail(this.#store, id, COLD, 'reclaim');
    let item = slabs.take(id);
    for (let tries = 1; item === 0 && tries < ALLOCATION_TRIES; tries++) {
      const gone = this.#makeRoom(id);
      if (gone === USELESS) break;
      if (gone > 0 && this.#isMixed(id)) tries--;
      item = slabs.take(id);
    }
    if (item === 0 && this.#freeFirstPage(id)) item = slabs.take(id);
    return item;
  }

  /** A header chunk, and a run for the value. */
  #takeLarge(headBytes: number, id: number, valueBytes: number): number {
    const { classes, large, slabs } = this.#store;
    const bytes = valueBytes + CRLF_BYTES;
    if (!large.canFit(bytes)) return 0;
    const headClass = classes.classOf(headBytes);
    // With very small chunks a long key fits into none.
    const item = headBytes > classes.sizes[headClass]! ? 0 : this.#takeChunk(headClass);
    if (item === 0) return 0;
    let run = large.take(bytes);
    for (let tries = 1; run === undefined && tries < ALLOCATION_TRIES; tries++) {
      const gone = this.#makeRoom(id);
      if (gone === USELESS) break;
      if (gone > 0) tries--;
      run = large.take(bytes);
    }
    // It may need some pages side by side.
    for (let tries = 1; run === undefined && tries < ALLOCATION_TRIES; tries++) {
      if (!this.#freeFirstPage(id)) break;
      run = large.take(bytes);
    }
    if (run === undefined) {
      slabs.give(item, headClass);
      return 0;
    }
    this.runs.set(item, run);
    return item;
  }

  /**
   * Whether items of a class lie in pages of two kinds, chunks and runs. They are evicted in one order, so what goes
   * may be of the other kind, which helps once its page is empty: what makes room is no failed try then.
   */
  #isMixed(id: number): boolean {
    return id === this.#store.classes.largest;
  }

  /** Has another class give a page to one that has none: there are too few for the first of each. */
  #freeFirstPage(id: number): boolean {
    const { slabs, mover, settings } = this.#store;
    return slabs.pagesOf[id] === 0 && settings.evictions && mover.freeAny();
  }

  /** @returns how many items went, or came nearer to it; or that it is of no use to try again */
  #makeRoom(id: number): number {
    this.#store.listCounters.directReclaims[id]!++;
    const gone = pullTail(this.#store, id, COLD, 'evict');
    if (gone > 0) return gone;
    if (!this.#store.tuning.segmented) return USELESS;
    return pullTail(this.#store, id, HOT, 'reclaim');
  }
}
