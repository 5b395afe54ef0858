/** The system refuses memory: whoever asks for something is told so, and the server goes on. */
import { spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Cache, type CacheOptions } from '../../../services/memcached/cache.ts';
import { CacheSockets } from '../../../services/memcached/server/cache-sockets.ts';
import { PAGES_AT } from '../../../services/memcached/store/arena.ts';
import { deleteItem, getItem, setItem } from '../../../services/memcached/items.ts';
import { generalStats } from '../../../services/memcached/stats/general.ts';
import { systemMemory, type Memory } from '../../../services/memcached/store/memory.ts';
import { packet, storeExtras } from './helpers/binary.ts';
import { exchange } from './helpers/exchange.ts';

const MB = 1024 * 1024;
/** What is received and answered has its place, items have none. */
const WITHOUT_PAGES = PAGES_AT + MB / 2;
const NO_MEMORY = 'SERVER_ERROR out of memory storing object\r\n';

/** Gives no block, and no table, of more than these. */
function meagre(most: { blockBytes?: number; words?: number }): Memory {
  return {
    block(bytes) {
      if (bytes > (most.blockBytes ?? Infinity)) throw new RangeError('Array buffer allocation failed');
      return systemMemory.block(bytes);
    },
    words(count) {
      if (count > (most.words ?? Infinity)) throw new RangeError('Array buffer allocation failed');
      return systemMemory.words(count);
    },
  };
}

function cacheWith(memory: Memory, settings: CacheOptions['settings'] = {}, clock = Date.now): Cache {
  const cache = new Cache({ seed: 1, settings, memory, clock });
  cache.store.reserve();
  return cache;
}

async function served(cache: Cache) {
  const sockets = new CacheSockets(cache, true);
  onTestFinished(() => sockets.close());
  const { tcp } = await sockets.open({ tcp: [{ host: '127.0.0.1', port: 0 }], udp: [] });
  return async (...requests: (string | Buffer)[]) => (await exchange(tcp[0]!, requests)).toString('latin1');
}

const stats = (cache: Cache) => Object.fromEntries(generalStats(cache));

describe('memory for items', () => {
  test('less than was asked for is used as if it were the limit', () => {
    const cache = cacheWith(meagre({ blockBytes: 60 * MB }), { memoryBytes: 200 * MB });
    for (let at = 0; at < 2_000; at++) setItem(cache, `key${at}`, 'x'.repeat(50_000), {});
    const { curr_items, evictions, malloc_fails, limit_maxbytes } = stats(cache);
    expect(Number(curr_items)).toBeGreaterThan(500);
    expect(Number(curr_items) + Number(evictions)).toBe(2_000);
    expect({ malloc_fails, limit_maxbytes }).toEqual({ malloc_fails: 3, limit_maxbytes: 200 * MB });
    expect(getItem(cache, 'key1999')?.value.length).toBe(50_000);
  });

  test('is said to be short, once', () => {
    const cache = new Cache({
      seed: 1,
      settings: { memoryBytes: 200 * MB },
      memory: meagre({ blockBytes: 60 * MB }),
    });
    const told: number[] = [];
    cache.store.onShortage = (pages) => told.push(pages);
    cache.store.reserve();
    cache.store.reserve();
    expect(told).toHaveLength(1);
    expect(told[0]).toBeLessThan(60);
  });

  test('none at all: every request is answered, and what is refused works once there is some', async () => {
    const most = { blockBytes: WITHOUT_PAGES };
    let now = Date.UTC(2026, 0, 1);
    const cache = cacheWith(meagre(most), { memoryBytes: 16 * MB }, () => now);
    const ask = await served(cache);
    const requests = 'set a 0 0 1\r\nx\r\nget a\r\nms a 1\r\nx\r\nversion\r\nset b 0 0 2000000\r\n';
    const version = 'VERSION 1.6.18\r\n';
    const meta = 'SERVER_ERROR out of memory storing object\r\n';
    const tooLarge = 'SERVER_ERROR object too large for cache\r\n';
    expect(await ask(requests)).toBe(`${NO_MEMORY}END\r\n${meta}${version}${tooLarge}`);
    const binary = await ask(packet(0x01, { key: 'a', extras: storeExtras(0, 0), value: 'x' }));
    expect(binary.slice(24)).toBe('Out of memory allocating item');
    expect(() => setItem(cache, 'a', 'x', {})).toThrow('Cannot store "a": there is no memory left');
    expect(stats(cache)).toMatchObject({ curr_items: 0, store_no_memory: 3 });

    most.blockBytes = 100 * MB;
    now += 1_000;
    cache.store.clock.tick();
    expect(await ask('set a 0 0 1\r\nx\r\nget a\r\n')).toBe('STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n');
  });

  test('comes in the middle of a conversation, which loses nothing', async () => {
    const most = { blockBytes: WITHOUT_PAGES };
    const cache = cacheWith(meagre(most), { memoryBytes: 16 * MB }, () => 0);
    const ask = await served(cache);
    expect(await ask('set a 0 0 1\r\nx\r\ncache_memlimit 32\r\nget a\r\n')).toBe(
      `${NO_MEMORY}MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\nEND\r\n`,
    );
    most.blockBytes = 200 * MB;
    expect(await ask('get a\r\ncache_memlimit 32\r\nset a 0 0 1\r\nx\r\nget a\r\n')).toBe(
      'END\r\nOK\r\nSTORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n',
    );
  });
});

describe('memory for the index', () => {
  const SLOTS = 2 ** 12;
  const settings = { hashPowerInit: 12 };
  const memory = meagre({ words: SLOTS * 2 });

  test('an item more than it holds takes the place of the one used least recently', () => {
    const cache = cacheWith(memory, settings);
    for (let at = 0; at < 10_000; at++) setItem(cache, `key${at}`, `value ${at}`, {});
    const { curr_items, evictions, hash_power_level, malloc_fails } = stats(cache);
    expect(hash_power_level).toBe(12);
    expect(curr_items).toBe(SLOTS * 0.875);
    expect(evictions).toBe(10_000 - SLOTS * 0.875);
    expect(Number(malloc_fails)).toBeGreaterThan(0);
    for (let at = 0; at < 10_000; at++) {
      const text = getItem(cache, `key${at}`)?.value.toString();
      expect(text).toBe(at < Number(evictions) ? undefined : `value ${at}`);
    }
  });

  test('without evictions it is out of memory, in all protocols', async () => {
    const cache = cacheWith(memory, { ...settings, evictions: false });
    for (let at = 0; at < SLOTS * 0.875; at++) setItem(cache, `key${at}`, 'x', {});
    const ask = await served(cache);
    expect(
      await ask(
        'set new 0 0 1\r\nx\r\nadd new 0 0 1\r\nx\r\nms new 1 O7\r\nx\r\nmg new N60 t\r\nma new N60 J1\r\n',
      ),
    ).toBe(`${NO_MEMORY}${NO_MEMORY}${NO_MEMORY}EN\r\nSERVER_ERROR Out of memory allocating new item\r\n`);
    const key = 'new';
    const binary = await ask(packet(0x01, { key, extras: storeExtras(0, 0), value: 'x' }));
    expect(binary.slice(24)).toBe('Out of memory allocating item');
    expect(() => setItem(cache, key, 'x', {})).toThrow('Cannot store "new": there is no memory left');
    // What is there can be replaced, and what goes makes room.
    expect(await ask('set key5 0 0 1\r\ny\r\ndelete key6\r\nset new 0 0 1\r\nx\r\nget key5 new\r\n')).toBe(
      'STORED\r\nDELETED\r\nSTORED\r\nVALUE key5 0 1\r\ny\r\nVALUE new 0 1\r\nx\r\nEND\r\n',
    );
    expect(cache.store.memory.runs.size).toBe(0);
  });

  test('it grows as soon as there is some', () => {
    const most = { words: SLOTS * 2 };
    const cache = cacheWith(meagre(most), settings);
    const add = (from: number) => {
      for (let at = from; at < from + 5_000; at++) setItem(cache, `key${at}`, 'x', {});
    };
    add(0);
    expect(stats(cache)).toMatchObject({ hash_power_level: 12, curr_items: SLOTS * 0.875 });
    most.words = Infinity;
    add(5_000);
    expect(Number(stats(cache)['curr_items'])).toBeGreaterThan(SLOTS);
    expect(getItem(cache, 'key9999')).toBeDefined();
    expect(deleteItem(cache, 'key9999')).toBe(true);
  });
});

const canLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.log('Skipped: a process cannot be given little memory here (no prlimit)');

test.skipIf(!canLimit)('with a limit of the system', { timeout: 120_000 }, () => {
  const program = new URL('./helpers/under-limit.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { stats: seen, last, index } = JSON.parse(stdout);
  expect(last).toBe('VALUE key19999 0 5000\r\n\r\nEND\r\n'.length + 5000);
  expect(seen.malloc_fails).toBeGreaterThan(0);
  expect(seen.evictions).toBeGreaterThan(0);
  expect(index).toEqual({ refusedAt: 2 ** 23 * 0.875 + 1, slots: 2 ** 23 });
});
