import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findTool } from '../../../services/kit/find-tool.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { appFolder, stage } from './helpers.ts';
import { pathOf } from './tools.ts';

const hasNpm = findTool('npm', process.env as Record<string, string>) !== undefined;
const test_ = test.skipIf(!hasNpm);
if (!hasNpm) test.skip('skipped: npm is not on PATH', () => {});

/** An app with one dependency, which lies beside it: npm needs no registry for it. */
function appWithDependency(): string {
  return appFolder({
    'package.json': JSON.stringify({ name: 'app', dependencies: { left: 'file:./vendored/left' } }),
    'server.js': 'console.log(require("left"))',
    'vendored/left/package.json': JSON.stringify({ name: 'left', version: '1.0.0', main: 'i.js' }),
    'vendored/left/i.js': 'module.exports = "left"',
  });
}

const toolEnv = { npm_config_audit: 'false', npm_config_update_notifier: 'false' };

test('no dependencies: nothing is run', async () => {
  const root = appFolder({ 'package.json': '{"name": "app"}', 'server.js': '' });
  const staged = await stage(root, { toolEnv: { PATH: pathOf({ node: process.execPath }) } });
  expect(staged).toMatchObject({
    skipped: true,
    log: [],
    path: [join(root, 'node_modules', '.bin')],
    env: {},
  });
});

test('where PATH has no node, ours is offered', async () => {
  const root = appFolder({ 'server.js': '' });
  const { path } = await stage(root, { toolEnv: { PATH: pathOf({}) } });
  expect(path).toEqual([join(root, 'node_modules', '.bin'), dirname(process.execPath)]);
});

test_('dependencies are installed once, and again when they change; no lock file is written', async () => {
  const root = appWithDependency();
  const first = await stage(root, { toolEnv });
  expect(first.skipped).toBe(false);
  expect(first.log).toContain('-----> Installing dependencies with npm (package.json)');
  expect(existsSync(join(root, 'node_modules', 'left', 'package.json'))).toBe(true);
  expect(readdirSync(root).toSorted()).toEqual(['node_modules', 'package.json', 'server.js', 'vendored']);

  const again = await stage(root, { toolEnv, cacheDir: first.cacheDir });
  expect(again).toMatchObject({ skipped: true, fingerprint: first.fingerprint });

  writeFileSync(join(root, '.npmrc'), 'loglevel=error\n');
  const changed = await stage(root, { toolEnv, cacheDir: first.cacheDir });
  expect(changed.skipped).toBe(false);
  expect(changed.fingerprint).not.toBe(first.fingerprint);
});

test_('node_modules that somebody else filled is used as it is', async () => {
  const root = appWithDependency();
  mkdirSync(join(root, 'node_modules', 'left'), { recursive: true });
  writeFileSync(join(root, 'node_modules', 'left', 'package.json'), '{}');
  const staged = await stage(root, { toolEnv });
  expect(staged).toMatchObject({
    skipped: true,
    log: ['-----> node_modules is there and has all dependencies: used as it is'],
  });
});

test_('a dependency that is not there is installed although node_modules is', async () => {
  const root = appWithDependency();
  mkdirSync(join(root, 'node_modules', 'other'), { recursive: true });
  expect((await stage(root, { toolEnv })).skipped).toBe(false);
});

test_('two pushes at once install once', async () => {
  const root = appWithDependency();
  const options = { toolEnv, cacheDir: tempDir() };
  const both = await Promise.all([stage(root, options), stage(root, options)]);
  expect(both.filter(({ skipped }) => skipped)).toHaveLength(1);
});

test_('a registry nobody answers for', async () => {
  const root = appFolder({ 'package.json': '{"dependencies": {"left": "1"}}', 'server.js': '' });
  const env = {
    ...toolEnv,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: tempDir(),
    npm_config_fetch_retries: '0',
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  };
  await expect(stage(root, { toolEnv: env })).rejects.toMatchObject({
    code: 'STAGING_PACKAGE_MISSING',
    message: 'Cannot install left for app "the-app": the registry could not be reached',
  });
});

test_('a lock file out of step with package.json', async () => {
  const root = appFolder({
    'package.json': '{"name": "app", "dependencies": {"left": "1"}}',
    'package-lock.json': '{"name": "app", "lockfileVersion": 3, "packages": {"": {"name": "app"}}}',
    'server.js': '',
  });
  const env = {
    ...toolEnv,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: tempDir(),
    npm_config_fetch_retries: '0',
  };
  await expect(stage(root, { toolEnv: env })).rejects.toMatchObject({
    code: expect.stringMatching(/^STAGING_/),
  });
});

test('a package manager that is not here', async () => {
  const root = appFolder({ 'package.json': '{"dependencies": {"left": "1"}}', 'pnpm-lock.yaml': '' });
  await expect(stage(root, { toolEnv: { PATH: pathOf({ node: process.execPath }) } })).rejects.toMatchObject({
    code: 'STAGING_TOOL_MISSING',
    message: 'Cannot stage app "the-app": pnpm is not installed',
    hint: 'Install it with: npm install --global pnpm',
  });
});

test('another Node than the one asked for is said', async () => {
  const root = appFolder({ 'package.json': '{"engines": {"node": "0.10.x"}}', 'server.js': '' });
  expect((await stage(root)).log).toEqual([
    expect.stringMatching(/^package\.json asks for Node 0\.10\.x; running on \d/),
  ]);
});
