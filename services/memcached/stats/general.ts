import type { Cache } from '../cache.ts';
import { sum } from '../store/counters.ts';

/** `stats`: memcached's general statistics in its order, as texts. */
export function* generalStats(cache: Cache): Generator<readonly [name: string, value: string | number]> {
  const { store } = cache;
  const { counters, listCounters } = store;
  yield ['pid', process.pid];
  yield ['uptime', store.clock.uptime];
  yield ['time', store.clock.unix];
  yield ['version', cache.version];
  yield ['curr_connections', cache.connections.size];
  yield ['cmd_get', counters.cmdGet];
  yield ['cmd_set', sum(counters.setsOf)];
  yield ['get_hits', sum(counters.listHits)];
  yield ['get_misses', counters.getMisses];
  yield ['limit_maxbytes', store.limitBytes];
  yield ['bytes', store.bytes];
  yield ['curr_items', store.items];
  yield ['total_items', counters.totalItems];
  yield ['evictions', sum(listCounters.evicted)];
}
