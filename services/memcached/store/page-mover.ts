import * as I from './item.ts';
import { CLASS_MASK, COLD, HOT } from './lru.ts';
import { pullTail } from './pull-tail.ts';
import type { Store } from './store.ts';

const NONE = -1;
/** How often room is made for one item that is moved. */
const TRIES_MOST = 10;

/** What became of a wish to move a page. */
export type Reassigned = 'ok' | 'running' | 'bad class' | 'no spare' | 'same';

/**
 * Moves pages from one slab class to another, with what they hold: items go to free chunks of their class, and where
 * there are none the ones not used for longest are dropped. A page with an item that is just being received or sent
 * cannot be moved; the wish is kept then, and tried again.
 */
export class PageMover {
  readonly #store: Store;
  #wish: { readonly from: number; readonly to: number } | undefined;
  /** Class a page was last taken from when any would do. */
  #any = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A page could not be moved yet. */
  get running(): boolean {
    return this.#wish !== undefined;
  }

  /**
   * Moves a page.
   * @param from class, 0 for the pool, -1 for any other class with two pages
   * @param to class, or 0 for the pool
   */
  reassign(from: number, to: number): Reassigned {
    const { largest } = this.#store.classes;
    if (this.#wish) return 'running';
    if (from === to) return 'same';
    const source = from === -1 ? this.#pickAny(to) : from;
    if (source < 0 || source > largest || to < 0 || to > largest) return 'bad class';
    if (this.#pagesOf(source) < 2) return 'no spare';
    this.#wish = { from: source, to };
    this.retry();
    return 'ok';
  }

  /** Gives a class a page of any other, once what is being done is done: `slab_automove` 2. */
  reassignSoon(to: number): void {
    const from = this.#wish ? NONE : this.#pickAny(to);
    if (from === NONE) return;
    this.#wish = { from, to };
    setImmediate(() => this.retry());
  }

  /**
   * Takes a page of any class at once, its only one if none has two, for a class that cannot have its first: where the
   * system gave little memory, there may be fewer pages than classes.
   * @returns false if there is none that can be emptied
   */
  freeAny(): boolean {
    for (const least of [2, 1]) {
      for (let tries = this.#store.classes.largest; tries > 0; tries--) {
        const from = this.#pickAny(0, least);
        if (from === NONE) break;
        if (this.#move(from, 0)) return true;
      }
    }
    return false;
  }

  /** Tries again what could not be done yet. */
  retry(): void {
    if (!this.#wish) return;
    const { from, to } = this.#wish;
    if (this.#pagesOf(from) < 2 || this.#move(from, to)) this.#wish = undefined;
  }

  #pagesOf(id: number): number {
    const { slabs } = this.#store;
    return id === 0 ? slabs.pool : slabs.pagesOf[id]!;
  }

  #pickAny(to: number, least = 2): number {
    const { classes, slabs } = this.#store;
    for (let tries = classes.largest; tries > 0; tries--) {
      this.#any = (this.#any % classes.largest) + 1;
      if (this.#any !== to && slabs.pagesOf[this.#any]! >= least) return this.#any;
    }
    return NONE;
  }

  #move(from: number, to: number): boolean {
    const { slabs, counters } = this.#store;
    if (from !== 0) {
      if (!this.#takeFrom(from)) {
        counters.reassignBusy++;
        return false;
      }
      slabs.pool++;
    }
    if (to !== 0) slabs.addPageTo(to);
    slabs.trimPool();
    counters.pagesMoved++;
    return true;
  }

  /** Empties the first page of a class that can be emptied, and takes it back. */
  #takeFrom(id: number): boolean {
    const { slabs, classes } = this.#store;
    for (let page = 0; page < slabs.pageCount; page++) {
      if (slabs.classOfPage(page) === id && this.#clear(page, id)) return true;
      if (id === classes.largest && slabs.isOfLarge(page) && this.#clearLarge(page)) return true;
    }
    return false;
  }

  /** @returns false, with nothing changed, if something in the page is in use */
  #clear(page: number, id: number): boolean {
    const store = this.#store;
    const { slabs, classes } = store;
    const items: number[] = [];
    for (let chunk = slabs.carvedChunks(page) - 1; chunk >= 0; chunk--) {
      const item = (slabs.pageAt(page) + chunk * classes.sizes[id]!) / 8;
      if (this.#canMove(item)) items.push(item);
    }
    // What is taken but not linked is being received, or still being sent.
    if (items.length !== slabs.chunksInUse(page)) return false;
    slabs.setAside(page);
    for (const item of items) {
      if (this.#rescue(item, () => store.relocate(item, id))) store.counters.reassignRescues++;
    }
    slabs.release(page);
    return true;
  }

  /** The same for a page of values of large items. */
  #clearLarge(page: number): boolean {
    const store = this.#store;
    const { large, counters } = store;
    const { runs } = store.memory;
    const items = [...runs].filter(([, run]) => large.touches(run, page)).map(([item]) => item);
    if (!items.every((item) => this.#canMove(item))) return false;
    large.avoided = page;
    for (const item of items) {
      if (this.#rescue(item, () => store.relocateValue(item))) counters.reassignChunkRescues++;
    }
    large.avoided = NONE;
    return true;
  }

  /**
   * Moves an item if it is worth it, making room by evicting what was not used for longest.
   * @returns false if it is gone
   */
  #rescue(item: number, move: () => boolean): boolean {
    const store = this.#store;
    for (let tries = 0; this.#canMove(item) && !this.#isGone(item); tries++) {
      if (move()) return true;
      if (tries === 0) store.counters.reassignEvictions++;
      const id = store.list(item) & CLASS_MASK;
      if (tries === TRIES_MOST) break;
      if (pullTail(store, id, COLD, 'evict') === 0 && pullTail(store, id, HOT, 'reclaim') === 0) break;
    }
    if (this.#canMove(item)) store.unlink(item);
    return false;
  }

  #canMove(item: number): boolean {
    const shape = this.#store.arena.words[item * 2 + I.SHAPE]!;
    return (shape & I.LINKED) !== 0 && (shape & I.HELD) === 0;
  }

  #isGone(item: number): boolean {
    const { arena, clock } = this.#store;
    const expires = arena.words[item * 2 + I.EXPIRES]!;
    return (expires !== 0 && expires <= clock.now) || this.#store.isFlushed(item);
  }
}
