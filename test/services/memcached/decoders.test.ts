import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeFailure, PROPERTIES } from './helpers/properties.ts';
import { Client, stillCache } from './helpers/recorded.ts';

/** Enough to notice a careless change; `npm run fuzz` looks longer. */
const RUNS = 60;

describe('whatever comes in', () => {
  for (const [name, property] of Object.entries(PROPERTIES)) {
    test(name, () => {
      const result = fc.check(property as fc.IProperty<unknown>, { numRuns: RUNS });
      expect(describeFailure(result)).toBe('');
    });
  }
});

test('a long line of keys in packets of any size is answered as in one', () => {
  const set = Buffer.from('set k500 7 0 5\r\nhello\r\n');
  const line = Buffer.from(`get ${Array.from({ length: 1000 }, (_, at) => `k${at}`).join(' ')}\r\n`);
  for (const size of [1, 7, 1000, line.length]) {
    const client = new Client(stillCache());
    client.receive(set);
    for (let at = 0; at < line.length; at += size) {
      const before = client.answers;
      client.receive(line.subarray(at, at + size));
      if (at + size < line.length) expect(client.answers).toBe(before);
    }
    expect(client.answers).toBe('STORED\r\nVALUE k500 7 5\r\nhello\r\nEND\r\n');
  }
});
