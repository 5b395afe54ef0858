import * as I from './item.ts';
import { CLASS_MASK, COLD, HOT, TEMP, WARM } from './lru.ts';
import type { Store } from './store.ts';

/** How far up from the tail to look when what is there cannot be moved. */
const TRIES = 5;

/** What the lists of one class may hold, for moving items down. */
export interface ListBounds {
  /** Bytes of all lists of the class. */
  readonly totalBytes: number;
  /** Seconds after which an idle item leaves HOT or WARM even if there is room. */
  readonly maxAge: number;
}

const NO_BOUNDS: ListBounds = { totalBytes: 0, maxAge: 0 };

/**
 * Looks at the tail of one list: drops what is expired; moves active items to WARM and idle ones of a list
 * that is too large to COLD; at the tail of COLD evicts one item, if told to.
 * @returns how many items were removed or moved
 */
export function pullTail(
  store: Store,
  id: number,
  segment: number,
  aim: 'reclaim' | 'evict',
  bounds: ListBounds = NO_BOUNDS,
): number {
  const { lru, listCounters, clock, arena, tuning } = store;
  const list = id | segment;
  let removed = 0;
  let item = lru.tails[list]!;
  for (let tries = TRIES; tries > 0 && item !== 0; tries--) {
    const { words } = arena;
    const shape = words[item * 2 + I.SHAPE]!;
    const above = words[item * 2 + I.PREV]!;
    const expires = words[item * 2 + I.EXPIRES]!;
    if ((expires !== 0 && expires < clock.now) || store.isFlushed(item)) {
      listCounters.reclaimed[list]!++;
      if ((shape & I.FETCHED) === 0) listCounters.expiredUnfetched[list]!++;
      store.unlink(item);
      removed++;
      item = above;
      continue;
    }
    if ((shape & I.HELD) !== 0) {
      listCounters.heldAtTail[list]!++;
      item = above;
      continue;
    }
    if (segment === TEMP) return removed;
    const active = (shape & I.ACTIVE) !== 0;
    if (segment === COLD) {
      if (aim === 'evict') return store.settings.evictions ? removed + evict(store, item, list) : removed;
      if (!active || !tuning.segmented) return removed;
      words[item * 2 + I.SHAPE] = shape & ~I.ACTIVE;
      listCounters.movesToWarm[list]!++;
      lru.move(item, WARM, store.size(item));
      return removed + 1;
    }
    if (active) {
      words[item * 2 + I.SHAPE] = shape & ~I.ACTIVE;
      removed++;
      if (segment === HOT) {
        listCounters.movesToWarm[list]!++;
        lru.move(item, WARM, store.size(item));
        return removed;
      }
      listCounters.movesWithin[list]!++;
      lru.move(item, WARM, store.size(item));
      item = above;
      continue;
    }
    const percent = segment === HOT ? tuning.hotPercent : tuning.warmPercent;
    const tooLarge = lru.bytes[list]! > (bounds.totalBytes * percent) / 100;
    if (tooLarge || clock.now - words[item * 2 + I.USED]! > bounds.maxAge) {
      listCounters.movesToCold[list]!++;
      lru.move(item, COLD, store.size(item));
      removed++;
    }
    return removed;
  }
  return removed;
}

function evict(store: Store, item: number, list: number): number {
  const { listCounters, clock, arena, tuning, settings } = store;
  const shape = arena.words[item * 2 + I.SHAPE]!;
  listCounters.evicted[list]!++;
  listCounters.evictedTime[list] = clock.now - arena.words[item * 2 + I.USED]!;
  if (arena.words[item * 2 + I.EXPIRES] !== 0) listCounters.evictedNonzero[list]!++;
  if ((shape & I.FETCHED) === 0) listCounters.evictedUnfetched[list]!++;
  if ((shape & I.ACTIVE) !== 0) listCounters.evictedActive[list]!++;
  store.onEvict?.(item);
  store.unlink(item);
  if (tuning.slabAutomove === 2 && settings.slabReassign) store.mover.reassignSoon(list & CLASS_MASK);
  return 1;
}
