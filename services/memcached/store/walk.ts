import * as I from './item.ts';
import type { Store } from './store.ts';

/**
 * Visits the linked items chunk by chunk, in the order they lie in memory. The store may change between
 * steps: what is there all the time is visited exactly once, unless it is moved.
 */
export class ItemWalk {
  readonly #store: Store;
  #page = 0;
  #chunk = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The next linked item, or 0 at the end.
   * @param budget chunks to look at; undefined is no bound
   * @returns -1 if the budget is used up before an item was met
   */
  next(budget = Number.POSITIVE_INFINITY): number {
    const { slabs, classes, arena } = this.#store;
    let left = budget;
    for (; this.#page < slabs.pageCount; this.#page++, this.#chunk = 0) {
      const id = slabs.classOfPage(this.#page);
      if (id === 0) continue;
      const size = classes.sizes[id]!;
      const first = slabs.pageAt(this.#page);
      const carved = slabs.carvedChunks(this.#page);
      while (this.#chunk < carved) {
        if (left-- <= 0) return -1;
        const item = (first + this.#chunk++ * size) / 8;
        if ((arena.words[item * 2 + I.SHAPE]! & I.LINKED) !== 0) return item;
      }
    }
    return 0;
  }
}
