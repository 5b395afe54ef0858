import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appFolder, BIN, newHome } from '../helpers/cli.ts';

const flat = 'name: shop\nmem: 64M\nurl: shop.${target-base}\nservices: {"${name}-db": mysql}\n';

describe('manifest', () => {
  test('prints the effective manifest alone on standard output, in the client’s normal form', async () => {
    const cwd = appFolder({ 'manifest.yml': flat });
    const { code, stdout, stderr } = await newHome().run(['manifest'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'applications:',
        '  shop:',
        '    memory: 64M',
        '    name: shop',
        `    path: ${cwd}`,
        '    services:',
        '      shop-db:',
        '        type: mysql',
        '    urls:',
        '    - shop.localhost',
        '',
      ].join('\n'),
    );
    expect(stderr).toMatch(/^Using manifest file ".*manifest\.yml" \(stackato: "name" stands at the top/);
  });

  test('what it prints may be read again, and comes to the same', async () => {
    const cwd = appFolder({ 'manifest.yml': flat });
    const home = newHome();
    const { stdout } = await home.run(['manifest'], { cwd });
    const again = appFolder({ 'copy.yml': stdout });
    expect(await home.run(['manifest', '-f', 'copy.yml'], { cwd: again })).toMatchObject({ code: 0, stdout });
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is named as the reason', () => {
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'exec "$1" "$2" manifest > /dev/full', 'sh', process.execPath, BIN],
      { cwd: appFolder({ 'manifest.yml': flat }), env: newHome().env, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('error: Cannot write the output: there is no space left on its disk'),
    });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ['-i', '-1', '--instances: it must be a whole number of at least 0'],
    ['-t', '0', '--timeout: it must be a whole number of at least 1'],
  ])('%s %s is told the least there may be', async (flag, value, expected) => {
    const cwd = appFolder({ 'manifest.yml': flat });
    const { code, stderr } = await newHome().run(['manifest', flag, value], { cwd });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(expected) });
  });

  test('Cloud Foundry: the document as it would be sent', async () => {
    const cwd = appFolder({
      'manifest.yml':
        'x: &x {memory: 64M}\napplications:\n- name: ((n))\n  <<: *x\n  instances: ((count))\n  no-route: false\n',
    });
    const { code, stdout } = await newHome().run(['manifest', '--var', 'n=web', '--var', 'count=2'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe('applications:\n- name: web\n  instances: 2\n  memory: 64M\n  default-route: true\n');
  });

  test('variables from files, later ones win, --var over all', async () => {
    const cwd = appFolder({
      'manifest.yml': 'applications:\n- name: ((n))\n  env: {A: ((a)), B: ((b))}\n',
      'one.yml': 'n: from-one\na: 1\nb: 1\n',
      'two.yml': 'a: 2\nb: 2\n',
    });
    const { apps } = await newHome().json<{
      apps: { name: string; env: Record<string, { value: string }> }[];
    }>(['manifest', '--vars-file', 'one.yml', '--vars-file', 'two.yml', '--var', 'b=3'], { cwd });
    expect(apps[0]).toMatchObject({ name: 'from-one', env: { A: { value: '2' }, B: { value: '3' } } });
  });

  test('--json: dialect, file, apps, diagnostics', async () => {
    const cwd = appFolder({ 'manifest.yml': 'name: shop\nmemry: 64M\n' });
    expect(await newHome().json(['manifest'], { cwd })).toMatchObject({
      dialect: 'stackato',
      file: join(cwd, 'manifest.yml'),
      apps: [{ name: 'shop', root: cwd }],
      diagnostics: [{ code: 'MANIFEST_UNKNOWN_KEY', severity: 'warning', span: { line: 2, column: 1 } }],
    });
  });

  test('mistakes: all at once with exit code 2, under --json as data', async () => {
    const cwd = appFolder({ 'manifest.yml': 'name: shop\nmem: 12MB\nno-route: maybe\n' });
    const home = newHome();
    const words = await home.run(['manifest'], { cwd });
    expect(words).toMatchObject({ code: 2, stdout: '' });
    expect(words.stderr).toMatch(/manifest\.yml:2:6: error: [^]*manifest\.yml:3:11: error: [^]*2 mistakes/);
    const data = await home.run(['manifest', '--json'], { cwd });
    expect(data.code).toBe(2);
    expect(JSON.parse(data.stdout)).toMatchObject({
      dialect: 'stackato',
      apps: [],
      diagnostics: [{ span: { line: 2 } }, { span: { line: 3 } }],
      error: { code: 'MANIFEST_INVALID' },
    });
  });

  test('one app of several, by name or by the folder we are in; a wrong name with the nearest', async () => {
    const cwd = appFolder({
      'manifest.yml':
        'applications:\n- {name: web, path: web, mem: 64M}\n- {name: api, path: api, mem: 64M}\n',
      'web/x': '',
      'api/x': '',
    });
    const home = newHome();
    const names = async (args: readonly string[], folder = cwd) =>
      (await home.json<{ apps: { name: string }[] }>(['manifest', ...args], { cwd: folder })).apps.map(
        ({ name }) => name,
      );
    expect(await names([])).toEqual(['web', 'api']);
    expect(await names(['api'])).toEqual(['api']);
    expect(await names([], join(cwd, 'web'))).toEqual(['web']);
    const wrong = await home.run(['manifest', 'wbe'], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean "web"?');
  });

  test('stackato.yml beside manifest.yml wins; --dialect reads either as asked', async () => {
    const cwd = appFolder({
      'stackato.yml': 'name: from-stackato\n',
      'manifest.yml': 'applications: [{name: from-manifest}]\n',
    });
    const home = newHome();
    expect(await home.json(['manifest'], { cwd })).toMatchObject({ apps: [{ name: 'from-stackato' }] });
    expect(
      await home.json(['manifest', '-f', 'manifest.yml', '--dialect', 'stackato'], { cwd }),
    ).toMatchObject({
      dialect: 'stackato',
      dialectBecause: 'it was asked for with --dialect',
      apps: [{ name: 'from-manifest' }],
    });
  });

  test('--to cloudfoundry: a Docker image is carried, though a push would refuse it', async () => {
    const cwd = appFolder({ 'manifest.yml': 'name: a\nmem: 64\ndocker_image: registry/image:tag\n' });
    const home = newHome();
    expect(await home.run(['manifest'], { cwd })).toMatchObject({ code: 2 });
    const { code, stdout } = await home.run(['manifest', '--to', 'cloudfoundry'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('docker:\n    image: registry/image:tag');
  });

  test('--to cloudfoundry: what cannot be carried stands in comments', async () => {
    const cwd = appFolder({
      'manifest.yml':
        'name: shop\nmem: 64\nrequirements: {pip: [flask]}\nservices: {db: mysql}\nhooks: {post-staging: [make]}\ncron: ["* * * * * x"]\n',
    });
    const home = newHome();
    const { code, stdout } = await home.run(['manifest', '--to', 'cloudfoundry'], { cwd });
    expect(code).toBe(0);
    for (const said of [
      'cf create-service mysql free db',
      'requirements.txt',
      'cf run-task shop',
      'cron has no',
    ])
      expect(stdout).toContain(said);
    const converted = appFolder({ 'manifest.yml': stdout });
    expect(await home.json(['manifest'], { cwd: converted })).toMatchObject({
      dialect: 'cloud-foundry',
      apps: [{ name: 'shop' }],
      diagnostics: [],
    });
    const back = await home.run(['manifest', '--to', 'stackato'], { cwd: converted });
    expect(back).toMatchObject({ code: 2 });
  });

  test('nobody to ask: what is missing is an error with the way out', async () => {
    const cwd = appFolder({ 'manifest.yml': 'name: shop\nenv:\n  KEY: {required: y}\n  X: "${ask Who}"\n' });
    const { code, stderr } = await newHome().run(['manifest'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('--env KEY=VALUE');
    expect(stderr).toContain('asks for "Who"');
  });

  test.each([
    [['--dialect', 'yaml'], 'Allowed choices are stackato, cloud-foundry'],
    [['-f', 'nowhere.yml'], 'MANIFEST_NOT_FOUND'],
    [['-p', 'nowhere'], 'it does not exist'],
    [['--var', 'novalue'], '--var novalue=VALUE'],
    [['--vars-file', '/dev/zero'], 'not a regular file'],
    [['--vars-file', '.'], 'it is a folder'],
  ])('usage: %j', async (args, said) => {
    const cwd = appFolder({ 'manifest.yml': 'applications: [{name: a}]\n' });
    mkdirSync(join(cwd, 'folder'));
    const { code, stderr } = await newHome().run(['manifest', ...args], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('init', () => {
  test('proposes, and writes only when told to', async () => {
    const cwd = appFolder({ 'package.json': '{"name": "shop", "scripts": {"start": "node x.js"}}' });
    const home = newHome();
    const proposed = await home.run(['init'], { cwd });
    expect(proposed.code).toBe(0);
    expect(proposed.stdout).toMatch(/^name: shop$/m);
    expect(proposed.stderr).toContain('Not written');
    expect((await home.run(['manifest'], { cwd })).code).toBe(2);
    const written = await home.json<{ file: string; written: boolean; text: string }>(['init', '--yes'], {
      cwd,
    });
    expect(written).toMatchObject({ file: join(cwd, 'manifest.yml'), written: true });
    expect(`${written.text}`).toBe(proposed.stdout);
    expect(await home.json(['manifest'], { cwd })).toMatchObject({
      apps: [{ name: 'shop' }],
      diagnostics: [],
    });
  });

  test('overwrites nothing', async () => {
    const home = newHome();
    for (const name of ['manifest.yml', 'stackato.yml', 'manifest.yaml']) {
      const { code, stderr } = await home.run(['init', '--yes'], { cwd: appFolder({ [name]: 'name: a\n' }) });
      expect(code).toBe(2);
      expect(stderr).toContain(`${name}" is there already`);
    }
    expect(await home.run(['init', '--yes', '--path', 'nowhere'])).toMatchObject({ code: 2 });
  });
});
