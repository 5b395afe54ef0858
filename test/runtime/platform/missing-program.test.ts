import { expect, test } from 'vitest';
import { comesWith, missingProgram } from '../../../runtime/platform/missing-program.ts';

test.each([
  ['/bin/bash: line 1: rackup: command not found', 'rackup'],
  ['/bin/bash: line 1: exec: gunicorn: not found', 'gunicorn'],
  ['/bin/sh: 1: rackup: not found', 'rackup'],
  ['zsh:1: command not found: rackup', 'rackup'],
  ['bundler: command not found: rackup', 'rackup'],
  ['env: ‘ruby2’: No such file or directory', 'ruby2'],
  ["/usr/bin/env: 'ruby2': No such file or directory", 'ruby2'],
])('%s', (line, program) => {
  expect(missingProgram(127, ['begins', line, 'Install missing gem executables'])).toBe(program);
});

test('another status, or no such line, says nothing', () => {
  expect(missingProgram(1, ['/bin/sh: 1: rackup: not found'])).toBeUndefined();
  expect(missingProgram(127, ['GET /x: 404 not found here'])).toBeUndefined();
});

test('where a known one comes from', () => {
  expect(comesWith('rackup')).toContain('the gem "rackup"');
  expect(comesWith('waitress-serve')).toContain('"waitress": name it in requirements.txt');
  expect(comesWith('constructor')).toBeUndefined();
});
