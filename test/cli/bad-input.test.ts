import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, appFolder, echoApp, get, newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const push = async (app: string, args: readonly string[] = [], env: Record<string, string> = {}) =>
  newHome(env).run(['push', '--detach', ...args], { cwd: app });

describe('one sentence, the place, the next step', () => {
  test('no manifest', async () => {
    const folder = tempDir();
    const outcome = await push(folder);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(`FAILED Cannot find a manifest in "${folder}" [MANIFEST_NOT_FOUND]`);
    expect(outcome.stderr).toContain('Propose one with: paas-local init');
  });

  test('a host into which something was loaded that prints', async () => {
    const preload = join(tempDir(), 'prints.cjs');
    writeFileSync(preload, 'console.log("loaded a helper")');
    const outcome = await push(echoApp('shop'), [], { NODE_OPTIONS: `--require=${preload}` });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('it printed "loaded a helper" first');
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });

  test('a manifest that was named and is not there', async () => {
    const { code, stderr } = await push(tempDir(), ['--manifest', 'nope.yml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Cannot find the manifest ".*\/nope\.yml" \[MANIFEST_NOT_FOUND\]/);
    expect(stderr).not.toContain('in every folder above');
  });

  test('a home in which nothing can be made', async () => {
    const outcome = await newHome({ PAAS_LOCAL_HOME: '/proc/paas-local/home' }).run(['push'], {
      cwd: echoApp('shop'),
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('[STATE_NOT_WRITABLE]');
  });

  test.each([['hlp'], ['push', '--nosuch'], ['logs', '--num', 'many']])(
    'a command line that cannot be read, as JSON where JSON is asked for: %s %s',
    async (...words) => {
      const { code, stdout, stderr } = await newHome().run([...words, '--json'], { cwd: tempDir() });
      expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
    },
  );

  test('a folder that was removed under us', async () => {
    const folder = tempDir();
    const { stderr, status } = spawnSync(
      '/bin/sh',
      ['-c', `cd "$1" && rmdir "$1" && exec "$2" "$3" manifest`, 'sh', folder, process.execPath, BIN],
      { env: newHome().env, encoding: 'utf8' },
    );
    expect(status).toBe(2);
    expect(stderr).toContain('The current folder does not exist any more');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ['gunicorn app:app', 'gunicorn', 'It comes with the package "gunicorn": name it in requirements.txt'],
    ['no-such-server --now', 'no-such-server', 'Install it, or correct the command'],
  ])('a start command whose program is not there: %s', async (command, program, next) => {
    const { code, stderr } = await push(
      appFolder({ 'manifest.yml': `name: shop\nmem: 128M\ncommand: ${command}\nenv: {PATH: /bin}\n` }),
    );
    expect(code).toBe(3);
    expect(stderr).toContain('exited with status 127');
    expect(stderr).toContain(`There is no program "${program}" on its PATH. ${next}`);
  });

  test('unreadable YAML', async () => {
    const { code, stderr } = await push(appFolder({ 'manifest.yml': 'name: shop\nenv: {A: [1, 2\n' }));
    expect(code).toBe(2);
    expect(stderr).toMatch(/manifest\.yml:[23]:\d+: error: .*\[MANIFEST_YAML\]/);
    expect(stderr).not.toMatch(/at .*\.js:\d+/);
  });

  test('two mistakes at once', async () => {
    const { code, stderr } = await push(
      appFolder({
        'manifest.yml': 'name: shop\nenv: [a]\nservices: {x: memcached}\nhooks:\n  post-staging: {a: b}\n',
      }),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/manifest\.yml:2:\d+/);
    expect(stderr).toMatch(/manifest\.yml:5:\d+/);
  });

  test('unknown service type: the nearest known name', async () => {
    const { code, stderr } = await push(echoApp('shop', 'services: {x: {type: memcahced}}\n'));
    expect(code).toBe(2);
    expect(stderr).toContain('"memcahced" is not a service type');
    expect(stderr).toContain('Did you mean "memcached"?');
    expect(stderr).toMatch(/^manifest\.yml:4:22: error: /m);
  });

  test('one mistake hides no other of the same file', async () => {
    const { code, stderr } = await push(echoApp('shop', 'timeout: soon\nservices: {x: memcahced}\n'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^manifest\.yml:4:10: error: [^]*^manifest\.yml:5:15: error: [^]*2 mistakes/m);
  });

  test.each([
    ['a service that is not there', 'services: [x]\n', 'manifest.yml:4:12', 'SERVICE_NOT_FOUND'],
    ['a folder that is not there', 'app-dir: gone\n', 'manifest.yml:4:10', 'APP_FOLDER_MISSING'],
  ])('%s is shown where it is asked for', async (_, more, place, errorCode) => {
    const { code, stderr } = await push(echoApp('shop', more));
    expect(code).toBe(2);
    expect(stderr).toContain(`${place}: error: `);
    expect(stderr).toContain(`[${errorCode}]`);
  });

  test('no start command: what was looked for and found', async () => {
    const { code, stderr } = await push(appFolder({ 'manifest.yml': 'name: shop\n', 'data.csv': '1,2' }));
    expect(code).toBe(2);
    expect(stderr).toContain('no start command [NO_START_COMMAND]');
    expect(stderr).toContain('Procfile');
    expect(stderr).toContain('data.csv');
  });

  test('an app that exits at once: its last lines and its exit code', async () => {
    const app = echoApp(
      'shop',
      '',
      `for (let i = 1; i <= 60; i++) console.log('line ' + i); process.exitCode = 7;`,
    );
    const { code, stderr } = await push(app);
    expect(code).toBe(3);
    expect(stderr).toContain('App "shop" exited at once: exited with status 7');
    expect(stderr).toMatch(/The last 40 lines[^]*line 21\n[^]*line 60/);
    expect(stderr).not.toMatch(/line 20\n/);
  });

  test('an app on a wrong port: what was waited for, how long, and what is listening', async () => {
    const app = echoApp(
      'shop',
      'timeout: 5\n',
      `const server = require('http').createServer((q, r) => r.end());
       server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));`,
    );
    const { code, stderr } = await push(app);
    expect(code).toBe(3);
    expect(stderr).toMatch(/did not become ready: waited 5(\.\d)? s for/);
    const [, port] = /^ *port (\d+)$/m.exec(stderr)!;
    expect(stderr).toContain(`It listens on 127.0.0.1:${port} instead`);
  });

  test('an app that never listens', async () => {
    const { code, stderr } = await push(echoApp('shop', 'timeout: 1\n', 'setInterval(() => {}, 1000)'));
    expect(code).toBe(3);
    expect(stderr).toContain('Nothing of it listens on any port');
  });

  test('a taken port under --strict-ports: by whom', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    try {
      const { code, stderr } = await push(echoApp('shop'), ['--port', String(port), '--strict-ports']);
      expect(code).toBe(5);
      expect(stderr).toContain(`Cannot listen on port ${port}: it is taken by`);
      expect(stderr).toContain(`pid ${process.pid}`);
    } finally {
      server.close();
    }
  });

  test('a taken port otherwise: the next free one, said out loud', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    try {
      const { code, stdout } = await push(echoApp('shop'), ['--port', String(port)]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Port ${port} is taken, routing on port`);
    } finally {
      server.close();
    }
  });

  test('an app folder that is not there', async () => {
    const { code, stderr } = await push(
      appFolder({ 'manifest.yml': 'applications:\n- name: shop\n  path: gone\n  command: x\n' }),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/gone/);
  });

  test.skipIf(process.getuid?.() === 0)('a state folder that cannot be written', async () => {
    const home = tempDir();
    mkdirSync(join(home, 'state'));
    chmodSync(join(home, 'state'), 0o500);
    const { code, stderr } = await push(echoApp('shop'), [], { PAAS_LOCAL_HOME: join(home, 'state') });
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot write to the state folder');
  });

  test('a state folder that is a file', async () => {
    const file = join(tempDir(), 'state');
    writeFileSync(file, '');
    const { code, stderr } = await push(echoApp('shop'), [], { PAAS_LOCAL_HOME: file });
    expect(code).toBe(1);
    expect(stderr).toContain('[STATE_NOT_WRITABLE]');
    expect(stderr).toContain('PAAS_LOCAL_HOME');
  });

  test.each([
    [['pusj'], 'Did you mean push?'],
    [['push', '--port', 'x'], 'Cannot use "x" as --port'],
    [['push', '--space', '../up'], 'Cannot use "../up" as the name of a space'],
    [['push', '--nonsense'], "unknown option '--nonsense'"],
    [['logs', 'shopp'], 'Cannot find an app named "shopp"'],
    [['service', 'nope'], 'Cannot find a service named "nope"'],
  ])('usage: %j', async (args, message) => {
    const { code, stderr } = await newHome().run(args, { cwd: echoApp('shop') });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('--json prints the error as one object', async () => {
    const { code, stdout } = await newHome().run(['push', '--detach', '--json'], {
      cwd: echoApp('shop', '', 'process.exit(1)'),
    });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'APP_EXITED', facts: { app: 'shop', code: 1 } },
    });
  });

  test('a failed push leaves what runs alone, and nothing of its own', async () => {
    const home = newHome();
    const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: echoApp('good') });
    const failed = await home.run(['push', '--detach'], {
      cwd: echoApp('bad', 'services: {bad-cache: memcached}\n', 'process.exit(1)'),
    });
    expect(failed.code).toBe(3);
    expect((await get(url)).status).toBe(200);
    const { services } = await home.json<{ services: { name: string; state: string }[] }>(['services']);
    expect(services).toMatchObject([{ name: 'bad-cache', state: 'stopped' }]);
  });
});
