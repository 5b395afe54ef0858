/** Memory by the page: what lies in it survives its moving, and goes where it is needed. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Automover } from '../../../services/memcached/store/automover.ts';
import { ALL_CLASSES } from '../../../services/memcached/store/crawler.ts';
import { Cache } from '../../../services/memcached/cache.ts';
import { HEADER_BYTES } from '../../../services/memcached/store/item.ts';
import { ItemWalk } from '../../../services/memcached/store/walk.ts';
import { createServer, type CacheServer } from '../../../services/memcached/index.ts';
import { generalStats } from '../../../services/memcached/stats/general.ts';
import { deleteItem, getItem, setItem as setItemWith } from '../../../services/memcached/items.ts';
import { slabStats } from '../../../services/memcached/stats/slabs.ts';
import { juggle } from '../../../services/memcached/store/maintainer.ts';
import { referenceObstacle } from './helpers/both.ts';
import { exchange } from './helpers/exchange.ts';
import { Random } from './helpers/random.ts';
import { startReference } from './helpers/reference.ts';
import type { CacheSettings } from '../../../services/memcached/settings.ts';

const MB = 1024 * 1024;
const SECOND = 1000;

interface Still {
  readonly cache: Cache;
  readonly pass: (seconds: number) => void;
  readonly stat: (name: string) => number;
  readonly slabs: (name: string) => number;
}

/** Without sockets, with a clock that moves when told. */
function still(settings: Partial<CacheSettings>): Still {
  let now = Date.UTC(2026, 0, 1);
  const cache = new Cache({ seed: 1, clock: () => now, settings });
  cache.store.reserve();
  return {
    cache,
    pass(seconds) {
      now += seconds * SECOND;
      cache.store.clock.tick();
    },
    stat: (name) => Number(Object.fromEntries(generalStats(cache))[name]),
    slabs: (name) => Number(Object.fromEntries(slabStats(cache.store))[name]),
  };
}

function setItem(cache: Cache, key: string, value: string, options: { flags?: number } = {}): void {
  setItemWith(cache, key, value, options);
}

/** A value that tells which item and version it is. */
const valueOf = (name: string, length: number) => `${name}:`.padEnd(length, name).slice(0, length);

describe('a page moves to another class', () => {
  test('with its items, as long as there is room', () => {
    const { cache, slabs, stat } = still({ memoryBytes: 8 * MB });
    const names = Array.from({ length: 300 }, (_, at) => `item${at}`);
    for (const name of names) setItem(cache, name, valueOf(name, 10_000));
    const id = cache.store.classes.classOf(10_000 + 70);
    const before = slabs(`${id}:total_pages`);
    for (const name of names.slice(0, 150)) deleteItem(cache, name);
    expect(cache.store.mover.reassign(id, 1)).toBe('ok');
    expect(slabs(`${id}:total_pages`)).toBe(before - 1);
    expect(slabs('1:total_pages')).toBe(1);
    expect(stat('slabs_moved')).toBe(1);
    expect(stat('evictions')).toBe(0);
    for (const name of names.slice(150))
      expect(getItem(cache, name)?.value.toString()).toBe(valueOf(name, 10_000));
    expect(cache.store.mover.reassign(id, 0)).toBe('ok');
    expect(stat('slab_global_page_pool')).toBe(1);
    expect(stat('slab_reassign_rescues')).toBeGreaterThan(0);
    expect(slabs('total_malloced')).toBe(before * MB);
  });

  test('and the least recently used items go where there is none', () => {
    const { cache, stat, pass } = still({ memoryBytes: 4 * MB });
    for (let at = 0; at < 200; at++) {
      setItem(cache, `old${at}`, valueOf(`old${at}`, 20_000));
      pass(1);
    }
    const held = stat('curr_items');
    const newest = getItem(cache, 'old199');
    expect(newest).toBeDefined();
    const id = cache.store.classes.classOf(20_000 + 70);
    expect(cache.store.mover.reassign(id, 1)).toBe('ok');
    expect(stat('curr_items')).toBeLessThan(held);
    expect(stat('slab_reassign_evictions_nomem')).toBeGreaterThan(0);
    expect(getItem(cache, 'old199')?.value.equals(newest!.value)).toBe(true);
  });

  test('what cannot be', () => {
    const { cache } = still({ memoryBytes: 4 * MB });
    const { mover, classes } = cache.store;
    setItem(cache, 'a', 'x');
    expect(mover.reassign(1, 1)).toBe('same');
    expect(mover.reassign(1, 99)).toBe('bad class');
    expect(mover.reassign(-1, 1)).toBe('bad class'); // no class has two
    expect(mover.reassign(1, 2)).toBe('no spare');
    expect(mover.reassign(0, classes.largest)).toBe('no spare'); // nothing in the pool
  });

  for (const seed of [1, 2, 3, 4]) {
    test(`any order of sets, deletes and moves leaves whole values only (seed ${seed})`, () => {
      const random = new Random(seed);
      const { cache, pass } = still({
        memoryBytes: 12 * MB,
        slabChunkMax: random.pick([16 * 1024, 512 * 1024]),
      });
      const { store } = cache;
      const expected = new Map<string, string>();
      const check = (name: string) => {
        const found = getItem(cache, name);
        if (found) expect(found.value.toString() === expected.get(name)).toBe(true);
      };
      for (let step = 0; step < 4000; step++) {
        const name = `key${random.below(400)}`;
        if (random.once(5)) {
          deleteItem(cache, name);
          expected.delete(name);
        } else if (random.once(3)) {
          check(name);
        } else {
          const size = random.pick([50, 900, 5_000, 17_000, 40_000, 150_000, 530_000]);
          const value = valueOf(`${name}.${step}`, size + random.below(50));
          expected.set(name, value);
          setItem(cache, name, value);
        }
        if (random.once(10)) {
          const classes = [
            -1,
            0,
            ...Array.from(store.slabs.pagesOf.keys()).filter((id) => store.slabs.pagesOf[id]! > 1),
          ];
          store.mover.reassign(random.pick(classes), random.below(store.classes.largest + 1));
          pass(1);
        }
      }
      for (const name of expected.keys()) check(name);
      expect(store.counters.pagesMoved).toBeGreaterThan(100);
      // Everything is given back in the end.
      for (const name of expected.keys()) deleteItem(cache, name);
      expect(store.items).toBe(0);
      expect([...store.slabs.usedChunks].every((count) => count === 0)).toBe(true);
      expect(store.memory.runs.size).toBe(0);
    });
  }

  test('once nobody reads from it any more', async () => {
    await using cache = await createServer({ memoryBytes: 16 * MB });
    const value = 'v'.repeat(900_000);
    for (const key of ['a', 'b'])
      await exchange(cache.port, [`set ${key} 0 0 ${value.length}\r\n${value}\r\n`]);
    const largest = 39;
    const socket = connect({ port: cache.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    socket.write('get a b\r\n'.repeat(100));
    await until(
      async () => (await reassign(cache, largest, 1)) === 'BUSY currently processing reassign request\r\n',
    );
    expect(cache.stats()['slab_reassign_running']).toBe(1);
    expect(cache.stats()['slabs_moved']).toBe(0);
    socket.destroy();
    await until(() => cache.stats()['slabs_moved'] === 1);
    expect(cache.stats()['slab_reassign_running']).toBe(0);
  });
});

describe('pages go where they are needed', () => {
  test('from a class with much free to the pool, and back to the system when the limit is lowered', () => {
    const { cache, pass, stat, slabs } = still({ memoryBytes: 16 * MB, slabAutomoveWindow: 3 });
    for (let at = 0; at < 600; at++) setItem(cache, `k${at}`, valueOf('v', 20_000));
    for (let at = 0; at < 600; at++) if (at % 10 !== 0) deleteItem(cache, `k${at}`);
    const malloced = slabs('total_malloced');
    const automover = new Automover(cache.store);
    // A class that just grew is left alone for a window.
    expect(automover.decide()).toBeUndefined();
    for (let second = 0; second < 30; second++) {
      pass(1);
      const move = automover.decide();
      if (move) cache.store.mover.reassign(move.from, move.to);
    }
    expect(stat('slab_global_page_pool')).toBeGreaterThan(5);
    expect(slabs('total_malloced')).toBe(malloced);
    const kept = stat('curr_items');
    cache.store.setLimit(8);
    for (let second = 0; second < 10; second++) {
      setItem(cache, 'more', valueOf('v', 50));
      cache.store.mover.reassign(0, 5);
    }
    expect(slabs('total_malloced')).toBeLessThanOrEqual(8 * MB);
    expect(stat('curr_items')).toBe(kept + 1);
  });

  test('from the class with the oldest items to the one that evicts young ones', () => {
    const { cache, pass, stat } = still({ memoryBytes: 16 * MB, slabAutomoveWindow: 3 });
    const { store } = cache;
    for (let at = 0; at < 2000; at++) setItem(cache, `small${at}`, valueOf('s', 10_000));
    pass(1000);
    const automover = new Automover(store);
    const id = store.classes.classOf(30_000 + 70);
    for (let second = 0, at = 0; second < 20; second++) {
      pass(1);
      for (let i = 0; i < 100; i++) setItem(cache, `large${at++}`, valueOf('l', 30_000));
      for (let one = 1; one <= store.classes.largest; one++) juggle(store, one);
      const move = automover.decide();
      if (move) {
        expect(move.to).toBe(id);
        store.mover.reassign(move.from, move.to);
      }
    }
    expect(store.slabs.pagesOf[id]).toBeGreaterThan(5);
    expect(stat('slabs_moved')).toBeGreaterThan(5);
  });

  test('at every eviction, with slab_automove 2', async () => {
    await using cache = await createServer({ memoryBytes: 8 * MB, slabAutomove: 2 });
    for (let at = 0; at < 2000; at++) cache.set(`small${at}`, valueOf('s', 5_000));
    for (let at = 0; at < 200; at++)
      await exchange(cache.port, [`set l${at} 0 0 50000\r\n${'l'.repeat(50_000)}\r\n`]);
    expect(Number(cache.stats()['slabs_moved'])).toBeGreaterThan(1);
    expect(cache.get('l199')?.value.length).toBe(50_000);
  });
});

describe('large items', () => {
  test('without CAS, of exactly the largest chunk, do not run into one another', () => {
    const { cache } = still({ memoryBytes: 8 * MB, casEnabled: false });
    const key = (name: string) => name.padEnd(50, name);
    // memcached's size of an item: header, key and its NUL, flags, value, CRLF
    const length = 512 * 1024 - 48 - 51 - 4 - 2;
    for (const name of ['a', 'b', 'c', 'd']) {
      setItem(cache, key(name), valueOf(name, length), { flags: 4_000_000_000 });
    }
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(getItem(cache, key(name))?.value.toString() === valueOf(name, length)).toBe(true);
    }
  });

  const mixtures = [['64 MB', 64, 512 * 1024, [450_000, 600_000]], ['small chunks', 12, 16 * 1024, [15_000, 30_000, 60_000]]] as const; // prettier-ignore
  test.each(mixtures)(
    'and those of the largest chunk make room for one another: %s',
    (_, megabytes, slabChunkMax, lengths) => {
      const { cache } = still({ memoryBytes: megabytes * MB, slabChunkMax });
      const random = new Random(megabytes);
      const values = lengths.map((length) => valueOf(String(length), length));
      for (let at = 0; at < 1000; at++) {
        const value = random.pick(values);
        setItem(cache, `mixed${at}`, value); // throws without memory
        expect(getItem(cache, `mixed${at}`)?.value.toString() === value).toBe(true);
      }
      // First all of one kind, then all of the other.
      for (const [kind, value] of [values[0]!, values.at(-1)!, values[0]!].entries()) {
        for (let at = 0; at < 1000; at++) setItem(cache, `kind${kind} ${at}`, value);
      }
    },
  );

  test('larger than all memory are refused, and nothing is evicted for them', async () => {
    await using cache = await createServer({ memoryBytes: 64 * MB, itemSizeMax: 20 * MB });
    const ask = async (...requests: string[]) => (await exchange(cache.port, requests)).toString('latin1');
    expect(await ask('cache_memlimit 8\r\n')).toBe('OK\r\n');
    const set = (key: string, bytes: number) => `set ${key} 0 0 ${bytes}\r\n${'x'.repeat(bytes)}\r\n`;
    for (let at = 0; at < 40; at++) await ask(set(`large${at}`, 600_000));
    for (let at = 0; at < 40; at++) await ask(set(`small${at}`, 100));
    const before = cache.stats();
    for (const bytes of [9 * MB, 18 * MB, 20 * MB - 100]) {
      expect(await ask(set('big', bytes))).toBe('SERVER_ERROR out of memory storing object\r\n');
    }
    expect(await ask(set('big', 21 * MB))).toBe('SERVER_ERROR object too large for cache\r\n');
    const { curr_items, evictions } = before;
    expect(cache.stats()).toMatchObject({ curr_items, evictions });
    expect(await ask(set('big', 7 * MB))).toBe('STORED\r\n');
  });

  test('with chunks too small for a long key are refused, and leave the others alone', async () => {
    await using cache = await createServer({
      memoryBytes: 8 * MB,
      itemSizeMax: 64 * 1024,
      slabChunkMax: 128,
    });
    const long = 'k'.repeat(250);
    const answers = await exchange(cache.port, [
      'set a 0 0 3\r\nabc\r\n',
      `set ${long} 0 0 3\r\nabc\r\n`,
      `set b 0 0 1000\r\n${'b'.repeat(1000)}\r\n`,
      `get a ${long} b\r\n`,
    ]);
    expect(answers.toString()).toBe(
      'STORED\r\nSERVER_ERROR out of memory storing object\r\nSTORED\r\n' +
        `VALUE a 0 3\r\nabc\r\nVALUE b 0 1000\r\n${'b'.repeat(1000)}\r\nEND\r\n`,
    );
  });

  test('that find no memory leave nothing that looks stored, whatever the page held before', () => {
    const { cache } = still({ memoryBytes: 2 * MB, evictions: false, slabChunkMax: 64 * 1024 });
    const { store } = cache;
    const names = Array.from({ length: 30 }, (_, at) => `f${at}`);
    // Values of all bits set: read as a header, they are linked, held and everything else.
    for (const name of names) {
      setItemWith(cache, name, Buffer.alloc(60_000, 0xff), {});
    }
    expect(store.slabs.used).toBe(2);
    for (const name of names) deleteItem(cache, name);
    setItem(cache, 'large', valueOf('large', 700_000)); // its head in one of these pages, its value in the other
    expect(() => setItem(cache, 'second', valueOf('second', 700_000))).toThrow(/memory/);
    const walk = new ItemWalk(store);
    const item = walk.next();
    expect(store.arena.text(item * 8 + HEADER_BYTES, item * 8 + HEADER_BYTES + 5)).toBe('large');
    expect(walk.next()).toBe(0);
    cache.crawler.start(ALL_CLASSES, 0);
    expect(getItem(cache, 'large')?.value.toString() === valueOf('large', 700_000)).toBe(true);
  });

  const sizes = [['5,000', 4096, 5000], ['20,000', 16_384, 20_000], ['600,000', 524_288, 600_000]] as const; // prettier-ignore
  test.skipIf(referenceObstacle('how many large items fit'))(
    'fit about as many as into memcached',
    async () => {
      for (const [, chunk, length] of sizes) {
        const script = Array.from({ length: Math.ceil((24 * MB) / length) }, (_, at) => `set k${at} 0 0 ${length} noreply\r\n${'v'.repeat(length)}\r\n`); // prettier-ignore
        await using reference = await startReference(['-m', '16', '-o', `slab_chunk_max=${chunk}`]);
        await using ours = await createServer({ memoryBytes: 16 * MB, slabChunkMax: chunk });
        const count = async (port: number) => {
          const answers = await exchange(port, [script.join(''), 'stats\r\n']);
          return Number(/STAT curr_items (\d+)/.exec(answers.toString())![1]);
        };
        const [mine, theirs] = [await count(ours.port), await count(reference.port)];
        expect(mine / theirs, `${length} bytes: ours ${mine}, theirs ${theirs}`).toBeGreaterThan(0.9);
      }
    },
  );
});

async function reassign(cache: CacheServer, from: number, to: number): Promise<string> {
  return (await exchange(cache.port, [`slabs reassign ${from} ${to}\r\n`])).toString();
}

/** Until it is so; the test's own time limit bounds it. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}

test('a raised memory limit takes no memory for pages that hold nothing', async () => {
  await using cache = await createServer({ memoryBytes: 512 * MB });
  const value = 'v'.repeat(700_000);
  const idle = connect({ port: cache.port, host: '127.0.0.1' });
  onTestFinished(() => void idle.destroy());
  await once(idle, 'connect');
  await exchange(cache.port, [`set large 0 0 ${value.length}\r\n${value}\r\nset small 0 0 1\r\nx\r\n`]);
  const before = process.memoryUsage.rss();
  for (const megabytes of [600, 700]) {
    expect((await exchange(cache.port, [`cache_memlimit ${megabytes}\r\n`])).toString()).toBe('OK\r\n');
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(256 * MB);
  const both = `VALUE large 0 ${value.length}\r\n${value}\r\nVALUE small 0 1\r\nx\r\nEND\r\n`;
  expect((await exchange(cache.port, ['get large small\r\n'])).toString() === both).toBe(true);
});
