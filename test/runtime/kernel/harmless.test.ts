import { expect, test } from 'vitest';
import { harmless, harmlessLines } from '../../../runtime/kernel/harmless.ts';

const TITLE = '\u001B]0;owned\u0007';
const RED = '\u001B[31m';
const RESET = '\u001B[0m';

test.each([
  ['plain text, ümläuts and\ttabs', 'plain text, ümläuts and\ttabs'],
  [TITLE, '\\x1b]0;owned\\x07'],
  ['\u001B[2J\r', '\\x1b[2J\\x0d'],
  ['two\nlines', 'two\\x0alines'],
  ['8-bit \u009B2J, \u007F', '8-bit \\u009b2J, \\u007f'],
])('%j is shown as %j', (text, shown) => {
  expect(harmless(text, true)).toBe(shown);
  expect(harmless(text, false)).toBe(shown);
});

test('colours pass where colour is on, and end with the line', () => {
  expect(harmless(`${RED}hot`, true)).toBe(`${RED}hot${RESET}`);
  expect(harmless(`${RED}hot${RESET}`, true)).toBe(`${RED}hot${RESET}`);
  expect(harmless(`${RED}hot`, false)).toBe('hot');
});

test('lines of ours keep their ends', () => {
  expect(harmlessLines(`one\n${TITLE}two`, true)).toBe('one\n\\x1b]0;owned\\x07two');
});

test('JSON stays JSON, with the same values', () => {
  const value = { name: `a${TITLE}\u009B\u007F` };
  expect(JSON.parse(harmlessLines(JSON.stringify(value), false))).toEqual(value);
});
