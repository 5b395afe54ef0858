import { expect, test } from 'vitest';
import { createServer } from '../../../services/memcached/index.ts';
import { exchange } from './helpers/exchange.ts';

/** Requests and answers, line by line, each list on a fresh cache. */
const CASES: Readonly<Record<string, readonly (readonly [sent: string, answered: string])[]>> = {
  'E gives the CAS': [
    ['ms a 3 E1000 c\r\nabc\r\n', 'HD c1000\r\n'],
    ['md a I E3000\r\n', 'HD\r\n'],
    ['mg a c v\r\n', 'VA 3 c3000 X W\r\nabc\r\n'],
    ['ma n N0 J5 E99 c v\r\n', 'VA 1 c99\r\n5\r\n'],
    ['ma n C99 E101 v\r\n', 'VA 1\r\n6\r\n'],
    ['mg q N30 E77 c v\r\n', 'VA 0 c77 W\r\n\r\n'],
  ],
  'C compares all 64 bits': [
    ['ms a 3 E9007199254740993\r\nabc\r\n', 'HD\r\n'],
    ['mg a v C9007199254740992\r\n', 'VA 3\r\nabc\r\n'],
    ['mg a s v C9007199254740993\r\n', 'HD s3\r\n'],
    ['md a C9007199254740992\r\n', 'EX\r\n'],
    ['ma n N0 J5 E18446744073709551615\r\n', 'HD\r\n'],
    ['ma n C18446744073709551614 v\r\n', 'EX\r\n'],
    ['ma n C18446744073709551615 v\r\n', 'VA 1\r\n6\r\n'],
    ['md a C9007199254740993\r\n', 'HD\r\n'],
  ],
  'mg with C leaves the value out when it is the one known': [
    ['ms a 3 E1000\r\nabc\r\n', 'HD\r\n'],
    ['mg a v C5\r\n', 'VA 3\r\nabc\r\n'],
    ['mg a s C1000 v t\r\n', 'HD s3 t-1\r\n'],
  ],
  'md with x keeps the key and its CAS, and nothing else': [
    ['ms a 3 T100 F5 E8\r\nabc\r\n', 'HD\r\n'],
    ['md a x\r\n', 'HD\r\n'],
    ['mg a s t f c v\r\n', 'VA 0 s0 t-1 f0 c8\r\n\r\n'],
    ['md a x T50 F7 E9\r\n', 'HD\r\n'],
    ['mg a s t f c v\r\n', 'VA 0 s0 t50 f7 c9\r\n\r\n'],
    ['md a x I T30\r\n', 'HD\r\n'],
    ['mg a s t f v\r\n', 'VA 0 s0 t30 f0 X W\r\n\r\n'],
    ['md a q x\r\n', ''],
    ['mg a t v\r\n', 'VA 0 t-1\r\n\r\n'],
  ],
  'ms with s tells the size, and appending may create': [
    ['ms a 2 MA N30 s\r\nxx\r\n', 'HD s2\r\n'],
    ['mg a v t s\r\n', 'VA 2 t30 s2\r\nxx\r\n'],
    ['ms a 3 MA s\r\nyyy\r\n', 'HD s5\r\n'],
    ['ms z 2 MP N0 s\r\nxx\r\n', 'HD s2\r\n'],
    ['ms YQ== 3 b s k O2\r\nabc\r\n', 'HD s3 kYQ== b O2\r\n'],
    ['ms y 2 MA\r\nxx\r\n', 'NS\r\n'],
  ],
  mgdump: [
    ['ms a 1\r\nx\r\n', 'HD\r\n'],
    ['lru_crawler mgdump all\r\n', 'mg a\r\nEN\r\n'],
  ],
};

test.each(Object.entries(CASES))('%s', async (_, lines) => {
  await using cache = await createServer();
  for (const [sent, answered] of lines) {
    expect([sent, (await exchange(cache.port, [sent])).toString('latin1')]).toEqual([sent, answered]);
  }
});

test('statistics are words without spaces, which some clients insist on', async () => {
  await using cache = await createServer();
  for (const which of ['', ' settings', ' items', ' slabs', ' conns']) {
    const lines = (await exchange(cache.port, [`set a 0 0 1\r\nx\r\nstats${which}\r\n`]))
      .toString()
      .split('\r\n');
    for (const line of lines.slice(1, -2)) expect(line).toMatch(/^STAT \S+ \S*$/);
  }
});
