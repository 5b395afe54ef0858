/** The system refuses memory: whoever asks for something is told so, and the server goes on. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Cache, type CacheOptions } from '../../../services/memcached/cache.ts';
import { CacheSockets } from '../../../services/memcached/server/cache-sockets.ts';
import { PAGES_AT } from '../../../services/memcached/store/arena.ts';
import { deleteItem, getItem, setItem } from '../../../services/memcached/items.ts';
import { generalStats } from '../../../services/memcached/stats/general.ts';
import { systemMemory, type Memory } from '../../../services/memcached/store/memory.ts';
import { until } from '../../helpers/alive.ts';
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

function fill(cache: Cache, items: number, length: number): void {
  for (let at = 0; at < items; at++) setItem(cache, `key${length}-${at}`, 'x'.repeat(length), {});
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

  const little = (settings: CacheOptions['settings'] = {}) =>
    cacheWith(meagre({ blockBytes: 60 * MB }), { memoryBytes: 200 * MB, ...settings });

  test('what is of another size than all that is there has a page, too, large ones as well', () => {
    const cache = little();
    fill(cache, 2_000, 50_000);
    const { pages } = cache.store.arena;
    expect(cache.store.slabs.used).toBe(pages);
    for (const length of [1, 3_000, 900_000]) {
      fill(cache, 3, length);
      expect(getItem(cache, `key${length}-2`)?.value.length).toBe(length);
    }
    expect(cache.store.slabs.used).toBe(pages);
    // Those there were are still there, but for the pages they gave.
    expect(Number(stats(cache)['curr_items'])).toBeGreaterThan(450);
    for (let at = 1_600; at < 2_000; at++) {
      expect(getItem(cache, `key50000-${at}`)?.value.toString()).toBe('x'.repeat(50_000));
    }
  });

  test('a single page serves one size after the other', () => {
    const cache = cacheWith(meagre({ blockBytes: PAGES_AT + 1.5 * MB }), { memoryBytes: 16 * MB });
    expect(cache.store.arena.pages).toBe(1);
    for (const length of [10, 3_000, 200_000, 10, 900]) {
      fill(cache, 5, length);
      expect(getItem(cache, `key${length}-4`)?.value.length).toBe(length);
    }
    expect(cache.store.slabs.used).toBe(1);
  });

  test('without evictions nothing goes for an item of another size', () => {
    const cache = little({ evictions: false });
    expect(() => fill(cache, 2_000, 50_000)).toThrow('there is no memory left');
    const before = stats(cache)['curr_items'];
    expect(() => fill(cache, 1, 3_000)).toThrow('there is no memory left');
    expect(stats(cache)['curr_items']).toBe(before);
  });

  test('the limit can be lowered to what there is, not raised above it', () => {
    const { store } = little();
    const { pages } = store.arena;
    expect([pages + 1, pages, pages - 10, 10].map((limit) => store.setLimit(limit))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(store.limitBytes).toBe(10 * MB);
  });

  test('all of it refused once, and then granted, is all used', () => {
    const most = { blockBytes: WITHOUT_PAGES };
    let now = Date.UTC(2026, 0, 1);
    const settings = { memoryBytes: 16 * MB };
    const cache = cacheWith(meagre(most), settings, () => now);
    const told: number[] = [];
    cache.store.onShortage = (pages) => told.push(pages);
    const wait = () => {
      now += 1_000;
      cache.store.clock.tick();
      cache.store.reserveRefused();
    };
    wait();
    wait();
    most.blockBytes = Infinity;
    wait();
    expect(told).toEqual([]); // nobody listened when it was refused first; it is not said at each try
    const never = cacheWith(systemMemory, settings, () => now);
    for (const one of [cache, never]) fill(one, 6_000, 3_000);
    expect(Number(stats(cache)['curr_items'])).toBeGreaterThan(4_000);
    expect(stats(cache)['curr_items']).toBe(stats(never)['curr_items']);
    setItem(cache, 'large', 'x'.repeat(1_000_000), {});
    expect(getItem(cache, 'large')?.value.length).toBe(1_000_000);
  });

  test('tables made for more than is there do not keep it from being had', () => {
    const cache = new Cache({ seed: 1, settings: { memoryBytes: 16 * MB } });
    cache.store.large.grow(1_000); // as it is where the smaller tables are refused after it
    cache.store.reserve();
    fill(cache, 1, 900_000);
    expect(cache.store.arena.pages).toBeGreaterThanOrEqual(16);
    expect(getItem(cache, 'key900000-0')?.value.length).toBe(900_000);
  });

  test('is there for a connection that lasts, too, as soon as there is some', async () => {
    const most = { blockBytes: WITHOUT_PAGES };
    const cache = cacheWith(meagre(most), { memoryBytes: 16 * MB });
    await using sockets = new CacheSockets(cache, true);
    const { tcp } = await sockets.open({ tcp: [{ host: '127.0.0.1', port: 0 }], udp: [] });
    const client = connect(tcp[0]!, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    let answer = '';
    client.on('data', (bytes) => (answer += bytes));
    await once(client, 'connect');
    client.write('set a 0 0 1\r\nx\r\nset b 0 0 5\r\nhal');
    await until('the refusals', () => answer === NO_MEMORY + NO_MEMORY);
    most.blockBytes = Infinity;
    await until('the memory', () => cache.store.arena.pages > 0);
    client.write('lo\r\nset a 0 0 1\r\nx\r\nget a\r\n');
    await until('the answer', () => answer.endsWith('END\r\n'));
    expect(answer).toBe(`${NO_MEMORY}${NO_MEMORY}STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n`);
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
