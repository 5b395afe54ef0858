/** The index grows by and by: whatever is asked meanwhile is answered as ever. */
import { expect, test } from 'vitest';
import { Cache } from '../../../services/memcached/cache.ts';
import { deleteItem, getItem, setItem } from '../../../services/memcached/items.ts';
import { generalStats } from '../../../services/memcached/stats/general.ts';
import { Maintainer } from '../../../services/memcached/store/maintainer.ts';
import { Random } from './helpers/random.ts';
import { release } from '../../../services/memcached/store/memory.ts';

const SLOTS = 2 ** 12;

function growing(settings = {}): Cache {
  const cache = new Cache({ seed: 7, settings: { hashPowerInit: 12, ...settings } });
  cache.store.reserve();
  return cache;
}

const stats = (cache: Cache) => Object.fromEntries(generalStats(cache));

/** Fills the index up to the item that has it grow. @returns how many there are */
function begin(cache: Cache): number {
  let count = 0;
  while (!cache.store.index.expanding) setItem(cache, `key${count++}`, 'x', {});
  return count;
}

test('a new item moves a few others along, and no item all', () => {
  const cache = growing();
  const count = begin(cache);
  expect(count).toBe(SLOTS * 0.75 + 1);
  expect(stats(cache)).toMatchObject({
    hash_power_level: 13,
    hash_is_expanding: 1,
    hash_bytes: 3 * SLOTS * 8,
  });
  let steps = 0;
  for (; cache.store.index.expanding; steps++) setItem(cache, `more${steps}`, 'x', {});
  // Sixteen slots each, and the rest of a run.
  expect(steps).toBeGreaterThan(SLOTS / 16 / 4);
  expect(steps).toBeLessThanOrEqual(SLOTS / 16);
  expect(stats(cache)).toMatchObject({ hash_is_expanding: 0, hash_bytes: 2 * SLOTS * 8 });
  for (let at = 0; at < count; at++) expect(getItem(cache, `key${at}`)).toBeDefined();
});

test('without new items the maintainer goes on', async () => {
  const cache = growing({ lruMaintainer: false });
  begin(cache);
  const maintainer = new Maintainer(cache.store, () => {});
  maintainer.start();
  await expect.poll(() => cache.store.index.expanding).toBe(false);
  maintainer.stop();
});

test('what is stored, read and deleted meanwhile', () => {
  const random = new Random(3);
  const cache = growing();
  const model = new Map<string, string>();
  let growths = 0;
  for (let step = 0; step < 60_000; step++) {
    const before = cache.store.index.expanding;
    const key = `key${random.below(30_000)}`;
    const dice = random.below(10);
    if (dice < 6) {
      setItem(cache, key, `value ${step}`, {});
      model.set(key, `value ${step}`);
    } else if (dice < 8) {
      expect(deleteItem(cache, key)).toBe(model.delete(key));
    } else {
      expect(getItem(cache, key)?.value.toString()).toBe(model.get(key));
    }
    if (!before && cache.store.index.expanding) growths++;
    if (cache.store.index.expanding && step % 37 === 0) expect(everything(cache)).toBe(model.size);
    if (step % 50 === 0) cache.store.index.moveAlong(1);
  }
  expect(growths).toBeGreaterThan(1);
  expect(everything(cache)).toBe(model.size);
  for (const [key, value] of model) expect(getItem(cache, key)?.value.toString()).toBe(value);
});

test('emptied meanwhile, it has grown', () => {
  const cache = growing();
  const count = begin(cache);
  for (let at = 0; at < count; at++) expect(deleteItem(cache, `key${at}`)).toBe(true);
  setItem(cache, 'one', 'x', {});
  expect(stats(cache)).toMatchObject({ hash_is_expanding: 0, curr_items: 1 });
  expect(getItem(cache, 'one')).toBeDefined();
});

/** How many items there are, each once. */
function everything(cache: Cache): number {
  const items = [...cache.store.index.items()];
  expect(new Set(items).size).toBe(items.length);
  return items.length;
}

test('what it has grown out of is given back at once, not when objects are next collected', () => {
  const words = new Int32Array(1024);
  release(words);
  expect(words.length).toBe(0);
});
