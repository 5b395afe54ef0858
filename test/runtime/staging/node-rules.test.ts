import { expect, test } from 'vitest';
import { openAppSource } from '../../../runtime/staging/app-source.ts';
import { readPackage } from '../../../runtime/staging/node/package-json.ts';
import { choosePackageManager } from '../../../runtime/staging/node/package-manager.ts';
import { satisfies } from '../../../runtime/staging/node/version-range.ts';
import { appFolder } from './helpers.ts';

test.each([
  ['20.20.2', '>=20', true],
  ['20.20.2', '>=20.19 <21', true],
  ['20.20.2', '>= 20.21', false],
  ['20.20.2', '^18 || ^20', true],
  ['20.20.2', '18.x', false],
  ['20.20.2', '20', true],
  ['20.20.2', '20.20.x', true],
  ['20.20.2', '*', true],
  ['20.20.2', 'x', true],
  ['20.20.2', '~20.19', false],
  ['20.20.2', '~20', true],
  ['20.20.2', '~20.20.1', true],
  ['20.20.2', '<=20', true],
  ['20.20.2', '>20', false],
  ['21.0.0', '>20', true],
  ['20.20.2', '<20.20.2', false],
  ['20.20.2', '18 - 20', true],
  ['20.20.2', '18.1.0 - 19.9.9', false],
  ['0.10.48', '^0.10.0', true],
  ['0.11.0', '^0.10.0', false],
  ['0.0.4', '^0.0.3', false],
  ['20.20.2', 'lts/*', undefined],
  ['20.20.2', 'stable || >=20', true],
])('%s satisfies %j: %s', (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected);
});

const choose = (files: Readonly<Record<string, string>>) => {
  const source = openAppSource(appFolder({ 'package.json': '{}', ...files }));
  const { name, install } = choosePackageManager(source, readPackage(source).value!);
  return `${name} ${install.slice(0, 2).join(' ')}`;
};

test('the lock file says who installs, packageManager before it', () => {
  expect(choose({})).toBe('npm install --no-package-lock');
  expect(choose({ 'package-lock.json': '' })).toBe('npm ci --no-audit');
  expect(choose({ 'yarn.lock': '# yarn lockfile v1' })).toBe('yarn install --non-interactive');
  expect(choose({ 'yarn.lock': '__metadata:\n  version: 8' })).toBe('yarn install --immutable');
  expect(choose({ 'pnpm-lock.yaml': '' })).toBe('pnpm install --reporter=append-only');
  expect(choose({ 'bun.lock': '' })).toBe('bun install --frozen-lockfile');
  expect(choose({ 'package-lock.json': '', 'package.json': '{"packageManager": "yarn@4.1.0"}' })).toBe(
    'yarn install',
  );
});
