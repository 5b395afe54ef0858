import { PAGES_AT, PAGE_BYTES, type Arena } from './arena.ts';
import { NEXT, SHAPE } from './item.ts';
import { CLASSES_MAX, type SlabClasses } from './slab-classes.ts';

/** Owner of a page that belongs to items larger than the largest chunk. */
const OWNED_BY_LARGE = 255;
const NONE = -1;

/**
 * Gives out chunks of a slab class, and whole pages to what keeps the values of large items in units. A class takes a page when it has no free chunk
 * left and the limit allows; a page all of whose chunks are free again may be taken by another class. Pages of chunks
 * are taken from the bottom, those of large items from the top, so that they do not splinter each other.
 */
export class Slabs {
  /** Page limit. A class without any page gets its first even beyond it, as in memcached. */
  limit: number;
  /** Pages that went from one class to another, being empty. */
  moved = 0;
  /** Pages in use by classes and large items. */
  used = 0;
  /** Pages that were taken from a class and belong to none: memcached's global page pool. */
  pool = 0;
  /** Chunks in use per class. A large item counts as the largest chunks it would fill. */
  readonly usedChunks = new Int32Array(CLASSES_MAX);
  readonly pagesOf = new Int32Array(CLASSES_MAX);
  readonly #arena: Arena;
  readonly #classes: SlabClasses;
  #owner: Uint8Array;
  /** Chunks in use in a page. */
  #inUse: Int32Array;
  /** First of a page's freed chunks, linked through the first header word. */
  #freed: Int32Array;
  /** Chunks at a page's end that were never used. */
  #fresh: Int32Array;
  /** Pages of a class with a free chunk, a doubly linked list. */
  #next: Int32Array;
  #prev: Int32Array;
  readonly #open = new Int32Array(CLASSES_MAX).fill(NONE);
  /** Pages that belong to a class but hold nothing. */
  #empty = 0;

  constructor(arena: Arena, classes: SlabClasses, limit: number) {
    this.#arena = arena;
    this.#classes = classes;
    this.limit = limit;
    const pages = arena.pages;
    this.#owner = new Uint8Array(pages);
    this.#inUse = new Int32Array(pages);
    this.#freed = new Int32Array(pages);
    this.#fresh = new Int32Array(pages);
    this.#next = new Int32Array(pages);
    this.#prev = new Int32Array(pages);
  }

  /** Makes room in the tables for so many pages. @throws RangeError if there is no memory; nothing has changed then */
  grow(pages: number): void {
    const owner = resized(this.#owner, new Uint8Array(pages));
    const inUse = resized(this.#inUse, new Int32Array(pages));
    const freed = resized(this.#freed, new Int32Array(pages));
    const fresh = resized(this.#fresh, new Int32Array(pages));
    const next = resized(this.#next, new Int32Array(pages));
    const prev = resized(this.#prev, new Int32Array(pages));
    this.#owner = owner;
    this.#inUse = inUse;
    this.#freed = freed;
    this.#fresh = fresh;
    this.#next = next;
    this.#prev = prev;
  }

  /** A chunk of the class, as an item, or 0. */
  take(id: number): number {
    const page = this.#open[id]!;
    return page === NONE && this.#addPage(id) === NONE ? 0 : this.takeOpen(id);
  }

  /** A chunk in one of the pages the class has, as an item, or 0. */
  takeOpen(id: number): number {
    const page = this.#open[id]!;
    if (page === NONE) return 0;
    if (this.#inUse[page]!++ === 0) this.#empty--;
    this.usedChunks[id]!++;
    let item = this.#freed[page]!;
    if (item !== 0) {
      this.#freed[page] = this.#arena.words[item * 2 + NEXT]!;
    } else {
      const index = this.#classes.chunksPerPage(id) - this.#fresh[page]!--;
      item = (PAGES_AT + page * PAGE_BYTES + index * this.#classes.sizes[id]!) / 8;
      // The page may have held values, in which a client may have written what looks like a stored item.
      this.#arena.words[item * 2 + SHAPE] = 0;
    }
    if (this.#freed[page] === 0 && this.#fresh[page] === 0) this.#close(page, id);
    return item;
  }

  give(item: number, id: number): void {
    const page = Math.floor((item * 8 - PAGES_AT) / PAGE_BYTES);
    if (this.#freed[page] === 0 && this.#fresh[page] === 0) this.#reopen(page, id);
    this.#arena.words[item * 2 + NEXT] = this.#freed[page]!;
    this.#freed[page] = item;
    this.usedChunks[id]!--;
    if (--this.#inUse[page]! === 0) this.#empty++;
  }

  /** Whether so many pages more may be used, taking back pages that hold nothing. The class's first may be one too many. */
  hasRoomFor(pages: number, id: number): boolean {
    if (this.pool >= pages) return true;
    while (this.used + pages > this.limit && this.reclaimEmpty());
    return this.used + pages <= this.limit || this.pagesOf[id] === 0;
  }

  /** Gives a page that belongs to nobody to large items. */
  claimForLarge(page: number): void {
    this.#owner[page] = OWNED_BY_LARGE;
    this.#use(this.#classes.largest);
  }

  /** Takes a page without a large item back, for whoever is next. */
  releaseFromLarge(page: number): void {
    this.#owner[page] = 0;
    this.#unuse(this.#classes.largest);
  }

  get pageCount(): number {
    return this.#owner.length;
  }

  isFree(page: number): boolean {
    return this.#owner[page] === 0;
  }

  isOfLarge(page: number): boolean {
    return this.#owner[page] === OWNED_BY_LARGE;
  }

  /** The class whose chunks a page holds; 0 if it holds none. */
  classOfPage(page: number): number {
    const id = this.#owner[page]!;
    return id === OWNED_BY_LARGE ? 0 : id;
  }

  /** How many chunks of a page have ever been used. */
  carvedChunks(page: number): number {
    return this.#classes.chunksPerPage(this.#owner[page]!) - this.#fresh[page]!;
  }

  chunksInUse(page: number): number {
    return this.#inUse[page]!;
  }

  /** Byte offset of a page. */
  pageAt(page: number): number {
    return PAGES_AT + page * PAGE_BYTES;
  }

  /** From now on no chunk of this page is given out; those in use may be given back. */
  setAside(page: number): void {
    if (this.#freed[page] !== 0 || this.#fresh[page] !== 0) this.#close(page, this.#owner[page]!);
    this.#fresh[page] = 1; // so that giving back does not put it among those with room
  }

  /** Takes back a page that is set aside and holds nothing. */
  release(page: number): void {
    this.#unuse(this.#owner[page]!);
    this.#owner[page] = 0;
    this.#empty--;
  }

  /** Lets go of pooled pages beyond the limit. */
  trimPool(): void {
    while (this.pool > 0 && this.used + this.pool > this.limit) this.pool--;
  }

  /** Gives a page that belongs to nobody to a class. */
  addPageTo(id: number): void {
    this.#give(this.#owner.indexOf(0), id);
  }

  /** Takes back one page that holds nothing, from whichever class has it. */
  reclaimEmpty(): boolean {
    if (this.#empty === 0) return false;
    const page = this.#owner.findIndex(
      (id, at) => id !== 0 && id !== OWNED_BY_LARGE && this.#inUse[at] === 0,
    );
    const id = this.#owner[page]!;
    this.#close(page, id);
    this.release(page);
    this.moved++;
    return true;
  }

  #addPage(id: number): number {
    if (!this.hasRoomFor(1, id)) return NONE;
    const page = this.#owner.indexOf(0);
    if (page !== NONE) this.#give(page, id);
    return page;
  }

  #give(page: number, id: number): void {
    this.#owner[page] = id;
    this.#freed[page] = 0;
    this.#fresh[page] = this.#classes.chunksPerPage(id);
    this.#inUse[page] = 0;
    this.#use(id);
    this.#empty++;
    this.#reopen(page, id);
  }

  #use(id: number): void {
    if (this.pool > 0) this.pool--;
    this.used++;
    this.pagesOf[id]!++;
  }

  #unuse(id: number): void {
    this.used--;
    this.pagesOf[id]!--;
  }

  /** Puts the page at the head of the class's list of pages with room. */
  #reopen(page: number, id: number): void {
    const head = this.#open[id]!;
    this.#next[page] = head;
    this.#prev[page] = NONE;
    if (head !== NONE) this.#prev[head] = page;
    this.#open[id] = page;
  }

  #close(page: number, id: number): void {
    const next = this.#next[page]!;
    const prev = this.#prev[page]!;
    if (prev === NONE) this.#open[id] = next;
    else this.#next[prev] = next;
    if (next !== NONE) this.#prev[next] = prev;
  }
}

function resized<T extends Uint8Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
