/** What a Stackato manifest means together with flags, folders, the shell and a user who answers. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { envOnPush } from '../../../runtime/manifest/env-mode.ts';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { printManifest } from '../../../runtime/manifest/print.ts';
import { appsOf, folderWith, read, readApp, readApps, summary } from './read.ts';

describe('--as', () => {
  test('renames the app wherever its name is used, so that it gets services of its own', async () => {
    const app = await readApp(
      'name: shop\nservices: {"${name}-db": mysql}\nenv: {WHO: "${name}"}\nurl: ${name}.example.com\n',
      {
        overrides: { name: 'other' },
      },
    );
    expect(app.name).toBe('other');
    expect(app.services.map(({ name }) => name)).toEqual(['other-db']);
    expect(app.env.WHO?.value).toBe('other');
    expect(app.routes).toMatchObject({ routes: [{ url: 'other.example.com' }] });
  });

  test('is refused for several apps', async () => {
    const result = await read('applications:\n- {name: a, mem: 64M}\n- {name: b}\n', {
      overrides: { name: 'other' },
    });
    expect(summary(result)).toEqual([
      '0:0 error MANIFEST_APP_UNKNOWN Flags that change an app need to know which: the manifest has several',
    ]);
  });
});

test('flags take the place of what the manifest says, also in symbols', async () => {
  const app = await readApp(
    'name: shop\nmem: 64M\ncommand: old\nurl: old.example.com\nenv: {SIZE: "${memory}"}\n',
    {
      overrides: {
        memory: '1G',
        instances: 3,
        command: 'new',
        urls: ['new.example.com'],
        timeout: 5,
        disk: '100',
      },
    },
  );
  expect(app.processes[0]).toMatchObject({
    command: 'new',
    instances: 3,
    memoryBytes: 1024 ** 3,
    health: { startTimeoutSeconds: 5 },
  });
  expect(app.routes).toMatchObject({ routes: [{ url: 'new.example.com' }] });
  expect(app.env.SIZE?.value).toBe('1G');
});

test('a wrong flag is refused where it was written', async () => {
  const result = await read('name: shop\n', { overrides: { memory: '12MB' } });
  expect(result.diagnostics[0]?.span).toMatchObject({ file: '--memory', source: '12MB' });
});

describe('which apps are meant', () => {
  const text =
    'applications:\n- {name: web, path: ./web, mem: 64M, depends-on: api}\n- {name: api, path: ./api}\n';
  const folder = () => folderWith({ 'manifest.yml': text, 'web/deep/x': '', 'api/x': '', 'elsewhere/x': '' });
  const namesIn = async (cwd: string, more = {}) =>
    appsOf(await readManifest({ cwd: cwd as never, ...more })).map(({ name }) => name as string);

  test('all, dependencies first, in the folder of the manifest', async () => {
    expect(await namesIn(await folder())).toEqual(['api', 'web']);
  });

  test('the one in whose folder we are, however deep', async () => {
    const cwd = await folder();
    expect(await namesIn(join(cwd, 'web/deep'))).toEqual(['web']);
    expect(await namesIn(cwd, { path: 'api' })).toEqual(['api']);
  });

  test('none, with the folders that would do, anywhere else', async () => {
    const cwd = await folder();
    const result = await readManifest({ cwd: join(cwd, 'elsewhere') as never });
    expect(summary(result)[0]).toMatch(
      /^0:0 error MANIFEST_FOLDER The folder ".*elsewhere" belongs to no app/,
    );
  });

  test('those named, and a misspelt name is shown with the nearest', async () => {
    const cwd = await folder();
    expect(await namesIn(cwd, { appNames: ['web'] })).toEqual(['web']);
    const result = await readManifest({ cwd, appNames: ['wbe'] });
    expect(result.diagnostics[0]).toMatchObject({
      code: 'MANIFEST_APP_UNKNOWN',
      hint: 'Did you mean "web"?',
    });
  });
});

describe('environment variables', () => {
  const text = [
    'name: shop',
    'env:',
    '  PLAIN: default',
    '  FROM_SHELL: {default: d, inherit: yes}',
    '  NEEDED: {required: y}',
    '  SECRET: {required: true, hidden: on, prompt: The secret}',
    '  LEVEL: {default: info, choices: [info, debug]}',
    '',
  ].join('\n');

  test('come from --env before the shell before the default; what is missing is asked for', async () => {
    const asked: unknown[] = [];
    const app = await readApp(text, {
      shellEnv: { FROM_SHELL: 'shell', PLAIN: 'not inherited', LEVEL: 'x' },
      envOverrides: ['NEEDED=given', 'EXTRA=a=b', 'LEVEL=debug'],
      ask: async (prompt, details) => {
        asked.push([prompt, details]);
        return 'answered';
      },
    });
    expect(
      Object.fromEntries(
        Object.entries(app.env).map(([name, { value, origin, hidden }]) => [name, [value, origin, hidden]]),
      ),
    ).toEqual({
      PLAIN: ['default', 'manifest', false],
      FROM_SHELL: ['shell', 'inherited from the shell', false],
      NEEDED: ['given', '--env', false],
      SECRET: ['answered', 'asked', true],
      LEVEL: ['debug', '--env', false],
      EXTRA: ['a=b', '--env', false],
    });
    expect(asked).toMatchObject([
      ['The secret: ', { hidden: true, required: true, choices: [], key: 'env shop SECRET' }],
    ]);
  });

  test('must be among the choices wherever they come from', async () => {
    const result = await read('name: shop\nenv: {LEVEL: {default: info, choices: [info]}}\n', {
      envOverrides: ['LEVEL=loud', '=x', 'no'],
    });
    expect(summary(result).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'error MANIFEST_ENV Cannot read --env "=x"',
      'error MANIFEST_ENV Cannot read --env "no"',
      'error MANIFEST_ENV The variable "LEVEL" must be one of info, not "loud"',
    ]);
  });

  test('keep, add or drop stored values on a second push, as the mode says', async () => {
    const stored = (await readApp('name: a\nenv: {A: old, GONE: x}\n')).env;
    const { env } = await readApp('name: a\nenv: {A: new, B: new, C: new}\n', { envOverrides: ['C=flag'] });
    const values = (mode: 'preserve' | 'append' | 'replace', before: typeof stored | undefined) =>
      Object.fromEntries(
        Object.entries(envOnPush(env, before, mode)).map(([name, { value }]) => [name, value]),
      );
    expect(values('preserve', undefined)).toEqual({ A: 'new', B: 'new', C: 'flag' });
    expect(values('preserve', stored)).toEqual({ A: 'old', GONE: 'x', B: 'new', C: 'flag' });
    expect(values('append', stored)).toEqual({ A: 'new', GONE: 'x', B: 'new', C: 'flag' });
    expect(values('replace', stored)).toEqual({ A: 'new', B: 'new', C: 'flag' });
  });
});

describe('${…}', () => {
  test('is looked up from the innermost mapping outwards, properties first in each', async () => {
    const app = await readApp(
      'properties: {x: from-properties}\nname: shop\ndescription: ${x}\nenv: {x: from-env, USES: "${x}", OUTER: "${command}"}\ncommand: run\n',
    );
    expect(app.description).toBe('from-properties');
    expect(app.env.USES?.value).toMatch(/^from-/);
    expect(app.env.OUTER?.value).toBe('run');
  });

  test('draws one random word per value', async () => {
    let drawn = 0;
    const app = await readApp('name: shop\nurl: ["${random-word}-${random-word}.x", "${random-word}.x"]\n', {
      random: () => `w${drawn++}`,
    });
    expect(app.routes).toMatchObject({ routes: [{ url: 'w0-w0.x' }, { url: 'w1.x' }] });
  });

  test('asks each question once, in the order of the file', async () => {
    const asked: string[] = [];
    const app = await readApp(
      'name: shop\nenv: {A: "${ask First}", B: "${ask Second}", C: "${ask First}"}\n',
      {
        ask: async (prompt) => {
          asked.push(prompt);
          return `<${prompt}>`;
        },
      },
    );
    expect(asked).toEqual(['First: ', 'Second: ']);
    expect(app.env.C?.value).toBe('<First: >');
  });

  test('takes the domain of the target, unless the manifest names another target', async () => {
    const url = async (more: string, targetBase?: string) =>
      (await readApp(`name: a\nurl: a.\${target-base}\n${more}`, targetBase ? { targetBase } : {})).routes;
    expect(await url('')).toMatchObject({ routes: [{ url: 'a.localhost' }] });
    expect(await url('', 'example.com')).toMatchObject({ routes: [{ url: 'a.example.com' }] });
    expect(await url('properties: {target: "https://api.other.net:443/x"}\n')).toMatchObject({
      routes: [{ url: 'a.other.net' }],
    });
  });

  test('points at where a wrong value comes from', async () => {
    const result = await read('name: a\nproperties:\n  size: huge\nmem: ${size}\n');
    expect(result.diagnostics[0]).toMatchObject({
      span: { line: 4, column: 6 },
      related: { span: { line: 3, column: 9 } },
    });
  });

  test('keys that become the same are settled, and said', async () => {
    const result = await read(
      'name: a\nenv: {a-b: x}\nservices: {"${name}-c": memcached, a-c: memcached}\n'.replace(
        'a-b: x',
        'A: x',
      ),
    );
    expect(summary(result)).toEqual([
      '3:36 warning MANIFEST_DUPLICATE_KEY The key "a-c" occurs twice; this later value is used',
    ]);
  });
});

describe('inherited files', () => {
  test('are looked for beside the file that names them; a mistake points into the right one', async () => {
    const cwd = await folderWith({
      'manifest.yml': 'inherit: parts/one.yml\nname: shop\n',
      'parts/one.yml': 'inherit: ../two.yml\nname: shop\nmem: huge\n',
      'two.yml': 'name: shop\ncommand: run\n',
    });
    const result = await readManifest({ cwd });
    expect(result.diagnostics).toHaveLength(1);
    expect(result.diagnostics[0]?.span).toMatchObject({
      file: join(cwd, 'parts/one.yml'),
      line: 3,
      source: 'mem: huge',
    });
  });

  test('may hold all the apps', async () => {
    const cwd = await folderWith({
      'manifest.yml': 'inherit: base.yml\nproperties: {x: here}\n',
      'base.yml': 'name: shop\ncommand: ${x}\nproperties: {x: there}\n',
    });
    const result = await readManifest({ cwd });
    expect(result.dialect).toBe('stackato');
    expect(appsOf(result)[0]?.processes[0]?.command).toBe('here');
    expect(result.manifest?.files).toEqual([join(cwd, 'manifest.yml'), join(cwd, 'base.yml')]);
  });

  test('in a circle are refused, also under another name', async () => {
    const cwd = await folderWith({
      'manifest.yml': 'inherit: a.yml\nname: shop\n',
      'a.yml': 'inherit: b.yml\nname: shop\n',
      'b.yml': 'inherit: ./manifest.yml\nname: shop\n',
    });
    const [found] = (await readManifest({ cwd })).diagnostics;
    expect(found).toMatchObject({
      code: 'MANIFEST_INHERIT',
      hint: 'manifest.yml → a.yml → b.yml → manifest.yml',
      span: { file: join(cwd, 'b.yml') },
    });
  });

  test('outside the folder must be YAML files, for what is read may be quoted', async () => {
    const parent = await folderWith({
      'secret.txt': 'password',
      'base.yml': 'name: shop\nmem: 64M\n',
      'app/manifest.yml': 'inherit: [../base.yml, ../secret.txt]\nname: shop\n',
    });
    const result = await readManifest({ cwd: join(parent, 'app') as never });
    expect(summary(result)).toEqual([
      '1:24 error MANIFEST_INHERIT Cannot inherit from "../secret.txt": it is outside the folder of the manifest and no .yml file',
    ]);
    expect(JSON.stringify(result.diagnostics)).not.toContain('password');
  });

  test('cannot be folders', async () => {
    const cwd = await folderWith({ 'manifest.yml': 'inherit: parts\nname: shop\n' });
    await mkdir(join(cwd, 'parts'));
    expect(summary(await readManifest({ cwd }))).toEqual([
      '1:10 error MANIFEST_INHERIT Cannot inherit from "parts": it is a folder',
    ]);
  });
});

test('a type that nobody is asked about is left to the plan', async () => {
  expect((await readApp('name: a\nservices: {x: unheard-of}\n')).services).toMatchObject([
    { name: 'x', type: 'unheard-of' },
  ]);
});

test('services: a list binds what exists, nothing means none', async () => {
  expect(
    (await readApp('name: a\nservices: [x, y]\n')).services.map(({ name, type }) => [name, type]),
  ).toEqual([
    ['x', undefined],
    ['y', undefined],
  ]);
  expect((await readApp('name: a\nservices:\n')).services).toEqual([]);
  expect((await readApp('name: a\nservices: {mysql: redis}\n')).services).toMatchObject([
    { name: 'mysql', type: 'redis' },
  ]);
});

test('the effective manifest is printed with sorted keys, one spelling each, and reads back the same', async () => {
  const text =
    'name: shop\nurl: b.${target-base}\nhost: c\nmem: 64M\nenv: {Z: 1, A: "~"}\nhooks: {pre-running: one, post-staging: [two]}\nservices: {x: memcached}\n';
  const first = await read(text);
  const printed = await printManifest(first.effective!, first.dialect);
  expect(printed.replaceAll(/path: .*/g, 'path: FOLDER')).toBe(
    [
      'applications:',
      '  shop:',
      '    memory: 64M',
      '    name: shop',
      '    path: FOLDER',
      '    services:',
      '      x:',
      '        type: memcached',
      '    stackato:',
      '      env:',
      '        Z:',
      '          default: 1',
      '        A:',
      '          default: ~',
      '      hooks:',
      '        pre-running: one',
      '        post-staging:',
      '        - two',
      '    urls:',
      '    - b.localhost',
      '    - c.localhost',
      '',
    ].join('\n'),
  );
  const second = await read(printed);
  expect(await printManifest(second.effective!, second.dialect)).toBe(printed);
});

test('several apps at once keep their own values', async () => {
  const apps = await readApps(
    'applications:\n- {name: a, mem: 64M, env: {N: "${name}"}}\n- {name: b, env: {N: "${name}"}}\n',
  );
  expect(apps.map(({ env }) => env.N?.value)).toEqual(['a', 'b']);
});

test('keys written one level too high are shown where they belong', async () => {
  const { diagnostics } = await read(
    'name: a\npost-staging: [make]\npip: [flask]\nweb: run\nruntime: python27\n',
  );
  expect(diagnostics.map(({ severity, hint }) => `${severity}: ${hint}`)).toEqual([
    'warning: Move it under "hooks": hooks: {post-staging: …}',
    'warning: Move it under "requirements": requirements: {pip: …}',
    'warning: Move it under "processes": processes: {web: …}',
    'warning: Move it under "framework": framework: {runtime: …}',
  ]);
});
