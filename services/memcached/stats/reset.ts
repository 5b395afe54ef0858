import { Counters, ListCounters } from '../store/counters.ts';
import type { Cache } from '../cache.ts';

/** `stats reset`: what counts begins at zero again; what describes the present stays. */
export function resetStats(cache: Cache): void {
  cache.store.counters = new Counters();
  cache.store.listCounters = new ListCounters();
  cache.store.slabs.moved = 0;
  cache.prefixes.clear();
}
