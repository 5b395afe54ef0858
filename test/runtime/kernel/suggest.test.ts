import { expect, test } from 'vitest';
import { suggest } from '../../../runtime/kernel/suggest.ts';

const KEYS = ['memory', 'instances', 'services', 'disk_quota', 'health-check-type', 'env'];

test.each([
  ['memroy', 'memory'],
  ['Memory', 'memory'],
  ['instance', 'instances'],
  ['disk-quota', 'disk_quota'],
  ['health_check_typ', 'health-check-type'],
  ['mem', 'memory'],
  ['health', 'health-check-type'],
])('%s is near to %s', (word, meant) => expect(suggest(word, KEYS)).toBe(meant));

test.each(['colour', 'x', 'se', ''])('%j is near to nothing', (word) =>
  expect(suggest(word, KEYS)).toBeUndefined(),
);

test('an iterator that can be read only once is enough', () => {
  expect(suggest('mem', new Map(KEYS.map((key) => [key, 1])).keys())).toBe('memory');
});
