import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../helpers/alive.ts';
import { appFolder, get, newHome } from '../helpers/cli.ts';
import { cacheApp } from '../runtime/testing/helpers.ts';

interface Listed {
  readonly faults: readonly { target: string; fault: { kind: string }; leftMs?: number }[];
}

describe('fault', () => {
  test('takes the cache down and brings it back, by hand and by itself', async () => {
    const home = newHome();
    const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: cacheApp() });
    const ask = async (path: string) => (await get(`${url}${path}`)).body;
    await ask('/set?k=v');
    expect(await home.run(['fault', 'cache', 'down'])).toMatchObject({ code: 0, stdout: 'cache: down\n' });
    expect(await ask('/get?k')).toMatch(/ECONN|CLOSED/);
    expect(await ask('/get?k')).toBe('ECONNREFUSED');
    expect((await home.run(['faults'])).stdout).toMatch(/cache +down +not by itself/);
    expect(await home.run(['fault', 'cache', 'up'])).toMatchObject({ code: 0 });
    expect(await ask('/get?k')).toBe('v');
    const timed = await home.json(['fault', 'cache', 'freeze', '--for', '300ms']);
    expect(timed).toMatchObject({ target: 'cache', fault: { kind: 'freeze' }, forMs: 300 });
    await until('it to end by itself', async () => (await home.json<Listed>(['faults'])).faults.length === 0);
    await until('the cache to answer', async () => (await ask('/get?k')) === 'v');
    const { events } = await home.json<{ events: { event: string; actor: string; description: string }[] }>([
      'events',
      'shop',
    ]);
    expect(
      events
        .filter(({ event }) => event.startsWith('app.fault'))
        .map(({ event, actor, description }) => `${event} ${actor} ${description}`),
    ).toEqual([
      'app.fault.begin user cache: down',
      'app.fault.end user cache: up again',
      'app.fault.begin user cache: freeze for 300 ms',
      'app.fault.end platform cache: up again, its time is over',
    ]);
    await home.run(['fault', 'cache', 'fail-next', '1', 'on', 'fire']);
    expect(await ask('/get?k')).toBe('SERVER_ERROR on fire');
    expect((await home.run(['fault', 'cache', 'evict', 'k'])).stdout).toBe('cache: evict k (1)\n');
    expect(await ask('/get?k')).toBe('END');
  });

  test('apps and the router, listed and cleared', async () => {
    const home = newHome();
    const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: cacheApp() });
    const pid = (await get(`${url}/pid`)).body;
    await home.run(['fault', 'shop', 'crash']);
    await until('another process', async () => (await get(`${url}/pid`)).body !== pid);
    await home.run(['fault', 'shop', 'pause']);
    await home.run(['fault', 'router', 'latency', '1ms', '1ms']);
    await home.run(['fault', 'cache', 'latency', '2s']);
    const { faults } = await home.json<Listed>(['faults']);
    expect(faults.map(({ target, fault }) => `${target} ${fault.kind}`).toSorted()).toEqual([
      'cache latency',
      'router latency',
      'shop pause',
    ]);
    expect((await home.run(['fault', 'clear'])).stdout).toBe('Everything is as usual again\n');
    expect((await home.json<Listed>(['faults'])).faults).toEqual([]);
    expect((await get(`${url}/pid`)).status).toBe(200);
  });

  test('a real engine gets its relay with the first outage, on the same port', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml': 'name: shop\nmem: 128M\ncommand: node server.js\nservices: {store: redis}\n',
      'server.js':
        "require('http').createServer((q, r) => r.end('ok')).listen(process.env.PORT, '127.0.0.1')",
    });
    await home.json(['push', '--detach'], { cwd: folder });
    const port = async () =>
      (await home.json<{ service: { port: number } }>(['service', 'store'])).service.port;
    const before = await port();
    expect(await home.run(['fault', 'store', 'latency', '5ms'])).toMatchObject({ code: 0 });
    expect(await port()).toBe(before);
    expect((await home.run(['logs', 'store'])).stdout).toContain('restarted behind a relay on the same port');
    expect((await home.json<Listed>(['faults'])).faults).toMatchObject([{ target: 'store' }]);
  });

  test('mistakes are told with what there is', async () => {
    const home = newHome();
    await home.json(['push', '--detach'], { cwd: cacheApp() });
    const said = async (...args: string[]) => {
      const { code, stderr } = await home.run(['fault', ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await said('cach', 'down')).toContain('Did you mean "cache"?');
    expect(await said('cache', 'explode')).toContain('there is no such fault');
    expect(await said('cache', 'crash')).toContain('it is a service');
    expect(await said('cache')).toContain('paas-local fault cache down --for 10s');
    expect(await said('cache', 'evict', '--for', '1s')).toContain('it happens at once');
  });
});

describe('for scripts', () => {
  test('wait: for apps to be ready or down, exit code 3 with what was seen instead', async () => {
    const home = newHome();
    const folder = cacheApp();
    const late = await home.run(['wait', 'shop', '--timeout', '100ms']);
    expect(late).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('shop not in the space') as string,
    });
    const waiting = home.run(['wait', '--timeout', '2m'], { cwd: folder });
    await home.json(['push', '--detach'], { cwd: folder });
    expect(await waiting).toMatchObject({ code: 0, stdout: '' });
    expect(await home.run(['wait', 'shop', '--for', 'down', '--timeout', '100ms'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('shop started (first push)') as string,
    });
    const down = home.run(['wait', 'shop', '--for', 'down']);
    await home.run(['stop', 'shop']);
    expect(await down).toMatchObject({ code: 0 });
  });

  test('push --ready-file: there while it is ready, with its URLs', async () => {
    const home = newHome();
    const folder = cacheApp();
    const file = join(folder, 'ready.json');
    const push = home.start(['push', '--ready-file', 'ready.json', '--no-watch'], { cwd: folder });
    await until('the file', () => existsSync(file));
    const { url, apps } = JSON.parse(readFileSync(file, 'utf8')) as {
      url: string;
      apps: { state: string }[];
    };
    expect((await get(url)).body).toBe('hello from shop');
    expect(apps[0]!.state).toBe('started');
    push.child.kill('SIGTERM');
    await push.exited;
    expect(existsSync(file)).toBe(false);
  });
});
