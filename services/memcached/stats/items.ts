import { CLASSES_MAX } from '../store/slab-classes.ts';
import { COLD, HOT, TEMP, WARM } from '../store/lru.ts';
import { sumOfLists } from '../store/counters.ts';
import type { Stat } from './stats-of.ts';
import type { Store } from '../store/store.ts';

/** `stats items`: the LRU lists of each class that holds items. */
export function* itemStats(store: Store): Generator<Stat> {
  for (let id = 1; id < CLASSES_MAX; id++) {
    const count = sumOfLists(store.lru.counts, id);
    if (count === 0) continue;
    for (const [name, value] of classStats(store, id, count)) yield [`items:${id}:${name}`, value];
  }
}

function* classStats(store: Store, id: number, count: number): Generator<Stat> {
  const { lru, listCounters, tuning, settings, counters } = store;
  const { now } = store.clock;
  const total = (values: Float64Array) => sumOfLists(values, id);
  yield ['number', count];
  if (settings.lruMaintainer) {
    yield ['number_hot', lru.counts[id | HOT]!];
    yield ['number_warm', lru.counts[id | WARM]!];
    yield ['number_cold', lru.counts[id | COLD]!];
    if (tuning.tempLru) yield ['number_temp', lru.counts[id | TEMP]!];
    yield ['age_hot', lru.age(id | HOT, now)];
    yield ['age_warm', lru.age(id | WARM, now)];
  }
  yield ['age', lru.age(id | COLD, now)];
  yield ['mem_requested', total(lru.bytes)];
  yield ['evicted', total(listCounters.evicted)];
  yield ['evicted_nonzero', total(listCounters.evictedNonzero)];
  yield ['evicted_time', listCounters.evictedTime[id | COLD]!];
  yield ['outofmemory', total(listCounters.outOfMemory)];
  yield ['tailrepairs', 0];
  yield ['reclaimed', total(listCounters.reclaimed)];
  yield ['expired_unfetched', total(listCounters.expiredUnfetched)];
  yield ['evicted_unfetched', total(listCounters.evictedUnfetched)];
  if (settings.lruMaintainer) yield ['evicted_active', total(listCounters.evictedActive)];
  yield ['crawler_reclaimed', total(listCounters.crawlerReclaimed)];
  yield ['crawler_items_checked', total(listCounters.crawlerChecked)];
  yield ['lrutail_reflocked', total(listCounters.heldAtTail)];
  if (!settings.lruMaintainer) return;
  yield ['moves_to_cold', total(listCounters.movesToCold)];
  yield ['moves_to_warm', total(listCounters.movesToWarm)];
  yield ['moves_within_lru', total(listCounters.movesWithin)];
  yield ['direct_reclaims', total(listCounters.directReclaims)];
  yield ['hits_to_hot', counters.listHits[id | HOT]!];
  yield ['hits_to_warm', counters.listHits[id | WARM]!];
  yield ['hits_to_cold', counters.listHits[id | COLD]!];
  yield ['hits_to_temp', counters.listHits[id | TEMP]!];
}
