/** Many keys of large values for readers that stop reading, while others change the same keys and memory is short. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { churn, socketEpisode } from './helpers/churn/sockets.ts';
import { loadOf } from './helpers/churn/load.ts';
import { Random } from './helpers/random.ts';
import { stillEpisode } from './helpers/churn/still.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Enough to notice a careless change; `npm run fuzz` looks longer. */
describe('every value that comes back was stored as a whole, in order, and nothing stays in use', () => {
  test.each([1, 2, 3])('step by step, seed %i', (seed) => {
    expect(stillEpisode(seed, 2000)).toBeGreaterThan(50);
  });

  for (const readIntoArena of [true, false]) {
    const means = readIntoArena ? 'past the streams' : 'with documented means only';
    test(`over TCP, ${means}`, { timeout: 180_000 }, async () => {
      expect(await socketEpisode(1, 800, { readIntoArena })).toBeGreaterThan(0);
    });

    test(`over a unix socket, ${means}`, { timeout: 180_000 }, async () => {
      const path = join(tempDir(), 'cache.sock');
      expect(await socketEpisode(2, 800, { readIntoArena, path })).toBeGreaterThan(0);
    });
  }
});

describe.skipIf(referenceObstacle('churn on memcached'))('what is asserted holds for memcached too', () => {
  const ask = bothServers(['-m', '16'], { memoryBytes: 16 * 1024 * 1024 });

  test('with what both can do', { timeout: 180_000 }, async () => {
    const { load, protocols } = loadOf(new Random(3));
    const plain = { protocols, load: { ...load, bytesMost: 1024 * 1024, upheavals: false } };
    const { mine, theirs } = await ask((port) => churn({ host: '127.0.0.1', port }, 3, plain, 800));
    expect(mine).toBeGreaterThan(0);
    expect(theirs).toBeGreaterThan(0);
  });
});
