/** A manifest is untrusted text: bounded, never a stack trace, never a prototype touched. */
import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { appsOf, folderWith, read, readApp } from './read.ts';

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

const bomb = `a0: &a0 [x, x]\n${lines(40, (i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`)}applications: [{name: a}]\n`;
const chain = `a0: &a0 [x]\n${lines(10_000, (i) => `a${i + 1}: &a${i + 1} [*a${i}]\n`)}applications: [{name: a}]\n`;

describe('refused with a message of its own', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['an alias bomb', bomb, 'MANIFEST_TOO_LARGE'],
    [
      'a bomb of merge keys',
      bomb
        .replaceAll('[', '{p: ')
        .replaceAll(', *', ', q: *')
        .replaceAll('x, x]', 'x}')
        .replaceAll(/(a\d+)\]/g, '$1}')
        .replace('{p: {name: a}]', '[{name: a}]'),
      'MANIFEST_TOO_LARGE',
    ],
    ['a chain of aliases', chain, 'MANIFEST_TOO_DEEP'],
    ['10 MB', Buffer.alloc(10 * 1024 * 1024, 'a: b\n'), 'MANIFEST_TOO_LARGE'],
    ['half a million brackets', '['.repeat(500_000), 'MANIFEST_TOO_DEEP'],
    ['10,000 levels', `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}`, 'MANIFEST_TOO_DEEP'],
    ['10,000 lists on one line', `${'- '.repeat(10_000)}a`, 'MANIFEST_TOO_DEEP'],
    ['200,000 duplicate keys', 'a: b\n'.repeat(200_000), 'MANIFEST_TOO_LARGE'],
    ['a megabyte of tags', '! '.repeat(500_000), 'MANIFEST_TOO_LARGE'],
    ['40,000 apps', `applications:\n${lines(40_000, (i) => `- name: a${i}\n`)}`, 'MANIFEST_TOO_LARGE'],
    [
      'symbols that double',
      `name: x\nproperties:\n${lines(40, (i) => `  s${i}: \${s${i + 1}}\${s${i + 1}}\n`)}  s40: a\ncommand: \${s0}\n`,
      'MANIFEST_TOO_LARGE',
    ],
    [
      'symbols without end',
      `name: x\nproperties:\n${lines(5000, (i) => `  s${i}: \${s${i + 1}}\n`)}  s5000: a\ncommand: \${s0}\n`,
      'MANIFEST_TOO_LARGE',
    ],
    [
      'a long symbol used often',
      `name: x\nproperties: {s: ${'a'.repeat(100_000)}}\ncommand: ${'${s}'.repeat(100_000)}\n`,
      'MANIFEST_TOO_LARGE',
    ],
    ['a NUL byte', 'name: a\0b', 'MANIFEST_CHARACTERS'],
    ['bytes that are no text', Buffer.from([0x6e, 0x3a, 0x20, 0xff, 0xfe]), 'MANIFEST_UNREADABLE'],
    ['UTF-16 without a mark', Buffer.from('name: a\n', 'utf16le'), 'MANIFEST_CHARACTERS'],
    ['a tab', 'name: a\n\tmem: 64M\n', 'MANIFEST_YAML'],
    ['an alias of itself', 'a: &a [*a]\napplications: [{name: x}]', 'MANIFEST_ALIAS'],
    ['a list as a key', '? [a]\n: b\n', 'MANIFEST_YAML'],
    ['text', 'hello', 'MANIFEST_TYPE'],
    ['nothing', '# only this\n', 'MANIFEST_EMPTY'],
  ])('%s', async (_, text, code) => {
    const result = await read(text);
    expect(result.manifest).toBeUndefined();
    expect(result.diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
    expect(JSON.stringify(result.diagnostics).length).toBeLessThan(200_000);
  });

  // Each of these made a pattern look at the same megabyte again and again, for minutes.
  test.each<[string, string]>([
    ['braces that are never closed', `name: a\ncommand: "${'${'.repeat(480_000)}"\n`],
    ['questions that are never closed', `name: a\ncommand: "${'${ask '.repeat(160_000)}"\n`],
    ['a URL of slashes', `name: a\nurl: "${'/'.repeat(900_000)}a"\n`],
    ['a buildpack of slashes', `name: a\nbuildpack: "${'/'.repeat(900_000)}a"\n`],
    ['a number of a million digits', `applications: [{name: ${'9'.repeat(1_000_000)}}]\n`],
    ['a route of dots', `applications: [{name: a, routes: [{route: ${'a.'.repeat(480_000)}_!}]}]\n`],
    ['blanks after a date', `applications: [{name: a, env: {X: "2020-01-01${' '.repeat(900_000)}x"}}]\n`],
  ])('%s is looked at once', async (_, text) => {
    const { diagnostics } = await read(text);
    expect(JSON.stringify(diagnostics).length).toBeLessThan(10_000);
  });

  test('variables that fill any memory', async () => {
    const result = await read(`applications:\n${lines(900, (i) => `- {name: a${i}, env: {X: ((big))}}\n`)}`, {
      vars: [`big={${lines(2000, (i) => `k${i}: v, `)}}`],
    });
    expect(result.diagnostics[0]).toMatchObject({ code: 'MANIFEST_TOO_LARGE' });
  });

  test('files included again and again', async () => {
    const cwd = await folderWith({
      'manifest.yml': 'inherit: [f0.yml, f0.yml]\nname: a\n',
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [
          `f${i}.yml`,
          `inherit: [f${i + 1}.yml, f${i + 1}.yml]\nname: a\n`,
        ]),
      ),
      'f20.yml': 'name: a\n',
    });
    const result = await readManifest({ cwd });
    expect(result.diagnostics.map(({ message }) => message).join('\n')).toContain(
      'files are included more than 50 times',
    );
  });
});

describe('read all the same', () => {
  test.each<[string, string | Uint8Array]>([
    ['a byte order mark', '\ufeffname: a\nmem: 64M\n'],
    ['CRLF', 'name: a\r\nmem: 64M\r\n'],
    ['UTF-16', Buffer.from('\ufeffname: a\nmem: 64M\n', 'utf16le')],
    ['a second document', 'name: a\nmem: 64M\n---\nname: b\n'],
    ['duplicate keys', 'name: b\nname: a\nmem: 64M\n'],
    ['unknown tags', 'name: !mine a\nmem: !!int "64"\n'],
    [
      'a small pyramid of aliases',
      bomb
        .split('\n')
        .slice(0, 6)
        .join('\n')
        .replaceAll(/^a/gm, 'z')
        .replaceAll('&a', '&z')
        .replaceAll('*a', '*z') + '\nname: a\nmem: 64M\n',
    ],
  ])('%s', async (_, text) => {
    const result = await read(text);
    const [app] = appsOf(result);
    expect(app?.name).toBe('a');
    expect(app?.processes[0]?.memoryBytes).toBe(64 * 1024 ** 2);
  });
});

test('a key like "__proto__" is a key like any other', async () => {
  const app = await readApp(
    'name: a\nenv: {__proto__: x, constructor: y}\nservices: {__proto__: memcached, toString: {type: user-provided, credentials: {__proto__: secret}}}\n',
  );
  expect(Object.entries(app.env).map(([name, { value }]) => [name, value])).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect(app.services.map(({ name }) => name)).toEqual(['__proto__', 'toString']);
  expect(Object.keys(app.services[1]?.credentials ?? {})).toEqual(['__proto__']);
  await read('__proto__: {polluted: yes}\nconstructor: {prototype: {polluted: yes}}\nname: a\n');
  await read(
    'applications: [{name: a, __proto__: {polluted: 1}, env: {__proto__: x}, metadata: {labels: {__proto__: {polluted: 1}}}}]',
  );
  expect('polluted' in {}).toBe(false);
});

test('links that run in a circle, folders, pipes and devices are no manifests', async () => {
  const cwd = await folderWith({ 'loop/x': '', 'dir/manifest.yml/x': '', 'pipe/x': '', 'device/x': '' });
  await symlink('manifest.yml', join(cwd, 'loop/manifest.yml'));
  execFileSync('mkfifo', [join(cwd, 'pipe/manifest.yml')]);
  await symlink('/dev/zero', join(cwd, 'device/manifest.yml'));
  const reason = async (folder: string) =>
    (await readManifest({ cwd: join(cwd, folder) as never })).diagnostics.map(({ message }) =>
      message.replace(/^.*": /, ''),
    );
  expect(await reason('loop')).toEqual(['its symbolic links run in a circle']);
  expect(await reason('pipe')).toEqual(['it is not a regular file']);
  expect(await reason('device')).toEqual(['it is not a regular file']);
  await expect(readManifest({ cwd: join(cwd, 'dir') as never, manifest: 'x/y/z' })).rejects.toMatchObject({
    code: 'MANIFEST_NOT_FOUND',
  });
});

test.each([
  ['a folder', 'dir.yml', 'it is a folder'],
  ['a pipe', 'pipe.yml', 'it is not a regular file'],
  ['a device', 'device.yml', 'it is not a regular file'],
  ['a link in a circle', 'loop.yml', 'its symbolic links run in a circle'],
  ['a link to nothing', 'dangling.yml', 'it does not exist'],
  ['a file of 10 MB', 'large.yml', 'it is larger than 1 MiB'],
  ['a device by its name', '/dev/zero', 'it is outside the folder of the manifest and no .yml file'],
  ['a name with a NUL byte', '"x\\0.yml"', 'its name holds a NUL byte'],
  ['a very long name', `${'x'.repeat(5000)}.yml`, 'its name is too long'],
])('inherits no %s, and neither do --vars-file read one', async (_, name, reason) => {
  const cwd = await folderWith({
    'manifest.yml': `inherit: ${name}\nname: a\n`,
    'dir.yml/x': '',
    'large.yml': Buffer.alloc(10 * 1024 * 1024, 'a: b\n'),
  });
  execFileSync('mkfifo', [join(cwd, 'pipe.yml')]);
  await symlink('/dev/zero', join(cwd, 'device.yml'));
  await symlink('loop.yml', join(cwd, 'loop.yml'));
  await symlink('nowhere', join(cwd, 'dangling.yml'));
  const [found] = (await readManifest({ cwd })).diagnostics;
  expect(found).toMatchObject({ code: 'MANIFEST_INHERIT', message: expect.stringContaining(reason) });
  if (name.startsWith('"') || name.startsWith('/')) return;
  const options = { cwd, dialect: 'cloud-foundry', varsFiles: [name] } as const;
  const variables = (await readManifest(options)).diagnostics.find(
    ({ code }) => code === 'MANIFEST_VARIABLE',
  );
  expect(variables?.message).toContain(reason);
});

test('the root of the file system is no app', async () => {
  for (const text of [
    'name: a\napp-dir: /\n',
    'applications: [{name: a, path: /}]\n',
    'name: a\napp-dir: ../../../../../../..\n',
  ]) {
    const { diagnostics } = await read(text);
    expect(diagnostics.map(({ code }) => code)).toContain('MANIFEST_FOLDER');
  }
});

test('thousands of mistakes are counted, and a part is shown', async () => {
  const result = await read(`name: a\ninstances: many\n${lines(5000, (i) => `k${i}: v\n`)}`);
  expect(result.diagnostics.length).toBe(51);
  expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  expect(result.diagnostics.at(-1)?.message).toMatch(/^49\d\d more problems are not shown$/);
});
