import type { Arena } from './arena.ts';
import { BYTE, HASH, HEADER_BYTES, SHAPE } from './item.ts';

/** Slots are pairs of (hash, item) in one array: a probe that misses never touches an item. */
const SLOT_WORDS = 2;
/** The table doubles when it is fuller than this. */
const LOAD_MAX = 0.75;
const POWER_DEFAULT = 16;
/** Words of a cache line of the processor. */
const LINE_WORDS = 16;

/** Finds items by key: open addressing with linear probing, deletion by shifting back. */
export class HashIndex {
  readonly #arena: Arena;
  #slots: Int32Array;
  #mask: number;
  #limit: number;
  #used = 0;
  seen = 0;
  power: number;

  /**
   * @param power of two: how many slots there are at first
   * @throws RangeError if there cannot be so many
   */
  constructor(arena: Arena, power = POWER_DEFAULT) {
    this.#arena = arena;
    this.power = power;
    this.#mask = 2 ** power - 1;
    this.#limit = 2 ** power * LOAD_MAX;
    this.#slots = new Int32Array(2 ** power * SLOT_WORDS);
  }

  get byteLength(): number {
    return this.#slots.byteLength;
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
    const slots = this.#slots;
    const mask = this.#mask;
    const arena = this.#arena;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const item = slots[slot * SLOT_WORDS + 1]!;
      if (item === 0) return 0;
      if (
        slots[slot * SLOT_WORDS] === hash &&
        (arena.words[item * 2 + SHAPE]! & BYTE) === length &&
        arena.equal(item * 8 + HEADER_BYTES, at, length)
      ) {
        return item;
      }
    }
  }

  insert(item: number, hash: number): void {
    if (this.#used >= this.#limit) this.#double();
    this.#used++;
    place(this.#slots, this.#mask, item, hash);
  }

  /** Puts `item` where `old` (same key, same hash) was. */
  replace(old: number, item: number): void {
    this.#slots[this.#slotOf(old) * SLOT_WORDS + 1] = item;
  }

  remove(item: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#slotOf(item);
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = slots[slot * SLOT_WORDS + 1]!;
      if (other === 0) break;
      const home = slots[slot * SLOT_WORDS]! & mask;
      // An entry may move back only if its home does not lie between the hole and where it is.
      const stays = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
      if (stays) continue;
      slots[hole * SLOT_WORDS] = slots[slot * SLOT_WORDS]!;
      slots[hole * SLOT_WORDS + 1] = other;
      hole = slot;
    }
    slots[hole * SLOT_WORDS] = 0;
    slots[hole * SLOT_WORDS + 1] = 0;
    this.#used--;
  }

  /** All items, in the table's order. The table must not change meanwhile. */
  *items(): Generator<number> {
    for (let at = 1; at < this.#slots.length; at += SLOT_WORDS) {
      const item = this.#slots[at]!;
      if (item !== 0) yield item;
    }
  }

  #slotOf(item: number): number {
    const slots = this.#slots;
    let slot = this.#arena.words[item * 2 + HASH]! & this.#mask;
    while (slots[slot * SLOT_WORDS + 1] !== item) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #double(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = this.#mask * 2 + 1;
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      const item = old[at + 1]!;
      if (item !== 0) place(slots, mask, item, old[at]!);
    }
    this.#slots = slots;
    this.#mask = mask;
    this.#limit = (mask + 1) * LOAD_MAX;
    this.power++;
  }
}

function place(slots: Int32Array, mask: number, item: number, hash: number): void {
  let slot = hash & mask;
  while (slots[slot * SLOT_WORDS + 1] !== 0) slot = (slot + 1) & mask;
  slots[slot * SLOT_WORDS] = hash;
  slots[slot * SLOT_WORDS + 1] = item;
}
