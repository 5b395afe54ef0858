/** What both tables of the index are made of while it grows. */
import type { Arena } from './arena.ts';
import { BYTE, HEADER_BYTES, SHAPE } from './item.ts';

/** Slots are pairs of (hash, item) in one array: a probe that misses never touches an item. Item 0 is an empty slot. */
export const SLOT_WORDS = 2;
export const NO_SLOT = -1;

/** The item with this key, or 0. */
export function lookUp(
  slots: Int32Array,
  mask: number,
  arena: Arena,
  at: number,
  length: number,
  hash: number,
): number {
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

/** Puts an item into the first free slot from its home on. */
export function place(slots: Int32Array, mask: number, item: number, hash: number): void {
  let slot = hash & mask;
  while (slots[slot * SLOT_WORDS + 1] !== 0) slot = (slot + 1) & mask;
  slots[slot * SLOT_WORDS] = hash;
  slots[slot * SLOT_WORDS + 1] = item;
}

/** Where an item with this hash is, or `NO_SLOT`. */
export function slotOf(slots: Int32Array, mask: number, item: number, hash: number): number {
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const other = slots[slot * SLOT_WORDS + 1]!;
    if (other === item) return slot;
    if (other === 0) return NO_SLOT;
  }
}

/** Empties a slot; what lies behind it and could not lie nearer to its home moves back. */
export function vacate(slots: Int32Array, mask: number, emptied: number): void {
  let hole = emptied;
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
}
