import type { Arena } from './arena.ts';
import { BYTE, LIST_SHIFT, NEXT, PREV, SHAPE, USED } from './item.ts';

/** Segments of a class's LRU; a list is named by class and segment together. */
export const HOT = 0;
export const WARM = 64;
export const COLD = 128;
export const TEMP = 192;
export const LISTS = 256;
export const CLASS_MASK = 63;
export const SEGMENT_MASK = 192;

/** Doubly linked lists through the items' headers; the head is the most recent. */
export class LruLists {
  readonly heads = new Int32Array(LISTS);
  readonly tails = new Int32Array(LISTS);
  /** Items per list. */
  readonly counts = new Int32Array(LISTS);
  /** Nominal bytes per list. */
  readonly bytes = new Float64Array(LISTS);
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  link(item: number, list: number, size: number): void {
    const { words } = this.#arena;
    const head = this.heads[list]!;
    words[item * 2 + NEXT] = head;
    words[item * 2 + PREV] = 0;
    if (head === 0) this.tails[list] = item;
    else words[head * 2 + PREV] = item;
    this.heads[list] = item;
    this.counts[list]!++;
    this.bytes[list]! += size;
  }

  unlink(item: number, list: number, size: number): void {
    const { words } = this.#arena;
    const next = words[item * 2 + NEXT]!;
    const prev = words[item * 2 + PREV]!;
    if (prev === 0) this.heads[list] = next;
    else words[prev * 2 + NEXT] = next;
    if (next === 0) this.tails[list] = prev;
    else words[next * 2 + PREV] = prev;
    this.counts[list]!--;
    this.bytes[list]! -= size;
  }

  /** Moves an item to the head of another segment of its class (or of its own). */
  move(item: number, segment: number, size: number): void {
    const { words } = this.#arena;
    const shape = words[item * 2 + SHAPE]!;
    const list = (shape >>> LIST_SHIFT) & BYTE;
    this.unlink(item, list, size);
    const target = (list & CLASS_MASK) | segment;
    words[item * 2 + SHAPE] = (shape & ~(BYTE << LIST_SHIFT)) | (target << LIST_SHIFT);
    this.link(item, target, size);
  }

  /** An item was copied elsewhere: its neighbours get to know. */
  relocated(item: number, to: number, list: number): void {
    const { words } = this.#arena;
    const next = words[item * 2 + NEXT]!;
    const prev = words[item * 2 + PREV]!;
    if (prev === 0) this.heads[list] = to;
    else words[prev * 2 + NEXT] = to;
    if (next === 0) this.tails[list] = to;
    else words[next * 2 + PREV] = to;
  }

  /** Seconds since the item at the tail was last used; 0 for an empty list. */
  age(list: number, now: number): number {
    const tail = this.tails[list]!;
    return tail === 0 ? 0 : now - this.#arena.words[tail * 2 + USED]!;
  }
}
