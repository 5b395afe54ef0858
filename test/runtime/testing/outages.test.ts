import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisClient } from '../../../services/redis/client.ts';
import type { TestPlatform, TestService } from '../../../runtime/testing/index.ts';
import { until } from '../../helpers/alive.ts';
import { appFolder } from '../../helpers/cli.ts';
import { cacheApp, started, text } from './helpers.ts';

/** A client of a service, over one connection, with all it heard. */
class Client {
  readonly socket: Socket;
  heard = '';
  ended: string | undefined;

  constructor({ host, port }: TestService) {
    this.socket = connect(port, host);
    this.socket.setEncoding('latin1').on('data', (chunk: string) => (this.heard += chunk));
    this.socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.ended = code ?? 'error'));
    this.socket.on('close', () => (this.ended ??= 'closed'));
    onTestFinished(() => void this.socket.destroy());
  }

  /** Until what is heard from now on ends so. */
  async ask(request: string, ends = '\r\n'): Promise<string> {
    this.heard = '';
    this.socket.write(request);
    await until(
      `an answer to ${JSON.stringify(request)}`,
      () => this.heard.endsWith(ends) || this.ended !== undefined,
      {
        state: () => this.heard,
      },
    );
    return this.ended ?? this.heard;
  }

  end(): Promise<string> {
    return until('the connection to end', () => this.ended);
  }
}

const services = (list: string): string => appFolder({ 'manifest.yml': `name: lib\nservices: {${list}}\n` });

async function cacheAlone(): Promise<{ platform: TestPlatform; cache: TestService }> {
  const platform = await started({ folder: services('cache: memcached'), apps: [] });
  return { platform, cache: platform.service('cache') };
}

describe('the cache, inside', () => {
  test('down refuses and ends connections; up brings it back on the same port, its items kept', async () => {
    const { cache } = await cacheAlone();
    const { port, credentials } = cache;
    await cache.set('k', 'v');
    const client = new Client(cache);
    expect(await client.ask('get k\r\n', 'END\r\n')).toContain('v');
    await cache.down();
    expect(await client.end()).toMatch(/ECONNRESET|closed/);
    expect(await new Client(cache).end()).toBe('ECONNREFUSED');
    await cache.down();
    await cache.up();
    expect(await new Client(cache).ask('get k\r\n', 'END\r\n')).toContain('v');
    expect({ port: cache.port, credentials: cache.credentials }).toEqual({ port, credentials });
  });

  test('frozen, it accepts and does not answer, and goes on where it was', async () => {
    const { cache } = await cacheAlone();
    const old = new Client(cache);
    await old.ask('version\r\n');
    await cache.freeze();
    const fresh = new Client(cache);
    fresh.socket.write('set k 0 0 1\r\nv\r\n');
    old.heard = '';
    old.socket.write('get k\r\n');
    await new Promise((resolve) => fresh.socket.once('connect', resolve));
    // Nothing comes: not because it was too early, but because it never would.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([old.heard, fresh.heard, await cache.get('k')]).toEqual(['', '', undefined]);
    await cache.up();
    await until('both answers', () => fresh.heard === 'STORED\r\n' && old.heard.endsWith('END\r\n'));
  });

  test('latency and bandwidth hold answers back, in order, for old and new connections', async () => {
    const { cache } = await cacheAlone();
    await cache.set('big', 'x'.repeat(5000));
    const old = new Client(cache);
    await old.ask('version\r\n');
    await cache.latency(60, 10);
    for (const client of [old, new Client(cache)]) {
      const began = performance.now();
      expect(await client.ask('version\r\n')).toMatch(/^VERSION/);
      expect(performance.now() - began).toBeGreaterThanOrEqual(48);
    }
    expect(await old.ask('get a\r\nversion\r\nget big\r\n', 'x\r\nEND\r\n')).toMatch(
      /^END\r\nVERSION .*\r\nVALUE big 0 5000\r\nx+\r\nEND\r\n$/,
    );
    await cache.latency(0);
    await cache.bandwidth(20_000);
    const began = performance.now();
    expect((await old.ask('get big\r\n', 'x\r\nEND\r\n')).length).toBeGreaterThan(5000);
    expect(performance.now() - began).toBeGreaterThanOrEqual(180);
    await cache.bandwidth(0);
    expect(await old.ask('get big\r\nquit\r\n', 'x\r\nEND\r\n')).toBeDefined();
    expect(await old.end()).toBe('closed');
  });

  test('connections are dropped, requests fail, items are evicted and expire', async () => {
    const { cache } = await cacheAlone();
    const client = new Client(cache);
    await client.ask('set a 0 600 1\r\n1\r\nset b 0 0 1\r\n2\r\n', 'STORED\r\nSTORED\r\n');
    await cache.failNext(3, 'disk on fire');
    expect(await client.ask('get a\r\n')).toBe('SERVER_ERROR disk on fire\r\n');
    expect(await client.ask('set a 0 0 5\r\nother\r\n')).toBe('SERVER_ERROR disk on fire\r\n');
    expect(await client.ask('mg a v\r\n')).toBe('SERVER_ERROR disk on fire\r\n');
    expect(await client.ask('get a\r\n', 'END\r\n')).toBe('VALUE a 0 1\r\n1\r\nEND\r\n');
    expect(await cache.expire()).toBe(1);
    expect(await client.ask('get a b\r\n', 'END\r\n')).toBe('VALUE b 0 1\r\n2\r\nEND\r\n');
    expect(await cache.expire('b')).toBe(1);
    await cache.set('c', '3');
    expect(await cache.evict('c')).toBe(1);
    expect(await cache.evict('c')).toBe(0);
    await cache.set('d', '4');
    expect(await cache.evict()).toBe(1);
    expect(await cache.entries()).toEqual([]);
    expect(Number((await cache.stats()).evictions)).toBe(2);
    expect(await cache.dropConnections()).toBe(1);
    expect(await client.end()).toMatch(/ECONNRESET|closed/);
    expect(await new Client(cache).ask('version\r\n')).toMatch(/^VERSION/);
  });

  test('a reset ends them all', async () => {
    const { platform, cache } = await cacheAlone();
    await cache.down();
    await platform.reset();
    await cache.latency(60_000);
    await cache.failNext(9);
    const client = new Client(cache);
    await platform.reset();
    expect(await client.ask('get a\r\n', 'END\r\n')).toBe('END\r\n');
  });

  test('an app sees them as its client would', async () => {
    const platform = await started({ folder: cacheApp() });
    const cache = platform.service('cache');
    await platform.fetch('/set?k=v');
    await cache.down();
    expect(await text(platform.fetch('/get?k'))).toMatch(/CLOSED|ECONNRE/);
    expect(await text(platform.fetch('/get?k'))).toBe('ECONNREFUSED');
    await cache.up();
    expect(await text(platform.fetch('/get?k'))).toBe('v');
    await cache.failNext(1, 'no');
    expect(await text(platform.fetch('/get?k'))).toBe('SERVER_ERROR no');
    await cache.freeze();
    expect(await text(platform.fetch('/get?k'))).toBe('SLOW');
  });
});

test('an engine that is not ours, through a relay: the same, on a port that stays', async () => {
  const platform = await started({ folder: services('store: redis'), apps: [] });
  const store = platform.service('store');
  const { host, port } = store;
  const password = store.credentials.password as string;
  const open = () => RedisClient.connect({ host, port, user: '', password }, {});
  using client = await open();
  await client.call('SET', 'k', 'v');
  await store.failNext(1, 'made up');
  await expect(client.call('GET', 'k')).rejects.toThrow('made up');
  expect(await client.call('GET', 'k')).toBe('v');
  await store.latency(60);
  const began = performance.now();
  expect(await client.call('GET', 'k')).toBe('v');
  expect(performance.now() - began).toBeGreaterThanOrEqual(58);
  await store.down();
  expect(await new Client(store).end()).toBe('ECONNREFUSED');
  // What we ask of it ourselves is not disturbed.
  expect(await store.stats()).toMatchObject({ keys: 1 });
  await store.up();
  await store.latency(0);
  using again = await open();
  expect(await again.call('GET', 'k')).toBe('v');
  expect(store.port).toBe(port);
  await expect(store.evict()).rejects.toThrow('only a cache of ours knows its items');
});

describe('an app', () => {
  test('crashes, hangs and runs out of memory', async () => {
    const platform = await started({ folder: cacheApp() });
    const app = platform.app('shop');
    const pid = await text(app.fetch('/pid'));
    await app.crash();
    expect(platform.events()).toContainEqual(
      expect.objectContaining({
        kind: 'instance',
        moment: 'exited',
        exit: { code: null, signal: 'SIGKILL' },
      }),
    );
    const second = await text(app.fetch('/pid'));
    expect(second).not.toBe(pid);
    await app.pause();
    const waiting = text(app.fetch('/pid'));
    const first = await Promise.race([
      waiting,
      new Promise((resolve) => setTimeout(() => resolve('hangs'), 100)),
    ]);
    expect(first).toBe('hangs');
    await app.resume();
    expect(await waiting).toBe(second);
    await app.outOfMemory();
    expect(app.logs.text()).toContain('out of memory');
    await app.pause();
    await app.stop();
    // Nothing of it runs that could exit, so there is nothing to wait for.
    await app.outOfMemory();
    await app.crash();
  });
});

test('numbers that are none are refused', async () => {
  const platform = await started({ folder: cacheApp() });
  const cache = platform.service('cache');
  for (const refused of [
    cache.latency(-1),
    cache.latency(Number.NaN),
    cache.latency(1, Number.POSITIVE_INFINITY),
    cache.bandwidth(1.5),
    cache.failNext(-1),
    platform.router.abort(0.5),
    platform.app('shop').scale(-1),
    platform.app('shop').scale(Number.NaN),
  ])
    await expect(refused).rejects.toMatchObject({ code: 'USAGE' });
  expect(platform.events().filter(({ kind }) => kind === 'fault')).toEqual([]);
});

test('the router is slow, and ends requests without an answer', async () => {
  const platform = await started({ folder: cacheApp() });
  await platform.router.latency(60);
  const began = performance.now();
  expect((await platform.fetch('/')).status).toBe(200);
  expect(performance.now() - began).toBeGreaterThanOrEqual(58);
  await platform.router.latency(0);
  await platform.router.abort(1);
  await expect(platform.fetch('/say?never')).rejects.toThrow();
  expect((await platform.fetch('/')).status).toBe(200);
  await platform.router.abort();
  await expect(platform.fetch('/')).rejects.toThrow();
  await platform.reset();
  expect((await platform.fetch('/')).status).toBe(200);
});

test('each of them is an event, and in the timeline', async () => {
  const platform = await started({ folder: cacheApp() });
  const cache = platform.service('cache');
  await platform.reset();
  await cache.set('k', 'v');
  await cache.latency(20, 5);
  await cache.latency(0);
  await cache.evict('k');
  await cache.freeze();
  await cache.up();
  await platform.app('shop').pause();
  await platform.app('shop').resume();
  await platform.router.abort(2);
  const faults = platform.events().filter((event) => event.kind === 'fault');
  expect(faults.map(({ target, moment, fault }) => `${target} ${moment} ${fault.kind}`)).toEqual([
    'cache begins latency',
    'cache ends latency',
    'cache begins evict',
    'cache begins freeze',
    'cache ends up',
    'shop begins pause',
    'shop ends up',
    'router begins abort',
  ]);
  expect(faults[0]).toMatchObject({ fault: { ms: 20, jitterMs: 5 }, by: 'user', apps: ['shop'] });
  const shown = platform.debug();
  for (const line of [
    'event    cache: latency 20 ms ± 5 ms',
    'event    cache: no latency any more',
    'event    cache: evict k (1)',
    'event    cache: freeze',
    'event    cache: up again',
    'event    shop: pause (1)',
    'event    router: abort the next 2',
  ])
    expect(shown).toContain(line);
});

test('what clients ask of a cache is written down', async () => {
  const platform = await started({ folder: cacheApp() });
  const cache = platform.service('cache');
  await platform.fetch('/set?k=value');
  await platform.fetch('/get?k');
  await platform.fetch('/get?nothing');
  const client = new Client(cache);
  await client.ask('mg k v T30\r\n');
  await client.ask('get k\r\nget nothing\r\n', 'END\r\nEND\r\n');
  // Binary: set "b" for 60 s.
  const packet = Buffer.alloc(34);
  packet.set([0x80, 1, 0, 1, 8]);
  packet.writeUInt32BE(10, 8);
  packet.writeUInt32BE(60, 28);
  packet.write('bv', 32);
  const binary = new Client(cache);
  binary.socket.write(packet);
  await until('an answer', () => binary.heard.length >= 24);
  expect(await cache.commands()).toMatchObject([
    { command: 'set', keys: ['k'], ttlSeconds: 600, bytes: 5 },
    { command: 'get', keys: ['k'], hits: 1, misses: 0 },
    { command: 'get', keys: ['nothing'], hits: 0, misses: 1 },
    { command: 'mg', keys: ['k'], ttlSeconds: 30, hits: 1 },
    { command: 'get', keys: ['k'], hits: 1, misses: 0 },
    { command: 'get', keys: ['nothing'], hits: 0, misses: 1 },
    { command: 'set', keys: ['b'], ttlSeconds: 60, bytes: 1 },
  ]);
  await platform.reset();
  expect(await cache.commands()).toEqual([]);
  const quiet = await started({ folder: services('cache: memcached'), apps: [], record: false });
  await new Client(quiet.service('cache')).ask('get a\r\n', 'END\r\n');
  expect(await quiet.service('cache').commands()).toEqual([]);
});

test('a port that is passed on has no outage, and works beside the test', async () => {
  const platform = await started({ folder: services('udp-feed: harbor'), apps: [] });
  expect(platform.service('udp-feed').port).toBeGreaterThan(0);
  await expect(platform.service('udp-feed').down()).rejects.toThrow('it serves more than TCP');
});
