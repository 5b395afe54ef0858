import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatSize,
  GIB,
  KIB,
  MIB,
  parseCloudFoundrySize,
  parseStackatoSize,
  TIB,
} from '../../../runtime/kernel/bytes.ts';

describe('the Stackato client reads', () => {
  test.each([
    ['128', 128 * MIB],
    ['128M', 128 * MIB],
    ['128m', 128 * MIB],
    ['1G', GIB],
    ['1.5g', 1536 * MIB],
    ['0', 0],
    ['012', 12 * MIB],
    ['99999999999999999999G', 1e20 * GIB],
  ])('%s', (text, bytes) => expect(parseStackatoSize(text)).toBe(bytes));

  test.each(['128MB', '512K', '1.5M', '1T', 'many', '', '-1', '1 000'])('%s not at all', (text) =>
    expect(parseStackatoSize(text)).toBeUndefined(),
  );
});

describe('the Cloud Foundry API reads', () => {
  test.each([
    ['256M', 256 * MIB],
    ['256mb', 256 * MIB],
    ['256MiB', 256 * MIB],
    ['1.5G', 1536 * MIB],
    ['16K', 16 * KIB],
    ['2TB', 2 * TIB],
    ['17B', 17],
    ['99999T', 99_999 * TIB],
  ])('%s', (text, bytes) => expect(parseCloudFoundrySize(text)).toBe(bytes));

  test.each(['256', '256X', 'M', '', '-1M', '1,5G'])('%s not at all', (text) =>
    expect(parseCloudFoundrySize(text)).toBeUndefined(),
  );
});

test('a formatted size reads back to the same number', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseCloudFoundrySize(formatSize(bytes))).toBe(bytes);
    }),
  );
  expect([0, 1024, 128 * MIB, 1536 * MIB, 2 * GIB].map(formatSize)).toEqual([
    '0B',
    '1K',
    '128M',
    '1536M',
    '2G',
  ]);
});
