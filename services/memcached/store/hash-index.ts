import type { Arena } from './arena.ts';
import { BYTE, HASH, HEADER_BYTES, SHAPE } from './item.ts';
import { lookUp, NO_SLOT, place, SLOT_WORDS, slotOf, vacate } from './slot-table.ts';
import { release, systemMemory, type Memory } from './memory.ts';

/** The table doubles when it is fuller than this. */
const LOAD_MAX = 0.75;
/** As full as it may be where there is no memory for a larger one: a key that is not there costs some dozens of probes. */
const LOAD_LIMIT = 0.875;
/** Part of the slots after which it is asked for memory again: a refusal makes the collector look for some. */
const RETRY_PART = 1 / 64;
const POWER_DEFAULT = 16;
/** Words of a cache line of the processor. */
const LINE_WORDS = 16;
/** Slots every new item moves along: the smaller table is empty long before the larger one could be full. */
const SLOTS_PER_INSERT = 16;

/** The smaller table while its entries move to one twice as large. */
interface OldTable {
  readonly slots: Int32Array;
  readonly mask: number;
  /** Before this slot, counted from the first empty one, nothing is left. An empty slot or the first of a run. */
  next: number;
  /** Entries that are still there. */
  left: number;
}

/**
 * Finds items by key: open addressing with linear probing, deletion by shifting back.
 *
 * It grows by and by, as moving millions of entries at once would have everybody wait for a tenth of a second: a larger
 * table takes what is new, and the entries of the smaller one move there in runs, from one empty slot to the next, so that
 * no probe in either misses what it is looking for. Who is not found in the larger one is looked for in the smaller.
 */
export class HashIndex {
  readonly #arena: Arena;
  readonly #memory: Memory;
  #slots: Int32Array;
  #mask: number;
  /** So many entries need nothing but a slot. 0 while it grows, as each insertion moves some along then. */
  #limit: number;
  #used = 0;
  #old: OldTable | undefined;
  /** Insertions to wait before asking again for memory that was refused. */
  #wait = 0;
  seen = 0;
  power: number;

  /**
   * @param power of two: how many slots there are at first
   * @throws RangeError if there cannot be so many
   */
  constructor(arena: Arena, power = POWER_DEFAULT, memory = systemMemory) {
    this.#arena = arena;
    this.#memory = memory;
    this.power = power;
    this.#mask = 2 ** power - 1;
    this.#limit = 2 ** power * LOAD_MAX;
    this.#slots = memory.words(2 ** power * SLOT_WORDS);
  }

  get byteLength(): number {
    return this.#slots.byteLength + (this.#old?.slots.byteLength ?? 0);
  }

  /** Whether entries are on their way to a larger table. */
  get expanding(): boolean {
    return this.#old !== undefined;
  }

  /**
   * Reads the slots of all these keys, then the beginnings of their items. Looked up one by one, each key would wait for
   * memory several times; read like this, the processor waits for many of them at once.
   * @param found is overwritten
   */
  touch(hashes: Int32Array, count: number, found: Int32Array): void {
    const slots = this.#slots;
    const mask = this.#mask;
    const { words } = this.#arena;
    for (let i = 0; i < count; i++) found[i] = slots[(hashes[i]! & mask) * SLOT_WORDS + 1]!;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const word = found[i]! * 2;
      seen ^= words[word]! ^ words[word + LINE_WORDS]! ^ words[word + LINE_WORDS * 2]!;
    }
    this.seen = seen; // so that the reads are not optimised away
  }

  /** The item with this key, or 0. */
  find(at: number, length: number, hash: number): number {
    // As `lookUp`, written here: every request comes this way.
    const slots = this.#slots;
    const mask = this.#mask;
    const arena = this.#arena;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const item = slots[slot * SLOT_WORDS + 1]!;
      if (item === 0) break;
      if (
        slots[slot * SLOT_WORDS] === hash &&
        (arena.words[item * 2 + SHAPE]! & BYTE) === length &&
        arena.equal(item * 8 + HEADER_BYTES, at, length)
      ) {
        return item;
      }
    }
    return this.#old === undefined ? 0 : lookUp(this.#old.slots, this.#old.mask, arena, at, length, hash);
  }

  /** @returns false if it is full, and there is no memory for a larger one */
  insert(item: number, hash: number): boolean {
    if (this.#used >= this.#limit && !this.#makeRoom()) return false;
    this.#used++;
    place(this.#slots, this.#mask, item, hash);
    return true;
  }

  /** Puts `item` where `old` (same key, same hash) was. */
  replace(old: number, item: number): void {
    const hash = this.#arena.words[old * 2 + HASH]!;
    const slot = slotOf(this.#slots, this.#mask, old, hash);
    if (slot !== NO_SLOT) {
      this.#slots[slot * SLOT_WORDS + 1] = item;
    } else {
      const { slots, mask } = this.#old!;
      slots[slotOf(slots, mask, old, hash) * SLOT_WORDS + 1] = item;
    }
  }

  remove(item: number): void {
    const hash = this.#arena.words[item * 2 + HASH]!;
    const slot = slotOf(this.#slots, this.#mask, item, hash);
    this.#used--;
    if (slot !== NO_SLOT) {
      vacate(this.#slots, this.#mask, slot);
    } else {
      const old = this.#old!;
      vacate(old.slots, old.mask, slotOf(old.slots, old.mask, item, hash));
      old.left--;
    }
  }

  /**
   * Goes on growing: moves what lies in so many slots of the smaller table, and in those behind them up to an empty one.
   * Does nothing when it does not grow.
   */
  moveAlong(slots: number): void {
    const old = this.#old;
    if (old === undefined) return;
    let at = old.next;
    let left = slots;
    for (let inRun = false; old.left > 0 && (left > 0 || inRun); left--) {
      const item = old.slots[at * SLOT_WORDS + 1]!;
      inRun = item !== 0;
      if (inRun) {
        place(this.#slots, this.#mask, item, old.slots[at * SLOT_WORDS]!);
        old.slots[at * SLOT_WORDS + 1] = 0;
        old.left--;
      }
      at = (at + 1) & old.mask;
    }
    old.next = at;
    if (old.left > 0) return;
    release(old.slots);
    this.#old = undefined;
    this.#limit = (this.#mask + 1) * LOAD_MAX;
  }

  /** All items, in the tables' order. They must not change meanwhile. */
  *items(): Generator<number> {
    for (const slots of this.#old ? [this.#old.slots, this.#slots] : [this.#slots]) {
      for (let at = 1; at < slots.length; at += SLOT_WORDS) {
        const item = slots[at]!;
        if (item !== 0) yield item;
      }
    }
  }

  #makeRoom(): boolean {
    if (this.#old) {
      this.moveAlong(SLOTS_PER_INSERT);
      return true;
    }
    if (this.#wait > 0) this.#wait--;
    else this.#grow();
    return this.expanding || this.#used < (this.#mask + 1) * LOAD_LIMIT;
  }

  /** Begins to use a table twice as large, if it can be had. */
  #grow(): void {
    const old = this.#slots;
    const mask = this.#mask;
    try {
      this.#slots = this.#memory.words(old.length * 2);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#wait = (mask + 1) * RETRY_PART;
      return;
    }
    this.#mask = mask * 2 + 1;
    this.power++;
    this.#limit = 0;
    let next = 0;
    while (old[next * SLOT_WORDS + 1] !== 0) next++;
    this.#old = { slots: old, mask, next, left: this.#used };
  }
}
