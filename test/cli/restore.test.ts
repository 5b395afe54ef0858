import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { allocatePort, isFree } from '../../runtime/ports/allocate.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { BIN, echoApp, get, newHome, Running, type Home } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

interface Pushed {
  readonly url: string;
  readonly host: { readonly pid: number };
}

const push = (home: Home, cwd: string) => home.json<Pushed>(['push', '--detach'], { cwd });
const appsOf = async (home: Home) => (await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps;

const freePort = () => allocatePort({ host: '127.0.0.1' });

const recordOf = (home: Home) => join(home.folder, 'state/spaces/default/record.json');

describe('after the host was killed', () => {
  test('start brings back what was detached as it was, and not what was stopped or had a terminal', async () => {
    const home = newHome();
    const one = echoApp('one', 'services: {c: memcached}\n');
    await push(home, one);
    await home.json(['scale', 'one', '-i', '2']);
    await home.json(['set-env', 'one', 'MORE', 'by hand']);
    await home.json(['map-route', 'one', 'www.localhost']);
    const { host } = await push(home, echoApp('two'));
    await home.run(['stop', 'two']);
    const attached = home.start(['push'], { cwd: echoApp('three') });
    await attached.readUntil(/three runs/);
    const before = await home.json<{ credentials: object }>(['service', 'c']);
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    await attached.exited;

    const started = await home.run(['start'], { cwd: tempDir() });
    expect(started).toMatchObject({ code: 0 });
    expect(started.stdout).toContain('Brought back one\n');
    const apps = await appsOf(home);
    expect(apps.map(({ name, state, requestedState }) => [name, state, requestedState])).toEqual([
      ['one', 'started', 'started'],
      ['two', 'stopped', 'stopped'],
      ['three', 'stopped', 'stopped'],
    ]);
    const app = apps[0]!;
    expect(app.processes[0]!.instances).toHaveLength(2);
    expect(app.routes).toContain('www.localhost');
    const { port } = new URL(app.urls[0]!);
    const env = JSON.parse((await get(`http://www.localhost:${port}/env`)).body) as Record<string, string>;
    expect(env).toMatchObject({ MORE: 'by hand', MEMCACHE_URL: expect.any(String) });
    const after = await home.json<{ credentials: object }>(['service', 'c']);
    expect(after.credentials).toEqual(before.credentials);
  });

  test('on the port that was asked for, which is told where it is taken', async () => {
    const home = newHome();
    const [port, tlsPort] = [await freePort(), await freePort()];
    const ports = ['--port', String(port), '--tls', '--tls-port', String(tlsPort)];
    const one = echoApp('one');
    const killed = await home.json<Pushed>(['push', '--detach', ...ports], { cwd: one });
    process.kill(killed.host.pid, 'SIGKILL');
    await pidsGone([killed.host.pid]);
    const urls = [`https://one.localhost:${tlsPort}`, `http://one.localhost:${port}`];
    expect((await home.run(['start'])).stdout).not.toMatch(/Port \d+ is taken/);
    expect((await appsOf(home))[0]!.urls).toEqual(urls);

    await home.run(['stop', '--all']);
    await until('the host to let go of its port', () => isFree(port, ['127.0.0.1']));
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      expect((await home.run(['start', 'one'])).stdout).toMatch(
        new RegExp(`Port ${port} is taken, routing on port \\d+`),
      );
    } finally {
      other.close();
    }
    await home.run(['stop', '--all']);
    await home.json(['push', '--detach'], { cwd: echoApp('two') });
    expect((await appsOf(home)).find(({ name }) => name === 'two')!.urls).toEqual([
      `http://two.localhost:${port}`,
    ]);

    // Another one takes its place, with the next host as it says; with the last app it is forgotten.
    const next = await freePort();
    const told = await home.run(['push', '--detach', '--port', String(next)], { cwd: one });
    expect(told.stderr).toContain(`--port ${next} has no effect until: paas-local stop --all`);
    await home.run(['stop', '--all']);
    await home.run(['start', 'one']);
    expect((await appsOf(home))[0]!.urls).toContain(`http://one.localhost:${next}`);
    await home.run(['delete', '-f', 'one', 'two']);
    expect(JSON.parse(readFileSync(recordOf(home), 'utf8'))).not.toHaveProperty('router');
  });

  test('the next push of another app does so too', async () => {
    const home = newHome();
    const { host } = await push(home, echoApp('one'));
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    await push(home, echoApp('two'));
    await until('one', async () => (await appsOf(home)).every(({ state }) => state === 'started'));
  });

  test('stop is heard though nothing runs: it does not come back', async () => {
    const home = newHome();
    const folder = echoApp('one');
    const { host } = await push(home, folder);
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    expect(await home.run(['stop', 'one'])).toMatchObject({ code: 0 });
    expect((await appsOf(home))[0]).toMatchObject({ requestedState: 'stopped' });
  });

  test('one that cannot come back is told of, and does not hold up the others', async () => {
    const home = newHome();
    const broken = echoApp('one');
    await push(home, broken);
    const { host } = await push(home, echoApp('two'));
    writeFileSync(join(broken, 'server.js'), 'process.exit(4)');
    await until('the crash', async () => (await appsOf(home))[0]!.state === 'crashed');
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([host.pid]);
    const started = await home.run(['start'], { cwd: tempDir() });
    expect(started.code).toBe(1);
    expect(started.stdout).toContain('Brought back two');
    expect(started.stderr).toContain('one could not be brought back: App "one" exited at once');
  });
});

test('stop --all is by hand: nothing comes back', async () => {
  const home = newHome();
  await push(home, echoApp('one'));
  expect((await home.run(['stop', '--all'])).stdout).toBe('Stopped one\n');
  expect(existsSync(join(dirname(recordOf(home)), 'host.lock'))).toBe(false);
  expect(await home.run(['start'], { cwd: tempDir() })).toMatchObject({ code: 2 });
  expect((await appsOf(home))[0]).toMatchObject({ state: 'stopped', requestedState: 'stopped' });
});

test('a host that is told to end, as by a reboot, leaves the apps to the next one', async () => {
  const home = newHome();
  const { host } = await push(home, echoApp('one'));
  process.kill(host.pid, 'SIGTERM');
  await pidsGone([host.pid]);
  expect((await home.run(['start'], { cwd: tempDir() })).stdout).toContain('Brought back one');
});

test('an upgrade: the old host is ended by the new program, and the apps come back under it', async () => {
  const home = newHome();
  const folder = echoApp('one');
  const old = new Running(['push', '--detach', '--json'], {
    cwd: folder,
    env: { ...home.env },
    program: olderProgram(),
  });
  expect(await old.exited).toMatchObject({ code: 0 });
  const refused = await home.run(['apps']);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('paas-local stop --all');
  expect((await home.run(['stop', '--all'])).stdout).toContain('Stopped the host of version 0.0.9');
  const started = await home.run(['start'], { cwd: tempDir() });
  expect(started.stdout).toContain('Brought back one');
  expect((await get((await appsOf(home))[0]!.urls[0]!)).status).toBe(200);
});

/** The program as it is, under another version. */
function olderProgram(): string {
  const from = dirname(dirname(BIN));
  const to = join(tempDir('pl-older-'), 'dist');
  cpSync(from, to, { recursive: true, filter: (name) => !name.endsWith('.map') });
  const { version } = JSON.parse(readFileSync(join(from, '../package.json'), 'utf8')) as { version: string };
  for (const name of readdirSync(to, { recursive: true }) as string[]) {
    if (!/\.c?js$/.test(name)) continue;
    const text = readFileSync(join(to, name), 'utf8');
    writeFileSync(join(to, name), text.replaceAll(`"${version}"`, '"0.0.9"'));
  }
  return join(to, 'cli/main.cjs');
}

test('a record of version 1 is brought back whole', async () => {
  const home = newHome();
  const folder = echoApp('shop', 'env: {GREETING: hello}\nservices: {shop-cache: memcached}\n');
  const stored = readFileSync(
    fileURLToPath(new URL('../../fixtures/state/record-1.json', import.meta.url)),
    'utf8',
  );
  mkdirSync(dirname(recordOf(home)), { recursive: true });
  writeFileSync(recordOf(home), stored.replaceAll('/apps/shop', folder));
  expect((await home.run(['start'], { cwd: tempDir() })).stdout).toContain('Brought back shop');
  const [app] = await appsOf(home);
  const env = JSON.parse((await get(`${app!.urls[0]}/env`)).body) as Record<string, string>;
  expect(env).toMatchObject({
    GREETING: 'hello',
    EXTRA: 'set by hand',
    MEMCACHE_URL: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
  const { identity } = (JSON.parse(stored) as StoredServices).services['shop-cache'];
  expect((await home.json<{ credentials: object }>(['service', 'shop-cache'])).credentials).toMatchObject({
    user: identity.user,
  });
});

interface StoredServices {
  readonly services: { 'shop-cache': { identity: { user: string } } };
}

describe('a record that cannot be used', () => {
  async function spoilt(change: (whole: string) => string) {
    const home = newHome();
    const folder = echoApp('one', 'services: {c: memcached}\n');
    await push(home, folder);
    await home.run(['stop', '--all']);
    const text = change(readFileSync(recordOf(home), 'utf8'));
    writeFileSync(recordOf(home), text);
    return { home, folder, text };
  }

  test('half-written: whoever looks is told, and the next push sets it aside with a message', async () => {
    const { home, folder, text } = await spoilt((whole) => whole.slice(0, 200));
    for (const command of ['apps', 'services', 'doctor']) {
      const { stdout, stderr } = await home.run([command]);
      expect(stdout + stderr).toMatch(/Cannot read ".*record\.json": it is not whole JSON/);
    }
    expect(readFileSync(recordOf(home), 'utf8')).toBe(text);
    const pushed = await home.run(['push', '--detach'], { cwd: folder });
    expect(pushed).toMatchObject({ code: 0 });
    const [, aside] = /set aside as "(.*?)"/.exec(pushed.stderr)!;
    expect(readFileSync(aside!, 'utf8')).toBe(text);
    expect((await home.run(['doctor'])).stdout).toContain(aside);
  });

  test('prune takes nothing that such a record may have known', async () => {
    const { home } = await spoilt(() => '{');
    const kept = readdirSync(join(dirname(recordOf(home)), 'apps'));
    expect(kept).toHaveLength(1);
    expect((await home.run(['prune', '-f'])).stderr).toContain('could not be understood');
    await home.run(['create-service', 'memcached', 'free', 'other']);
    await home.run(['stop', '--all']);
    const pruned = await home.run(['prune', '-f']);
    expect(pruned.stderr).toContain('record.json.unreadable-');
    expect(readdirSync(join(dirname(recordOf(home)), 'apps'))).toEqual(kept);
  });

  test('of a newer paas-local: every command says so, and nothing is changed', async () => {
    const { home, folder, text } = await spoilt((whole) => whole.replace(/"version": \d+/, '"version": 99'));
    for (const command of [['apps'], ['push', '--detach'], ['start', 'one'], ['prune', '-f']]) {
      const { code, stderr } = await home.run(command, { cwd: folder });
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('[STATE_NEWER]') });
      expect(stderr).toContain('written by a newer paas-local');
    }
    expect(readFileSync(recordOf(home), 'utf8')).toBe(text);
  });
});
