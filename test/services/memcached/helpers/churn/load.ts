import type { CacheSettings } from '../../../../../services/memcached/settings.ts';
import type { ChurnLoad } from './client.ts';
import type { Protocol } from './answers.ts';
import type { Random } from '../random.ts';

const MB = 1024 * 1024;

export interface Episode {
  readonly load: ChurnLoad;
  readonly settings: Partial<CacheSettings> & { readonly memoryBytes: number };
  readonly protocols: readonly Protocol[];
}

/** What an episode is to be like. */
export function loadOf(random: Random): Episode {
  const megabytes = random.pick([2, 4, 8, 16, 32]);
  const itemSizeMax = Math.min((megabytes / 2) * MB, random.pick([MB, MB, 2 * MB]));
  const keys = Array.from(
    { length: random.pick([3, 12, 60]) },
    (_, at) => `key${at}${'-'.repeat(random.pick([0, 5]))}`,
  );
  return {
    load: { keys, bytesMost: itemSizeMax, megabytes, upheavals: true },
    settings: {
      memoryBytes: megabytes * MB,
      itemSizeMax,
      slabChunkMax: Math.min(itemSizeMax / 2, random.pick([16, 64, 512]) * 1024),
      growthFactor: random.pick([1.25, 1.25, 2]),
      evictions: !random.once(8),
      casEnabled: !random.once(8),
      lruSegmented: !random.once(4),
      tempLru: random.once(4),
      slabAutomove: random.below(3),
    },
    protocols: Array.from({ length: 3 + random.below(18) }, () =>
      random.pick(['text', 'text', 'meta', 'binary'] as const),
    ),
  };
}
