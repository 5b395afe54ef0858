import { connectionStats } from './connections.ts';
import { generalStats } from './general.ts';
import { itemStats } from './items.ts';
import { settingStats } from './settings.ts';
import { sizeStats, switchSizes } from './sizes.ts';
import { slabStats } from './slabs.ts';
import type { Cache } from '../cache.ts';

/** One statistic, by memcached's name. */
export type Stat = readonly [name: string, value: string | number];

/** The statistics a client asks for by a word, '' being the general ones; undefined if there are none so called. */
export function statsOf(cache: Cache, what: string): Iterable<Stat> | undefined {
  switch (what) {
    case '':
      return generalStats(cache);
    case 'settings':
      return settingStats(cache);
    case 'items':
      return itemStats(cache.store);
    case 'slabs':
      return slabStats(cache.store);
    case 'sizes':
      return sizeStats(cache.store);
    case 'sizes_enable':
      return switchSizes(cache.store, true);
    case 'sizes_disable':
      return switchSizes(cache.store, false);
    case 'conns':
      return connectionStats(cache);
    default:
      return undefined;
  }
}
