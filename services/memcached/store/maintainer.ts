import { COLD, HOT, TEMP, WARM } from './lru.ts';
import { Automover } from './automover.ts';
import { pullTail } from './pull-tail.ts';
import type { Store } from './store.ts';

/** Steps per class and run: few, as requests wait meanwhile, and more while these are not enough. */
const STEPS_LEAST = 4;
const STEPS_MOST = 512;
const WAIT_LEAST_MS = 1;
const WAIT_MOST_MS = 1000;
/** Of the index, while it grows: some dozens of microseconds. */
const SLOTS_PER_RUN = 1024;

/**
 * Moves what does not belong at the top of one class down, and drops what is expired at the tails.
 * @param most steps on the list of temporary items, and again on the others; each looks at a few items of their tails
 * @returns how many steps found something to do
 */
export function juggle(store: Store, id: number, most = STEPS_MOST): number {
  const { lru, tuning, clock } = store;
  const { counts } = lru;
  if ((counts[id | HOT]! | counts[id | WARM]! | counts[id | COLD]! | counts[id | TEMP]!) === 0) return 0;
  let steps = 0;
  if (tuning.tempLru) while (steps < most && pullTail(store, id, TEMP, 'reclaim') > 0) steps++;
  const totalBytes = tuning.segmented
    ? lru.bytes[id | HOT]! + lru.bytes[id | WARM]! + lru.bytes[id | COLD]!
    : 0;
  // In flat mode an age bound of zero drains everything into COLD.
  const coldAge = tuning.segmented ? lru.age(id | COLD, clock.now) : 0;
  const hot = { totalBytes, maxAge: coldAge * tuning.hotMaxFactor };
  const warm = { totalBytes, maxAge: coldAge * tuning.warmMaxFactor };
  for (let i = 0; i < most; i++) {
    let moved = pullTail(store, id, HOT, 'reclaim', hot) || pullTail(store, id, WARM, 'reclaim', warm);
    if (tuning.segmented) moved += pullTail(store, id, COLD, 'reclaim');
    if (moved === 0) break;
    steps++;
  }
  return steps;
}

/** Keeps the LRU lists in shape from time to time: often while there is much to move, once a second otherwise. */
export class Maintainer {
  readonly #store: Store;
  readonly #onSecond: () => void;
  readonly #automover: Automover;
  #second = 0;
  /** Second of the last look at which class should give a page. */
  #decided = 0;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = WAIT_MOST_MS;
  #stepsMost = STEPS_LEAST;
  /** What the timer was made for. */
  #timerMs = 0;

  /** @param onSecond called for what else is due, at most once in a second of the clock */
  constructor(store: Store, onSecond: () => void) {
    this.#store = store;
    this.#onSecond = onSecond;
    this.#automover = new Automover(store);
  }

  start(): void {
    if (this.#timer && this.#timerMs === this.#waitMs) {
      this.#timer.refresh(); // a new one each millisecond would keep the collector busy
      return;
    }
    this.#timerMs = this.#waitMs;
    this.#timer = setTimeout(() => this.#run(), this.#waitMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#store.clock.tick();
    if (this.#store.settings.lruMaintainer) {
      this.#store.counters.juggles++;
      let most = 0;
      for (let id = 1; id <= this.#store.classes.largest; id++) {
        most = Math.max(most, juggle(this.#store, id, this.#stepsMost));
      }
      this.#waitMs = most > 0 ? WAIT_LEAST_MS : Math.min(this.#waitMs * 2, WAIT_MOST_MS);
      const behind = most >= this.#stepsMost;
      this.#stepsMost = behind ? Math.min(this.#stepsMost * 2, STEPS_MOST) : STEPS_LEAST;
      this.#automove();
    } else this.#waitMs = WAIT_MOST_MS;
    if (this.#store.index.expanding) {
      this.#store.index.moveAlong(SLOTS_PER_RUN);
      this.#waitMs = WAIT_LEAST_MS;
    }
    this.#store.mover.retry();
    const { now } = this.#store.clock;
    if (now !== this.#second) {
      this.#store.reserveRefused();
      this.#onSecond();
    }
    this.#second = now;
    this.start();
  }

  #automove(): void {
    const { settings, tuning, clock, mover } = this.#store;
    if (!settings.slabReassign || tuning.slabAutomove !== 1 || clock.now === this.#decided) return;
    const move = this.#automover.decide();
    if (move) mover.reassign(move.from, move.to);
    // What is too much goes to the pool page by page, without waiting a second for each.
    if (move?.to === 0) this.#waitMs = WAIT_LEAST_MS;
    else this.#decided = clock.now;
  }
}
