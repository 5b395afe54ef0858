import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type CacheServer } from '../../../services/memcached/index.ts';
import { referenceObstacle } from './helpers/both.ts';
import { Random } from './helpers/random.ts';
import { startReference } from './helpers/reference.ts';

/** What is sent, what must come back. `%` marks a CAS number. */
const TABLE: readonly (readonly [name: string, sent: string, expected: string])[] = [
  ['set, get', 'set a 5 0 3\r\nabc\r\nget a\r\n', 'STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n'],
  ['empty value', 'set a 0 0 0\r\n\r\nget a\r\n', 'STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n'],
  ['miss', 'get nothing\r\n', 'END\r\n'],
  [
    'many keys',
    'set a 0 0 1\r\n1\r\nset b 0 0 1\r\n2\r\nget a x b a\r\n',
    'STORED\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\nEND\r\n',
  ],
  [
    'gets, cas',
    'set a 0 0 1\r\n1\r\ngets a\r\ncas a 0 0 1 999999999\r\n2\r\ncas none 0 0 1 1\r\n2\r\n',
    'STORED\r\nVALUE a 0 1 %\r\n1\r\nEND\r\nEXISTS\r\nNOT_FOUND\r\n',
  ],
  [
    'add, replace',
    'add a 0 0 1\r\n1\r\nadd a 0 0 1\r\n2\r\nreplace a 7 0 1\r\n3\r\nreplace b 0 0 1\r\n4\r\nget a b\r\n',
    'STORED\r\nNOT_STORED\r\nSTORED\r\nNOT_STORED\r\nVALUE a 7 1\r\n3\r\nEND\r\n',
  ],
  [
    'append, prepend keep flags',
    'set a 9 0 1\r\nb\r\nappend a 1 1 1\r\nc\r\nprepend a 0 0 1\r\na\r\nappend x 0 0 1\r\n1\r\nget a\r\n',
    'STORED\r\nSTORED\r\nSTORED\r\nNOT_STORED\r\nVALUE a 9 3\r\nabc\r\nEND\r\n',
  ],
  [
    'delete',
    'set a 0 0 1\r\n1\r\ndelete a\r\ndelete a\r\nset a 0 0 1\r\n1\r\ndelete a 0\r\n',
    'STORED\r\nDELETED\r\nNOT_FOUND\r\nSTORED\r\nDELETED\r\n',
  ],
  [
    'incr, decr',
    'set n 0 0 1\r\n9\r\nincr n 1\r\ndecr n 100\r\nincr n 18446744073709551615\r\nincr n 1\r\nincr none 1\r\nincr n x\r\n',
    'STORED\r\n10\r\n0\r\n18446744073709551615\r\n0\r\nNOT_FOUND\r\nCLIENT_ERROR invalid numeric delta argument\r\n',
  ],
  [
    'incr of text',
    'set t 0 0 3\r\nabc\r\nincr t 1\r\n',
    'STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
  ],
  [
    'touch, gat',
    'set a 0 0 1\r\n1\r\ntouch a 100\r\ntouch b 1\r\ngat 100 a\r\n',
    'STORED\r\nTOUCHED\r\nNOT_FOUND\r\nVALUE a 0 1\r\n1\r\nEND\r\n',
  ],
  ['negative lifetime is at once over', 'set a 0 -1 1\r\n1\r\nget a\r\n', 'STORED\r\nEND\r\n'],
  ['noreply', 'set a 0 0 1 noreply\r\n1\r\ndelete zz noreply\r\nget a\r\n', 'VALUE a 0 1\r\n1\r\nEND\r\n'],
  ['flush_all', 'set a 0 0 1\r\n1\r\nflush_all\r\nget a\r\n', 'STORED\r\nOK\r\nEND\r\n'],
  ['bad data chunk', 'set a 0 0 1\r\nabc\r\n', 'CLIENT_ERROR bad data chunk\r\nERROR\r\n'],
  ['key too long', `get ${'k'.repeat(251)}\r\n`, 'CLIENT_ERROR bad command line format\r\n'],
  [
    'key too long behind a value that is not copied',
    `set a 0 0 20000\r\n${'x'.repeat(20_000)}\r\nget a a ${'k'.repeat(251)}\r\nget b\r\n`,
    'STORED\r\nCLIENT_ERROR bad command line format\r\nEND\r\n',
  ],
  [
    'what is taken back, behind a value that is not copied',
    `set a 0 0 20000\r\n${'x'.repeat(20_000)}\r\nset n 0 0 1\r\n1\r\nset b 0 0 1\r\nb\r\nget a\r\nma n q\r\nget b ${'k'.repeat(251)}\r\nma n v\r\n`,
    `STORED\r\nSTORED\r\nSTORED\r\nVALUE a 0 20000\r\n${'x'.repeat(20_000)}\r\nEND\r\nCLIENT_ERROR bad command line format\r\nVA 1\r\n3\r\n`,
  ],
  ['longest key', `set ${'k'.repeat(250)} 0 0 1\r\n1\r\n`, 'STORED\r\n'],
  [
    'too large is swallowed',
    `set a 0 0 1048577\r\n${'x'.repeat(1048577)}\r\nget a\r\n`,
    'SERVER_ERROR object too large for cache\r\nEND\r\n',
  ],
  [
    'binary-safe value',
    'set a 0 0 6\r\n\r\n\0END\r\nget a\r\n',
    'STORED\r\nVALUE a 0 6\r\n\r\n\0END\r\nEND\r\n',
  ],
  ['unknown verb', 'frobnicate\r\n', 'ERROR\r\n'],
  ['verbosity', 'verbosity 1\r\n', 'OK\r\n'],
];

/** Empties the cache, sends the chunks one by one and gives what came until the server closed, at a last `quit`. */
function converse(port: number, chunks: readonly Buffer[]): Promise<string> {
  const probe = 'verbosity 0\r\n';
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    socket.setTimeout(60_000, () => reject(new Error(`no end to: ${answer.slice(-200)}`)));
    socket.on('error', reject);
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('close', () => resolve(answer));
    void (async () => {
      socket.write('flush_all\r\n');
      for (const chunk of chunks) await new Promise((written) => socket.write(chunk, written));
      socket.write(`${probe}quit\r\n`);
    })();
  });
}

const split = (text: string, sizes: () => number): Buffer[] => {
  const bytes = Buffer.from(text, 'latin1');
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes();
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

const masked = (answer: string): string =>
  answer
    .replace(/^OK\r\n/, '')
    .replace(/OK\r\n$/, '')
    .replaceAll(/(VALUE \S+ \d+ \d+) \d+\r\n/g, '$1 %\r\n');

describe('the text protocol', () => {
  let cache: CacheServer;
  beforeAll(async () => {
    cache = await createServer();
  });
  afterAll(() => cache.stop());

  test.each(TABLE)('%s, whole', async (_, sent, expected) => {
    expect(masked(await converse(cache.port, [Buffer.from(sent, 'latin1')]))).toBe(expected);
  });

  test.each(TABLE.filter(([, sent]) => sent.length < 1000))('%s, byte by byte', async (_, sent, expected) => {
    expect(
      masked(
        await converse(
          cache.port,
          split(sent, () => 1),
        ),
      ),
    ).toBe(expected);
  });

  test.each(TABLE)('%s, split at random', async (_, sent, expected) => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const most = Math.max(3, Math.floor(sent.length / 10));
      expect(
        masked(
          await converse(
            cache.port,
            split(sent, () => 1 + random.below(most)),
          ),
        ),
      ).toBe(expected);
    }
  });

  test('a client that vanishes in the middle of a value hurts nobody', async () => {
    const socket = createConnection({ port: cache.port, host: '127.0.0.1' });
    await new Promise((resolve) => socket.write('set half 0 0 1000\r\nabc', resolve));
    socket.destroy();
    expect(masked(await converse(cache.port, [Buffer.from('get half\r\n')]))).toBe('END\r\n');
  });

  test('nonsense is answered or dropped, and the server lives', async () => {
    const random = new Random(7);
    for (let round = 0; round < 50; round++) {
      const bytes = Buffer.from(Array.from({ length: 300 }, () => random.below(256)));
      const socket = createConnection({ port: cache.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.resume();
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.destroy();
    }
    expect(masked(await converse(cache.port, [Buffer.from('get x\r\n')]))).toBe('END\r\n');
  });
});

test('a failure on demand may have a message of any length', async () => {
  await using cache = await createServer();
  cache.set('a', 'x');
  const message = 'm'.repeat(1_000_000);
  await (await cache.faults()).apply({ kind: 'fail-next', count: 1, message });
  const answer = masked(await converse(cache.port, [Buffer.from('get a\r\nget a\r\n')]));
  // The first request of all is the one that empties the cache.
  expect(answer === `SERVER_ERROR ${message}\r\nVALUE a 0 1\r\nx\r\nEND\r\nVALUE a 0 1\r\nx\r\nEND\r\n`).toBe(
    true,
  );
});

test('time is handed in: an item is gone when its second has come', async () => {
  let now = 1_700_000_000_000;
  await using cache = await createServer({ clock: () => now });
  await converse(cache.port, [Buffer.from('set a 0 10 1\r\n1\r\n')]);
  expect([...cache.entries()]).toHaveLength(1);
  now += 11_000;
  expect([...cache.entries()]).toHaveLength(0);
});

test('memory is bounded: the oldest make room, and are counted', async () => {
  await using cache = await createServer({ memoryBytes: 8 * 1024 * 1024 });
  const value = 'x'.repeat(10_000);
  const sets = Array.from(
    { length: 2000 },
    (_, index) => `set k${index} 0 0 10000 noreply\r\n${value}\r\n`,
  ).join('');
  const answer = masked(
    await converse(cache.port, [Buffer.from(sets), Buffer.from('get k0\r\nget k1999\r\n')]),
  );
  expect(answer).toBe(`END\r\nVALUE k1999 0 10000\r\n${value}\r\nEND\r\n`);
  expect(Number(cache.stats().evictions)).toBeGreaterThan(500);
});

test.skipIf(referenceObstacle('the comparison of the table with memcached'))(
  'Debian’s memcached answers the same',
  async () => {
    await using reference = await startReference();
    await using ours = await createServer();
    for (const [name, sent] of TABLE) {
      const chunk = [Buffer.from(sent, 'latin1')];
      expect({ name, answer: masked(await converse(ours.port, chunk)) }).toEqual({
        name,
        answer: masked(await converse(reference.port, chunk)),
      });
    }
  },
);
