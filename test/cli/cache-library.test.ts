/** The cache as a library, through the package's own name as its users import it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type * as Library from '../../services/memcached/index.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { exchange } from '../services/memcached/helpers/exchange.ts';

// Not a literal, so that the compiler does not look for what is only there once it was built.
const PACKAGE: string = 'paas-local/services/memcached';
const { createServer } = (await import(PACKAGE)) as typeof Library;

const START = 1_700_000_000_000;
const SECOND = 1000;
let now: number;
let cache: Library.CacheServer;
const ask = async (text: string) => (await exchange(cache.port, [text])).toString();

beforeEach(async () => {
  now = START;
  cache = await createServer({ clock: () => now, idleTimeoutSeconds: 0 });
});
afterEach(() => cache.stop());

test('listens on any free port of loopback, and is gone after stop', async () => {
  expect(cache).toMatchObject({ host: '127.0.0.1', udpPort: 0 });
  expect(cache.port).toBeGreaterThan(0);
  expect(await ask('version\r\n')).toBe('VERSION 1.6.18\r\n');
  await cache.stop();
  expect(await ask('version\r\n')).toBe('');
});

test('what clients store can be read, and the other way round', async () => {
  await ask('set a 5 0 3\r\nabc\r\n');
  expect(cache.get('a')).toEqual({ key: 'a', value: Buffer.from('abc'), flags: 5, expires: undefined });
  expect(cache.get('b')).toBeUndefined();
  cache.set('ключ', new Uint8Array([0, 255]), { flags: 7, ttlSeconds: 10 });
  cache.set('a', 'new');
  const answer = await exchange(cache.port, [Buffer.from('get ключ a\r\n')]);
  expect(answer.toString('latin1')).toBe(
    `VALUE ${Buffer.from('ключ').toString('latin1')} 7 2\r\n\0\xff\r\nVALUE a 0 3\r\nnew\r\nEND\r\n`,
  );
  expect(cache.delete('a')).toBe(true);
  expect(cache.delete('a')).toBe(false);
  expect(await ask('get a\r\n')).toBe('END\r\n');
});

test('time is the clock that was passed', async () => {
  cache.set('short', '1', { ttlSeconds: 10 });
  cache.set('long', '2', { ttlSeconds: 100 });
  cache.set('forever', '3');
  cache.set('aeon', '4', { ttlSeconds: 3_000_000_000 });
  expect(cache.get('short')!.expires).toBe(START + 10 * SECOND);
  now += 11 * SECOND;
  expect(cache.get('short')).toBeUndefined();
  expect([...cache.entries()].map(({ key }) => key).toSorted()).toEqual(['aeon', 'forever', 'long']);
  expect(await ask('get short long\r\n')).toBe('VALUE long 0 1\r\n2\r\nEND\r\n');
  expect(cache.stats()).toMatchObject({ uptime: 11, curr_items: 3 });
});

test('entries, stats and flush', async () => {
  for (let i = 0; i < 1000; i++) cache.set(`key${i}`, String(i));
  const entries = new Map([...cache.entries()].map(({ key, value }) => [key, value.toString()]));
  expect(entries.size).toBe(1000);
  expect(entries.get('key77')).toBe('77');
  await ask('get key1 key2 nothing\r\n');
  expect(cache.stats()).toMatchObject({ curr_items: 1000, get_hits: 2, get_misses: 1, pid: process.pid });
  cache.flush();
  expect([...cache.entries()]).toEqual([]);
  expect(await ask('get key1\r\n')).toBe('END\r\n');
  cache.set('after', 'x');
  expect([...cache.entries()]).toHaveLength(1);
});

test('refuses what cannot be stored, and says why', () => {
  expect(() => cache.set('', 'x')).toThrow(/a key of 0 bytes: it has 1 to 250/);
  expect(() => cache.get('k'.repeat(251))).toThrow(RangeError);
  expect(() => cache.set('a', 'x', { flags: -1 })).toThrow(/flags are a whole number/);
  expect(() => cache.set('a', 'x', { ttlSeconds: 0 })).toThrow(/time to live is above 0/);
  for (const value of [5, null, undefined, [1, 2], { length: 3 }]) {
    expect(() => cache.set('a', value as never)).toThrow(/a value is a string or a Uint8Array, got/);
  }
  expect(() => cache.set('a', Buffer.alloc(2 ** 21))).toThrow(
    /Cannot store "a": 2097152 bytes do not fit an item of 1048576/,
  );
});

test('a full cache that may not forget says so', async () => {
  await using full = await createServer({ memoryBytes: 2 ** 20, itemSizeMax: 2 ** 19, evictions: false });
  const fill = () => {
    for (let i = 0; i < 10_000; i++) full.set(`key${i}`, 'x'.repeat(1000));
  };
  expect(fill).toThrow(/there is no memory left/);
});

test('a cache of more than 2 GiB answers like a small one', async () => {
  await using large = await createServer({ memoryBytes: 3 * 2 ** 30 });
  const requests = 'set n 0 0 2\r\n10\r\nincr n 90\r\nmg n v k\r\nget n\r\ncache_memlimit 3000\r\n';
  const answer = await exchange(large.port, [requests]);
  expect(answer.toString()).toBe('STORED\r\n100\r\nVA 3 kn\r\n100\r\nVALUE n 0 3\r\n100\r\nEND\r\nOK\r\n');
  expect(large.get('n')?.value.toString()).toBe('100');
});

test('a unix socket instead of a port', async () => {
  const path = join(tempDir(), 'cache');
  const local = await createServer({ path });
  expect(local.port).toBe(0);
  local.set('a', 'x');
  expect((await exchange({ path }, ['get a\r\n'])).toString()).toBe('VALUE a 0 1\r\nx\r\nEND\r\n');
  await local.stop();
  expect(existsSync(path)).toBe(false);
});

test('users make clients log in', async () => {
  await using closed = await createServer({ users: [['u', 'p']] });
  const login = 'set x 0 0 3\r\nu p\r\n';
  expect((await exchange(closed.port, ['get a\r\n'])).toString()).toBe('CLIENT_ERROR unauthenticated\r\n');
  expect((await exchange(closed.port, [`${login}get a\r\n`])).toString()).toBe('STORED\r\nEND\r\n');
});
