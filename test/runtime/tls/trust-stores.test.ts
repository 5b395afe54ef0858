import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { openTrust } from '../../../runtime/tls/open-trust.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A program that ends with this status. */
function program(folder: string, name: string, status: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\nexit ${status}\n`);
  chmodSync(join(folder, name), 0o755);
}

async function trustWith(
  around: { readonly platform: NodeJS.Platform; readonly root?: boolean; readonly home?: string },
  programs: Readonly<Record<string, number>> = {},
) {
  const folder = tempDir();
  const bin = join(folder, 'bin');
  for (const [name, status] of Object.entries(programs)) program(bin, name, status);
  const home = around.home ?? folder;
  const env = { PATH: bin, HOME: home };
  return openTrust(absolutePath(join(folder, 'state')), { root: true, ...around, env, home }, Date.now());
}

test('the keychain of macOS', async () => {
  const { stores, name, file } = await trustWith({ platform: 'darwin' }, { security: 44 });
  expect(stores).toMatchObject([{ kind: 'system', trusted: false }]);
  const [{ add, remove } = { add: [], remove: [] }] = stores;
  expect(add).toEqual([
    [
      'security',
      'add-trusted-cert',
      '-r',
      'trustRoot',
      '-k',
      expect.stringMatching(/login\.keychain-db$/),
      file,
    ],
  ]);
  expect(remove.map(([, verb]) => verb)).toEqual(['remove-trusted-cert', 'delete-certificate']);
  expect(name).toMatch(/^paas-local CA /);
  expect((await trustWith({ platform: 'darwin' }, { security: 0 })).stores).toMatchObject([
    { trusted: true },
  ]);
});

test('a user who is not root needs sudo for the system, and only for that', async () => {
  const home = tempDir();
  mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
  writeFileSync(join(home, '.pki/nssdb/cert9.db'), '');
  const { stores } = await trustWith({ platform: 'linux', root: false, home }, { certutil: 1 });
  for (const { kind, add, remove } of stores)
    for (const [first] of [...add, ...remove]) expect(first === 'sudo').toBe(kind === 'system');
  expect(stores.map(({ kind }) => kind)).toContain('chromium');
});

test('the store of Chromium is made where there is a browser and none yet, and not where there is no browser', async () => {
  const none = await trustWith({ platform: 'linux' }, { certutil: 1 });
  const withBrowser = await trustWith({ platform: 'linux' }, { certutil: 1, 'brave-browser': 0 });
  const made = withBrowser.stores.find(({ kind }) => kind === 'chromium');
  expect(made?.add.map(([first]) => first)).toEqual(['mkdir', 'certutil', 'certutil']);
  expect(none.stores.map(({ kind }) => kind)).not.toContain('chromium');
});

test('every profile of Firefox has one', async () => {
  const home = tempDir();
  for (const profile of ['.mozilla/firefox/a.default', 'snap/firefox/common/.mozilla/firefox/b.default']) {
    mkdirSync(join(home, profile), { recursive: true });
    writeFileSync(join(home, profile, 'cert9.db'), '');
  }
  const { stores } = await trustWith({ platform: 'linux', home }, { certutil: 0 });
  expect(stores.filter(({ kind }) => kind === 'firefox')).toMatchObject([
    { trusted: true },
    { trusted: true },
  ]);
});
