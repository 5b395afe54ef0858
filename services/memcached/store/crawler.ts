import * as I from './item.ts';
import { CLASS_MASK } from './lru.ts';
import { ItemWalk } from './walk.ts';
import type { Store } from './store.ts';

/** Chunks looked at before others get their turn. */
const CHUNKS_PER_STEP = 500;
const CLASSES = 64;
/** Seconds between crawls the cache starts by itself, when items that expire are there. */
const AUTOMATIC_SECONDS = 60;

/** Which classes a crawl covers, by class id. */
export type ClassSet = readonly boolean[];

export const ALL_CLASSES: ClassSet = Array.from({ length: CLASSES }, (_, id) => id > 0);

/** Removes expired and flushed items in the background, a few at a time. */
export class Crawler {
  running = false;
  readonly #store: Store;
  #lastEnd = 0;
  #timer: NodeJS.Immediate | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#lastEnd = store.clock.now; // there was nothing to crawl
  }

  /**
   * Begins a crawl; false if one is running.
   * @param limit most items to look at per class, 0 is all
   */
  start(classes: ClassSet, limit: number): boolean {
    if (this.running) return false;
    this.running = true;
    this.#store.counters.crawlerStarts++;
    const checked = new Int32Array(CLASSES);
    this.#step(new ItemWalk(this.#store), classes, limit, checked);
    return true;
  }

  /** Begins a crawl of everything if the last one is long enough ago. */
  startIfDue(): void {
    if (this.#store.clock.now - this.#lastEnd >= AUTOMATIC_SECONDS) this.start(ALL_CLASSES, 0);
  }

  stop(): void {
    clearImmediate(this.#timer);
    this.running = false;
  }

  #step(walk: ItemWalk, classes: ClassSet, limit: number, checked: Int32Array): void {
    const store = this.#store;
    store.clock.tick();
    for (let left = CHUNKS_PER_STEP; left > 0; left--) {
      const item = walk.next(left);
      if (item === 0) {
        this.running = false;
        this.#lastEnd = store.clock.now;
        return;
      }
      if (item < 0) break;
      const id = store.list(item) & CLASS_MASK;
      if (!classes[id] || (limit > 0 && checked[id]! >= limit)) continue;
      checked[id]!++;
      this.#check(item);
    }
    this.#timer = setImmediate(() => this.#step(walk, classes, limit, checked));
  }

  #check(item: number): void {
    const { arena, clock, listCounters } = this.#store;
    const list = this.#store.list(item);
    listCounters.crawlerChecked[list]!++;
    const expires = arena.words[item * 2 + I.EXPIRES]!;
    const gone = (expires !== 0 && expires <= clock.now) || this.#store.isFlushed(item);
    if (!gone) return;
    listCounters.crawlerReclaimed[list]!++;
    if ((arena.words[item * 2 + I.SHAPE]! & I.FETCHED) === 0) listCounters.expiredUnfetched[list]!++;
    this.#store.unlink(item);
  }
}
