import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CodeCache } from '../../../runtime/kernel/code-cache.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function program(body: string): { readonly path: string; readonly folder: string } {
  const folder = tempDir();
  const path = join(folder, 'program.cjs');
  writeFileSync(
    path,
    `(function (exports, require, module, __filename, __dirname) {${body}
})`,
  );
  return { path, folder: join(folder, 'code') };
}

const ADD =
  'exports.add = (a, b) => a + b; exports.where = [__filename, __dirname, require("node:path").sep];';

test('loads a program as require() would, with what was kept of it and without', () => {
  const { path, folder } = program(ADD);
  for (const _start of ['first', 'second']) {
    const code = new CodeCache(folder);
    const loaded = code.load(path) as { add(a: number, b: number): number; where: readonly string[] };
    expect(loaded.add(2, 3)).toBe(5);
    expect(loaded.where).toEqual([path, join(folder, '..'), '/']);
    code.keep();
    expect(readdirSync(folder)).toEqual(['program.cjs.v8']);
  }
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'program.cjs.v8')).mode & 0o777).toBe(0o600);
});

test('what was kept of another program under that name is not run', () => {
  const { path, folder } = program(ADD);
  utimesSync(path, 1, 1);
  const before = new CodeCache(folder);
  before.load(path);
  before.keep();
  const text = readFileSync(path, 'utf8').replace('a + b', 'a * b');
  writeFileSync(path, text);
  utimesSync(path, 2, 2);
  const loaded = new CodeCache(folder).load(path) as { add(a: number, b: number): number };
  expect(loaded.add(2, 3)).toBe(6);
});

test('what is kept is written once', () => {
  const { path, folder } = program(ADD);
  const first = new CodeCache(folder);
  first.load(path);
  first.keep();
  utimesSync(join(folder, 'program.cjs.v8'), 1, 1);
  const second = new CodeCache(folder);
  second.load(path);
  second.keep();
  expect(statSync(join(folder, 'program.cjs.v8')).mtimeMs).toBe(1000);
});

test.each(['', 'nonsense', '[]\n'])('what was kept may be spoilt: %j', (spoilt) => {
  const { path, folder } = program(ADD);
  mkdirSync(folder);
  writeFileSync(join(folder, 'program.cjs.v8'), spoilt);
  const code = new CodeCache(folder);
  expect(code.load(path)).toHaveProperty('add');
  code.keep();
  expect(readFileSync(join(folder, 'program.cjs.v8')).length).toBeGreaterThan(100);
});

test('code that V8 refuses is made anew', () => {
  const { path, folder } = program(ADD);
  const first = new CodeCache(folder);
  first.load(path);
  first.keep();
  const file = join(folder, 'program.cjs.v8');
  const kept = readFileSync(file);
  const header = kept.subarray(0, kept.indexOf(10) + 1);
  writeFileSync(file, Buffer.concat([header, Buffer.alloc(64)]));
  // Another source of the same size and date: of the same one this process knows the code without asking.
  const { mtime } = statSync(path);
  writeFileSync(path, readFileSync(path, 'utf8').replace('a + b', 'b + a'));
  utimesSync(path, mtime, mtime);
  const second = new CodeCache(folder);
  expect(second.load(path)).toHaveProperty('add');
  second.keep();
  expect(readFileSync(file).subarray(header.length)).not.toEqual(Buffer.alloc(64));
});

test('where nothing can be kept, nothing is said', () => {
  const { path, folder } = program(ADD);
  writeFileSync(folder, 'a file');
  const code = new CodeCache(join(folder, 'code'));
  expect(code.load(path)).toHaveProperty('add');
  code.keep();
});
