import { describe, expect, test } from 'vitest';
import { classify } from '../../../runtime/watch/classify.ts';
import { ignoreFilter } from '../../../runtime/watch/ignore.ts';

describe('ignore', () => {
  test.each([
    ['node_modules/a/b.js', true],
    ['sub/node_modules', true],
    ['.git/HEAD', true],
    ['a/__pycache__/x.pyc', true],
    ['gtd.sqlite3', true],
    ['gtd.sqlite3-journal', true],
    ['app.log', true],
    ['.app.py.swp', true],
    ['4913', true],
    ['.bash_history', true],
    ['.node_repl_history', true],
    ['order_history', false],
    ['app.py', false],
    ['static/app.css', false],
    ['.env', false],
  ])('built in: %s', (path, expected) => {
    expect(ignoreFilter([])(path)).toBe(expected);
  });

  test.each([
    [['*.txt'], 'a/b.txt', true],
    [['/top.txt'], 'a/top.txt', false],
    [['/top.txt'], 'top.txt', true],
    [['build/'], 'x/build/y.js', true],
    [['a/*.js'], 'a/b.js', true],
    [['a/*.js'], 'a/b/c.js', false],
    [['a/**/c.js'], 'a/x/y/c.js', true],
    [['*.md', '!keep.md'], 'keep.md', false],
    [['# comment', ''], 'x', false],
    [['we.ird+(name'], 'we.ird+(name', true],
  ])('%j: %s', (patterns, path, expected) => {
    expect(ignoreFilter(patterns)(path)).toBe(expected);
  });
});

test('the weightiest change of a batch wins', () => {
  expect(
    classify(
      ['/a/x.py', '/a/requirements.txt', '/a/manifest.yml'],
      ['/a/manifest.yml'],
      ['/a/requirements.txt'],
    ),
  ).toEqual({
    kind: 'manifest',
    file: '/a/manifest.yml',
  });
  expect(classify(['/a/x.py', '/a/requirements.txt'], [], ['/a/requirements.txt'])?.kind).toBe(
    'requirements',
  );
  expect(classify(['/a/x.py'], [], [])).toEqual({ kind: 'code', file: '/a/x.py' });
  expect(classify([], [], [])).toBeUndefined();
});
