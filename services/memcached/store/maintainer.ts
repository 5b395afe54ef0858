import { COLD, HOT, TEMP, WARM } from './lru.ts';
import { Automover } from './automover.ts';
import { pullTail } from './pull-tail.ts';
import type { Store } from './store.ts';

/** Moves per class and run. Requests wait meanwhile: each move takes about a microsecond. */
const MOVES_MAX = 50;
const WAIT_LEAST_MS = 1;
const WAIT_MOST_MS = 1000;

/** Moves what does not belong at the top of one class down, and drops what is expired at the tails. */
export function juggle(store: Store, id: number): number {
  const { lru, tuning, clock } = store;
  let moves = 0;
  if (tuning.tempLru) while (moves < MOVES_MAX && pullTail(store, id, TEMP, 'reclaim') > 0) moves++;
  const totalBytes = tuning.segmented
    ? lru.bytes[id | HOT]! + lru.bytes[id | WARM]! + lru.bytes[id | COLD]!
    : 0;
  // In flat mode an age bound of zero drains everything into COLD.
  const coldAge = tuning.segmented ? lru.age(id | COLD, clock.now) : 0;
  const hot = { totalBytes, maxAge: coldAge * tuning.hotMaxFactor };
  const warm = { totalBytes, maxAge: coldAge * tuning.warmMaxFactor };
  for (let i = 0; i < MOVES_MAX; i++) {
    let moved = pullTail(store, id, HOT, 'reclaim', hot) || pullTail(store, id, WARM, 'reclaim', warm);
    if (tuning.segmented) moved += pullTail(store, id, COLD, 'reclaim');
    if (moved === 0) break;
    moves++;
  }
  return moves;
}

/** Keeps the LRU lists in shape from time to time: often while there is much to move, once a second otherwise. */
export class Maintainer {
  readonly #store: Store;
  readonly #onRun: () => void;
  readonly #automover: Automover;
  /** Second of the last look at which class should give a page. */
  #decided = 0;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = WAIT_MOST_MS;
  /** What the timer was made for. */
  #timerMs = 0;

  /** @param onRun called after every run, for what else is due about once a second */
  constructor(store: Store, onRun: () => void) {
    this.#store = store;
    this.#onRun = onRun;
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
      let moves = 0;
      for (let id = 1; id <= this.#store.classes.largest; id++) moves += juggle(this.#store, id);
      this.#waitMs = moves > 0 ? WAIT_LEAST_MS : Math.min(this.#waitMs * 2, WAIT_MOST_MS);
      this.#automove();
    }
    this.#store.mover.retry();
    this.#onRun();
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
