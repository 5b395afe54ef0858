import assert from 'node:assert/strict';
import { ItemWalk } from '../../../../../services/memcached/store/walk.ts';
import type { Cache } from '../../../../../services/memcached/cache.ts';

/** Asserts that once nobody is there and nothing is stored, nothing is in use. @throws AssertionError */
export function assertNothingKept(cache: Cache): void {
  const { store } = cache;
  cache.crawler.stop();
  const walk = new ItemWalk(store);
  for (let item = walk.next(); item !== 0; item = walk.next()) store.unlink(item);
  assert.equal(store.items, 0, 'items');
  assert.equal(store.bytes, 0, 'bytes');
  assert.equal(store.memory.runs.size, 0, 'runs of large items');
  assert.equal(
    store.slabs.usedChunks.reduce((sum, used) => sum + used, 0),
    0,
    'used chunks',
  );
  assert.equal(cache.reply.buffersInUse, 1, 'reply buffers');
  assert.equal(cache.connections.keptBytes, 0, 'bytes kept of requests');
}
