import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyApp } from '../../../runtime/staging/copy-app.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const asStackato = (from: string, to: string, said: string[] = [], shared = new Map<string, string>()) =>
  copyApp({
    from,
    to,
    dialect: 'stackato',
    ignores: ['secret.txt'],
    shared,
    signal: new AbortController().signal,
    log: (text) => said.push(text),
  });

test('a folder of many files and large ones is copied whole, without what is ignored', async () => {
  const from = tempDir();
  const to = join(tempDir(), 'copy');
  writeFileSync(join(from, 'secret.txt'), 's');
  writeFileSync(join(from, 'large.bin'), Buffer.alloc(700_000, 'large'));
  writeFileSync(join(from, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  for (const folder of ['few', 'many', 'many/deeper']) mkdirSync(join(from, folder));
  for (let index = 0; index < 300; index++)
    writeFileSync(join(from, index < 10 ? 'few' : 'many/deeper', `${index}.txt`), `file ${index}`);
  await asStackato(from, to);
  expect(readdirSync(to).toSorted()).toEqual(['few', 'large.bin', 'many', 'run.sh']);
  expect(readdirSync(join(to, 'few'))).toHaveLength(10);
  expect(readdirSync(join(to, 'many/deeper'))).toHaveLength(290);
  expect(readFileSync(join(to, 'many/deeper/299.txt'), 'utf8')).toBe('file 299');
  expect(readFileSync(join(to, 'large.bin'))).toEqual(readFileSync(join(from, 'large.bin')));
  expect(statSync(join(to, 'run.sh')).mode & 0o777).toBe(0o755);
  expect(statSync(to).mode & 0o777).toBe(0o700);
});

test('links inside lead inside the copy, those that lead out go on doing so and are told', async () => {
  const from = tempDir();
  const to = join(tempDir(), 'copy');
  const elsewhere = tempDir();
  writeFileSync(join(from, 'a'), 'a');
  symlinkSync('a', join(from, 'relative'));
  symlinkSync(join(from, 'a'), join(from, 'absolute'));
  symlinkSync(elsewhere, join(from, 'out'));
  const said: string[] = [];
  await asStackato(from, to, said);
  expect(readlinkSync(join(to, 'relative'))).toBe('a');
  expect(readlinkSync(join(to, 'absolute'))).toBe(join(to, 'a'));
  expect(readlinkSync(join(to, 'out'))).toBe(elsewhere);
  expect(said).toEqual(['links that lead out of the folder go on doing so: out']);
});

test('a copy made inside of the folder is no part of itself', async () => {
  const from = tempDir();
  mkdirSync(join(from, 'other'));
  writeFileSync(join(from, 'other/a'), 'a');
  const to = join(from, 'copies/1/app');
  mkdirSync(join(from, 'copies/1'), { recursive: true });
  await asStackato(from, to);
  expect(readdirSync(to)).toEqual(['other']);
});

test('what cannot be read is an error, and an aborted copy ends', async () => {
  const from = tempDir();
  symlinkSync('nowhere', join(from, 'dangling'));
  mkdirSync(join(from, 'inner'));
  await expect(asStackato(join(from, 'gone'), join(tempDir(), 'copy'))).rejects.toThrow('ENOENT');
  const reason = new Error('enough');
  const copy = copyApp({
    from,
    to: join(tempDir(), 'copy'),
    dialect: 'cloud-foundry',
    ignores: undefined,
    shared: new Map(),
    signal: AbortSignal.abort(reason),
    log: () => {},
  });
  await expect(copy).rejects.toBe(reason);
});

test('what is shared is a link to where it is, whatever is ignored', async () => {
  const from = tempDir();
  const to = join(tempDir(), 'copy');
  mkdirSync(join(from, 'node_modules/one'), { recursive: true });
  mkdirSync(join(from, 'lib/node_modules'), { recursive: true });
  const said: string[] = [];
  await asStackato(from, to, said, new Map([['node_modules', join(from, 'node_modules')]]));
  expect(readlinkSync(join(to, 'node_modules'))).toBe(join(from, 'node_modules'));
  expect(readdirSync(join(to, 'lib'))).toEqual(['node_modules']);
  expect(said).toEqual(['node_modules is not copied: it has all that is needed, and is used where it is']);
});
