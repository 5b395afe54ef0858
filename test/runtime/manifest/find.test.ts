import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findManifest } from '../../../runtime/manifest/find.ts';
import { folderWith } from './read.ts';

const found = (cwd: string, more: object = {}) => findManifest({ cwd: cwd as never, ...more }).file;

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test('stackato.yml comes before manifest.yml, and that before manifest.yaml', async () => {
  const cwd = await folderWith({
    'a/stackato.yml': '',
    'a/manifest.yml': '',
    'b/manifest.yml': '',
    'b/manifest.yaml': '',
    'c/manifest.yaml': '',
  });
  expect(found(join(cwd, 'a'))).toBe(join(cwd, 'a/stackato.yml'));
  expect(found(join(cwd, 'b'))).toBe(join(cwd, 'b/manifest.yml'));
  expect(found(join(cwd, 'c'))).toBe(join(cwd, 'c/manifest.yaml'));
});

test('folders above are searched for manifest.yml only', async () => {
  const cwd = await folderWith({ 'manifest.yml': '', 'a/stackato.yml': '', 'a/b/c/x': '' });
  expect(found(join(cwd, 'a/b/c'))).toBe(join(cwd, 'manifest.yml'));
});

test('a folder called manifest.yml is passed over', async () => {
  const cwd = await folderWith({ 'manifest.yml': '', 'a/manifest.yml/x': '' });
  expect(found(join(cwd, 'a'))).toBe(join(cwd, 'manifest.yml'));
});

test('--path names where to look; last of all the current folder is tried', async () => {
  const cwd = await folderWith({ 'here/manifest.yml': '', 'app/manifest.yml': '', 'bare/x': '' });
  const here = join(cwd, 'here');
  expect(found(here, { path: '../app' })).toBe(join(cwd, 'app/manifest.yml'));
  expect(found(here, { path: '../bare' })).toBe(join(here, 'manifest.yml'));
  expect(failure(() => findManifest({ cwd: here as never, path: '../nowhere' }))).toMatchObject({
    code: 'USAGE',
  });
});

test('--manifest names a file, or a folder that holds one', async () => {
  const cwd = await folderWith({ 'deploy/prod.yml': '', 'deploy/manifest.yml': '' });
  expect(found(cwd, { manifest: 'deploy/prod.yml' })).toBe(join(cwd, 'deploy/prod.yml'));
  expect(found(cwd, { manifest: 'deploy' })).toBe(join(cwd, 'deploy/manifest.yml'));
  expect(failure(() => findManifest({ cwd, manifest: 'missing.yml' }))).toMatchObject({
    code: 'MANIFEST_NOT_FOUND',
  });
});

test('nowhere at all is an error that names the folder', async () => {
  const cwd = await folderWith({ x: '' });
  expect(failure(() => findManifest({ cwd }))).toMatchObject({
    code: 'MANIFEST_NOT_FOUND',
    facts: { folder: cwd },
  });
});
