/** Where keys lie in the index depends on a secret, so that nobody can send many that lie in one place. */
import { expect, test } from 'vitest';
import { Cache } from '../../../services/memcached/cache.ts';
import { KEY_SCRATCH_AT } from '../../../services/memcached/store/arena.ts';

/** Pairs of words whose differences cancel out where each word is mixed in by one multiplication, whatever the seed. */
const PAIRS = 12;
const FIRST = 0x80000000;
const SECOND = 0x80010000;
const ORDINARY = 0x62626262; // "bbbb"

test.each([1, 0x12345678, 0xfedcba98])('keys made to collide do not (seed %i)', (seed) => {
  const { store } = new Cache({ seed });
  store.reserve();
  const hashes = new Set<number>();
  const key = Buffer.alloc(PAIRS * 8);
  for (let choice = 0; choice < 2 ** PAIRS; choice++) {
    for (let pair = 0; pair < PAIRS; pair++) {
      const differs = (choice >> pair) & 1;
      key.writeUInt32LE((ORDINARY ^ (differs * FIRST)) >>> 0, pair * 8);
      key.writeUInt32LE((ORDINARY ^ (differs * SECOND)) >>> 0, pair * 8 + 4);
    }
    store.arena.bytes.set(key, KEY_SCRATCH_AT);
    hashes.add(store.keys.hash(KEY_SCRATCH_AT, key.length));
  }
  expect(hashes.size).toBeGreaterThan(0.95 * 2 ** PAIRS);
});
