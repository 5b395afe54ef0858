import { COLD, LISTS } from './lru.ts';
import { sumOfLists } from './counters.ts';
import type { Store } from './store.ts';

/** A class must keep this many pages to be taken from because its items are old. */
const SOURCE_PAGES_LEAST = 2;
/** Free chunks, in pages' worth, from which on a class gives a page to the pool. */
const FREE_PAGES_MOST = 2.5;
/** Share of all evictions from which on a class is in need. */
const EVICTIONS_SHARE = 0.25;

/** What one second showed of a class. */
interface Sample {
  readonly age: number;
  /** It evicted, ran out of memory or got a page: not the time to take pages from it. */
  readonly dirty: boolean;
  readonly evicted: boolean;
  readonly evictedShare: number;
}

interface Move {
  readonly from: number;
  readonly to: number;
}

/**
 * Decides once a second which class should give a page, by memcached's rule (`slab_automove` 1): a class with pages' worth
 * of free chunks all through the window gives one to the pool; the class whose oldest item is oldest gives one to the
 * class that evicts items which are much younger.
 */
export class Automover {
  readonly #store: Store;
  /** Samples of each class, the latest last, at most a window. */
  #samples: Sample[][] = [];
  #seconds = 0;
  #window = 0;
  #evicted = new Float64Array(LISTS);
  #outOfMemory = new Float64Array(LISTS);
  #pages = new Int32Array(LISTS);

  constructor(store: Store) {
    this.#store = store;
  }

  /** To be called once a second, as the window counts calls; sooner after a page went to the pool, of which more may follow. */
  decide(): Move | undefined {
    const { classes, tuning } = this.#store;
    if (this.#window !== tuning.slabAutomoveWindow) {
      this.#window = tuning.slabAutomoveWindow;
      this.#samples = Array.from({ length: classes.largest + 1 }, () => []);
      this.#seconds = 0;
    }
    this.#seconds++;
    this.#sample();
    let oldest: { id: number; age: number } | undefined;
    let youngest: { id: number; age: number; evicts: boolean } | undefined;
    for (let id = 1; id <= classes.largest; id++) {
      const samples = this.#samples[id]!;
      const age = samples.reduce((sum, one) => sum + one.age, 0) / this.#window;
      if (this.#hasSpare(id) && !samples.some((one) => one.dirty)) return { from: id, to: 0 };
      if (age > (oldest?.age ?? 0) && this.#store.slabs.pagesOf[id]! > SOURCE_PAGES_LEAST)
        oldest = { id, age };
      if (age < (youngest?.age ?? Infinity) && this.#inNeed(samples)) {
        youngest = { id, age, evicts: samples.at(-1)!.evicted };
      }
    }
    if (!youngest?.evicts || !oldest || this.#seconds <= this.#window) return undefined;
    return youngest.age < oldest.age * tuning.slabAutomoveRatio
      ? { from: oldest.id, to: youngest.id }
      : undefined;
  }

  #sample(): void {
    const { classes, slabs, lru, clock, listCounters } = this.#store;
    const evicted = Array.from(
      this.#samples,
      (_, id) => listCounters.evicted[id | COLD]! - this.#evicted[id]!,
    );
    const all = evicted.reduce((sum, count) => sum + Math.max(0, count), 0);
    for (let id = 1; id <= classes.largest; id++) {
      const outOfMemory = sumOfLists(listCounters.outOfMemory, id);
      const evicts = evicted[id]! > 0;
      this.#samples[id]!.push({
        age: lru.age(id | COLD, clock.now),
        dirty: evicts || outOfMemory > this.#outOfMemory[id]! || slabs.pagesOf[id]! > this.#pages[id]!,
        evicted: evicts,
        evictedShare: evicts ? evicted[id]! / all : 0,
      });
      if (this.#samples[id]!.length > this.#window) this.#samples[id]!.shift();
      this.#evicted[id] = listCounters.evicted[id | COLD]!;
      this.#outOfMemory[id] = outOfMemory;
      this.#pages[id] = slabs.pagesOf[id]!;
    }
  }

  #hasSpare(id: number): boolean {
    const { slabs, classes } = this.#store;
    const perPage = classes.chunksPerPage(id);
    return slabs.pagesOf[id]! * perPage - slabs.usedChunks[id]! > perPage * FREE_PAGES_MOST;
  }

  /** Evicts in more than half of the window's seconds, or more than its share. */
  #inNeed(samples: readonly Sample[]): boolean {
    const seconds = samples.filter((one) => one.evicted).length;
    const share = samples.reduce((sum, one) => sum + one.evictedShare, 0) / this.#window;
    return seconds > Math.floor(this.#window / 2) || share > EVICTIONS_SHARE;
  }
}
