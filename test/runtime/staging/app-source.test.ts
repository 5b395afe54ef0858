import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAppSource } from '../../../runtime/staging/app-source.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { appFolder } from './helpers.ts';

test('files are read, folders listed with a slash, in order', () => {
  const source = openAppSource(appFolder({ 'b.txt': 'text', 'a/': '', 'c/d.txt': '' }));
  expect(source.list()).toEqual(['a/', 'b.txt', 'c/']);
  expect(source.list('c')).toEqual(['d.txt']);
  expect(source.readText('b.txt')).toBe('text');
  expect(source.hasFile('c/d.txt')).toBe(true);
  expect(source.hasFile('c')).toBe(false);
});

test('a mark of the byte order is no text', () => {
  expect(openAppSource(appFolder({ 'a.json': '\uFEFF{}' })).readText('a.json')).toBe('{}');
});

test('what is not there reads as absent', () => {
  const source = openAppSource(appFolder({}));
  expect([source.list('x'), source.readText('x'), source.hasFile('x')]).toEqual([[], undefined, false]);
  expect(openAppSource('/nowhere/at/all').list()).toEqual([]);
});

test('nothing outside the folder is seen, by path or by link', () => {
  const secret = join(tempDir(), 'secret');
  writeFileSync(secret, 'secret');
  const root = appFolder({ 'inside.txt': 'inside' });
  symlinkSync(secret, join(root, 'leak.txt'));
  symlinkSync('inside.txt', join(root, 'fine.txt'));
  symlinkSync('/', join(root, 'top'));
  symlinkSync('loop', join(root, 'loop'));
  const source = openAppSource(root);
  expect(source.readText('fine.txt')).toBe('inside');
  for (const path of ['leak.txt', `top${secret}`, secret, '../etc/passwd', 'loop', 'a\0b']) {
    expect([path, source.readText(path), source.hasFile(path)]).toEqual([path, undefined, false]);
  }
  expect(source.list('top')).toEqual([]);
  expect(source.list('..')).toEqual([]);
  expect(source.list()).toEqual(['fine.txt', 'inside.txt', 'leak.txt', 'loop', 'top']);
});

test('a folder whose name begins like the app folder is outside of it', () => {
  const parent = tempDir();
  execFileSync('mkdir', ['-p', join(parent, 'app'), join(parent, 'app-secrets')]);
  writeFileSync(join(parent, 'app-secrets', 'key'), 'secret');
  expect(openAppSource(join(parent, 'app')).readText('../app-secrets/key')).toBeUndefined();
});

test('files that are too large, and pipes, are not read', () => {
  const root = appFolder({ 'large.txt': 'x'.repeat(1024 * 1024 + 1), 'full.txt': 'x'.repeat(1024 * 1024) });
  execFileSync('mkfifo', [join(root, 'pipe')]);
  const source = openAppSource(root);
  expect(source.readText('large.txt')).toBeUndefined();
  expect(source.readText('full.txt')).toHaveLength(1024 * 1024);
  expect(source.readText('pipe')).toBeUndefined();
});
