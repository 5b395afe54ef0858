import { PAGES_AT, PAGE_BYTES } from './arena.ts';
import type { SlabClasses } from './slab-classes.ts';
import type { Slabs } from './slabs.ts';

/** Units are a part of the largest chunk: little is lost at a value's end. */
const UNITS_PER_CHUNK = 4;
const UNIT_BYTES_LEAST = 512;
const UNIT_BYTES_MOST = 16 * 1024;
const NONE = -1;

/** Neighbouring units that hold one large item's value. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/**
 * Memory of values larger than the largest chunk, which memcached keeps in chains of chunks. Here such a value lies in
 * one piece, so that it is read and written at once: a run of units, small parts of pages, which may go on from a page
 * to the next.
 */
export class LargeRuns {
  readonly unitBytes: number;
  /** A page that is being emptied: nothing new comes there. */
  avoided = NONE;
  readonly #slabs: Slabs;
  readonly #classes: SlabClasses;
  readonly #perPage: number;
  /** One byte per unit of all pages. */
  #taken = new Uint8Array(0);
  /** Free units of each page that belongs to large items. */
  #free = new Int32Array(0);
  /** Pages among those with a free unit. */
  #partial = 0;

  constructor(slabs: Slabs, classes: SlabClasses) {
    this.#slabs = slabs;
    this.#classes = classes;
    const part = Math.max(UNIT_BYTES_LEAST, classes.sizes[classes.largest]! / UNITS_PER_CHUNK);
    this.unitBytes = 2 ** Math.floor(Math.log2(Math.min(UNIT_BYTES_MOST, part)));
    this.#perPage = PAGE_BYTES / this.unitBytes;
  }

  /** Makes room in the tables for so many pages, which it may have already. @throws RangeError if there is no memory; nothing has changed then */
  grow(pages: number): void {
    if (pages <= this.#free.length) return;
    const taken = new Uint8Array(pages * this.#perPage);
    const free = new Int32Array(pages);
    taken.set(this.#taken);
    free.set(this.#free);
    this.#taken = taken;
    this.#free = free;
  }

  /** Byte offset of a run. */
  at({ first }: Run): number {
    return PAGES_AT + first * this.unitBytes;
  }

  /** Whether there can be a run for so many bytes at all, whatever is evicted for it. */
  canFit(bytes: number): boolean {
    return Math.ceil(bytes / PAGE_BYTES) <= Math.max(1, this.#slabs.limit);
  }

  /** A run for so many bytes, if need be with pages that belong to nobody yet; undefined if there is none. */
  take(bytes: number): Run | undefined {
    const count = Math.ceil(bytes / this.unitBytes);
    const within = this.takeWithin(bytes);
    if (within) return within;
    const { largest } = this.#classes;
    for (;;) {
      const first = this.#find(count, true);
      if (first === NONE) return this.#slabs.reclaimEmpty() ? this.take(bytes) : undefined;
      const added = this.#pagesOf({ first, count }).filter((page) => this.#slabs.isFree(page));
      const usedBefore = this.#slabs.used;
      if (!this.#slabs.hasRoomFor(added.length, largest)) return undefined;
      // Pages taken back meanwhile may make a better place.
      if (this.#slabs.used !== usedBefore) continue;
      for (const page of added) this.#add(page);
      return this.#mark({ first, count });
    }
  }

  /** A run in pages that hold large items already. */
  takeWithin(bytes: number): Run | undefined {
    const count = Math.ceil(bytes / this.unitBytes);
    if (this.#partial === 0) return undefined;
    const first = this.#find(count, false);
    return first === NONE ? undefined : this.#mark({ first, count });
  }

  give({ first, count }: Run): void {
    this.#taken.fill(0, first, first + count);
    this.#slabs.usedChunks[this.#classes.largest]! -= this.#chunksOf(count);
    for (let unit = first; unit < first + count; unit++) {
      const page = Math.floor(unit / this.#perPage);
      if (this.#free[page]!++ === 0) this.#partial++;
    }
    for (const page of this.#pagesOf({ first, count })) {
      if (this.#free[page] !== this.#perPage) continue;
      this.#partial--;
      this.#free[page] = 0;
      this.#slabs.releaseFromLarge(page);
    }
  }

  /** Whether a run lies in a page, wholly or in part. */
  touches(run: Run, page: number): boolean {
    return this.#pagesOf(run).includes(page);
  }

  #add(page: number): void {
    this.#slabs.claimForLarge(page);
    this.#free[page] = this.#perPage;
    this.#partial++;
  }

  #mark(run: Run): Run {
    const { first, count } = run;
    this.#taken.fill(1, first, first + count);
    this.#slabs.usedChunks[this.#classes.largest]! += this.#chunksOf(count);
    for (let unit = first; unit < first + count; unit++) {
      const page = Math.floor(unit / this.#perPage);
      if (--this.#free[page]! === 0) this.#partial--;
    }
    return run;
  }

  /** How many of memcached's largest chunks would be full. */
  #chunksOf(count: number): number {
    return Math.floor((count * this.unitBytes) / this.#classes.sizes[this.#classes.largest]!);
  }

  #pagesOf({ first, count }: Run): number[] {
    const page = Math.floor(first / this.#perPage);
    const last = Math.floor((first + count - 1) / this.#perPage);
    return Array.from({ length: last - page + 1 }, (_, at) => page + at);
  }

  /** The first unit of the highest run that is free. */
  #find(count: number, inFreePages: boolean): number {
    let run = 0;
    for (let page = this.#slabs.pageCount - 1; page >= 0; page--) {
      if (inFreePages && this.#slabs.isFree(page)) {
        run += this.#perPage;
        if (run >= count) return page * this.#perPage + run - count;
        continue;
      }
      if (!this.#slabs.isOfLarge(page) || this.#free[page] === 0 || page === this.avoided) {
        run = 0;
        continue;
      }
      for (let unit = (page + 1) * this.#perPage - 1; unit >= page * this.#perPage; unit--) {
        run = this.#taken[unit] === 0 ? run + 1 : 0;
        if (run === count) return unit;
      }
    }
    return NONE;
  }
}
