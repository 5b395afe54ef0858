import { expect, test } from 'vitest';
import { gitignore } from '../../../runtime/kernel/gitignore.ts';

test.each([
  ['*.txt', 'a/b.txt', true],
  ['*.txt', 'b.txt.gz', false],
  ['a*b*c', 'x/aXbXbXc', true],
  ['a*b*c', 'aXcXb', false],
  ['?at', 'cat', true],
  ['?at', 'at', false],
  ['a/**/c', 'a/c', true],
  ['a/**/c', 'a/x/y/c/below', true],
  ['a/**/c', 'z/a/c', false],
  ['a/**', 'a', false],
  ['a/**', 'a/b', true],
  ['**/a', 'x/y/a/z', true],
  ['**', 'anything/at/all', true],
  ['/a', 'b/a', false],
  ['a', 'b/a/c', true],
])('%s: %s is %s', (pattern, path, expected) => {
  expect(gitignore([pattern])(path)).toBe(expected);
});

test.each([
  [`${'*a'.repeat(60)}b`, 'a'.repeat(250)],
  [`${'**/'.repeat(120)}x`, `${'a/'.repeat(500)}y`],
  [`${'**/*a*/'.repeat(60)}x`, `${'aaaa/'.repeat(500)}y`],
])('a pattern made to take for ever does not', (pattern, path) => {
  expect(gitignore([pattern])(path)).toBe(false);
});
