import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RedisClient } from '../../../services/redis/client.ts';
import { PaasError, startPlatform } from '../../../runtime/testing/index.ts';
import { appFolder } from '../../helpers/cli.ts';
import { pidsGone } from '../../helpers/alive.ts';
import { cacheApp, SERVER, started, text } from './helpers.ts';

async function failureOf(start: Promise<unknown>): Promise<PaasError> {
  const error = await start.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PaasError);
  return error as PaasError;
}

describe('startPlatform', () => {
  test('gives the app its services, a URL without a name in it, and takes all of it away again', async () => {
    const platform = await started({ folder: cacheApp() });
    const app = platform.app('shop');
    expect(platform.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(app.urls[0]).toMatch(/^http:\/\/shop\.localhost:\d+$/);
    expect(await text(platform.fetch('/'))).toBe('hello from shop');
    expect(await text(platform.fetch('/', { host: 'shop.localhost' }))).toBe('hello from shop');
    expect((await platform.fetch('/', { host: 'nobody.localhost' })).status).toBe(404);
    const cache = platform.service('cache');
    expect(app.env.MEMCACHE_URL).toBe(`${cache.host}:${cache.port}`);
    expect(app.vcap.services).toMatchObject({ memcached: [{ credentials: cache.credentials }] });
    const home = await text(platform.fetch('/cwd'));
    const pid = Number(await text(platform.fetch('/pid')));
    await platform.stop();
    await pidsGone([pid]);
    expect(existsSync(home)).toBe(false);
    await expect(fetch(app.url)).rejects.toThrow();
  });

  test('two in one process share nothing, and no global is touched', async () => {
    const before = { env: { ...process.env }, cwd: process.cwd(), signals: process.listenerCount('SIGTERM') };
    const folder = cacheApp();
    const [a, b] = await Promise.all([started({ folder }), started({ folder, env: { WHO: 'b' } })]);
    await a.fetch('/set?k=from-a');
    expect(await text(a.fetch('/get?k'))).toBe('from-a');
    expect(await text(b.fetch('/get?k'))).toBe('END');
    expect(b.app('shop').env.WHO).toBe('b');
    expect(a.space).not.toBe(b.space);
    expect({
      env: { ...process.env },
      cwd: process.cwd(),
      signals: process.listenerCount('SIGTERM'),
    }).toEqual(before);
  });

  test('runs from a copy that honours ignores, made anew at a restart, unless it is not staged', async () => {
    const folder = cacheApp('shop', 'ignores: [secret.txt, "*.md"]\n', {
      'secret.txt': 's',
      'docs/a.md': 'a',
      'docs/b.txt': 'b',
    });
    const platform = await started({ folder });
    const home = await text(platform.fetch('/cwd'));
    expect(home).not.toBe(folder);
    expect(readdirSync(home).toSorted()).toEqual(['docs', 'manifest.yml', 'server.js']);
    expect(readdirSync(join(home, 'docs'))).toEqual(['b.txt']);
    writeFileSync(join(home, 'written'), 'by the app');
    await platform.app('shop').restart();
    const anew = await text(platform.fetch('/cwd'));
    expect(readdirSync(anew)).not.toContain('written');
    expect(existsSync(home)).toBe(false);
    const inPlace = await started({ folder, staged: false });
    expect(await text(inPlace.fetch('/cwd'))).toBe(folder);
  });

  test('shares the modules that are installed, be they ignored or above the folder, and installs nothing', async () => {
    const workspace = appFolder({
      'node_modules/greeting/package.json': '{"name": "greeting", "main": "index.js"}',
      'node_modules/greeting/index.js': "module.exports = 'from a module above';",
      'packages/shop/package.json':
        '{"name": "shop", "dependencies": {"greeting": "1"}, "scripts": {"start": "node s.js"}}',
      'packages/shop/s.js': `require('http').createServer((q, r) => r.end(require('greeting'))).listen(process.env.PORT);`,
      'packages/shop/manifest.yml': 'applications: [{name: shop, memory: 64M}]',
      'packages/shop/.cfignore': 'node_modules/',
    });
    const folder = join(workspace, 'packages/shop');
    const platform = await started({ folder });
    expect(await text(platform.fetch('/'))).toBe('from a module above');
    expect(platform.app('shop').logs.text()).toContain('node_modules is not copied');
    expect(platform.app('shop').logs.text()).not.toContain('Installing dependencies');
    expect(readdirSync(folder)).not.toContain('node_modules');
  });

  test('several apps: each has a URL of its own, and a subset can be asked for', async () => {
    const server = { 'server.js': SERVER };
    const folder = appFolder({
      ...server,
      'manifest.yml': [
        'applications:',
        '- {name: front, memory: 64M, command: node server.js, env: {STACKATO_APP_NAME: front}}',
        '- {name: back, memory: 64M, command: node server.js, env: {STACKATO_APP_NAME: back}}',
      ].join('\n'),
    });
    const both = await started({ folder });
    expect(both.apps.map(({ name }) => name)).toEqual(['front', 'back']);
    expect(await text(fetch(both.app('front').url))).toBe('hello from front');
    expect(await text(fetch(both.app('back').url))).toBe('hello from back');
    expect(await text(both.fetch(both.app('back').urls[0]!))).toBe('hello from back');
    const one = await started({ folder, apps: ['back'] });
    expect(one.apps.map(({ name }) => name)).toEqual(['back']);
    expect(await text(one.fetch('/'))).toBe('hello from back');
  });

  test('a manifest object, overrides of services, variables', async () => {
    const folder = appFolder({ 'web/server.js': SERVER });
    const platform = await started({
      folder,
      manifest: {
        applications: [
          {
            name: 'web',
            path: 'web',
            memory: '64M',
            command: 'node server.js',
            services: { cache: 'memcached' },
          },
        ],
      },
      services: { cache: { parameters: { memory: 2 } } },
      env: { STACKATO_APP_NAME: 'an object' },
    });
    expect(await text(platform.fetch('/'))).toBe('hello from an object');
    expect(Number((await platform.service('cache').stats()).limit_maxbytes)).toBe(2 * 1024 * 1024);
  });

  test('an object of one app alone is run from its folder, where the copies of apps are made as well', async () => {
    const folder = appFolder({ 'server.js': SERVER });
    const manifest = { name: 'flat', mem: '64M', command: 'node server.js' };
    const platform = await started({ folder, manifest });
    expect(await text(platform.fetch('/'))).toBe('hello from flat');
    expect(readdirSync(await text(platform.fetch('/cwd')))).toEqual(['server.js']);
  });

  test('an empty list of apps starts the services alone', async () => {
    const folder = appFolder({ 'manifest.yml': 'name: lib\nservices: {cache: memcached}\n' });
    const platform = await started({ folder, apps: [] });
    expect(platform.apps).toEqual([]);
    await platform.service('cache').set('k', 'v', { ttlSeconds: 60 });
    expect(await platform.service('cache').get('k')).toBe('v');
    expect(platform.service('cache').url).toBeDefined();
    const failure = await failureOf(Promise.resolve().then(() => platform.fetch('/')));
    expect(failure.code).toBe('APP_NOT_FOUND');
  });
});

describe('reset, snapshots, recording', () => {
  test('reset puts data back to the state at ready; ports, processes and connections stay', async () => {
    const folder = cacheApp('shop', 'hooks: {post-staging: "node fill.js"}\n', {
      'fill.js': `
        const [host, port] = process.env.MEMCACHE_URL.split(':');
        const s = require('node:net').connect(Number(port), host, () => s.write('set seed 7 0 4\\r\\nsown\\r\\nquit\\r\\n'));
        s.on('close', () => process.exit(0));`,
    });
    const platform = await started({ folder });
    const cache = platform.service('cache');
    const pid = await text(platform.fetch('/pid'));
    expect(await text(platform.fetch('/get?seed'))).toBe('sown');
    await platform.fetch('/set?seed=eaten');
    await platform.fetch('/set?other=1');
    const connections = (await cache.stats()).curr_connections;
    await platform.reset();
    expect(await cache.entries()).toMatchObject([{ key: 'seed', flags: 7, value: Buffer.from('sown') }]);
    expect(await cache.stats()).toMatchObject({ get_hits: 0, cmd_set: 0, curr_connections: connections });
    expect(await text(platform.fetch('/get?seed'))).toBe('sown');
    expect(await text(platform.fetch('/pid'))).toBe(pid);
  });

  test('a snapshot is restored as often as wanted', async () => {
    const platform = await started({ folder: cacheApp(), apps: [] });
    const cache = platform.service('cache');
    await cache.set('a', '1');
    await using before = await platform.snapshot();
    for (const value of ['2', '3']) {
      await cache.set('a', value);
      await cache.set('b', value);
      await platform.restore(before);
      expect((await cache.entries()).map(({ key, value: kept }) => [key, kept.toString()])).toEqual([
        ['a', '1'],
      ]);
    }
    await expect(platform.restore({ ...before })).rejects.toThrow(TypeError);
  });

  test('a database goes back to what it was as well, and its clients stay connected', async () => {
    const folder = appFolder({ 'manifest.yml': 'name: lib\nservices: {store: redis}\n' });
    const platform = await started({ folder, apps: [] });
    const { host, port, credentials } = platform.service('store');
    using client = await RedisClient.connect({
      host,
      port,
      user: '',
      password: credentials.password as string,
    });
    await client.call('SET', 'kept', '1');
    await using before = await platform.snapshot();
    await client.call('SET', 'kept', '2');
    await client.call('SET', 'more', '3');
    await platform.restore(before);
    expect(await client.call('MGET', 'kept', 'more')).toEqual(['1', null]);
    await platform.reset();
    expect(await client.call('MGET', 'kept', 'more')).toEqual([null, null]);
  });

  test('requests, events and log lines since the last reset, and all of them in one timeline', async () => {
    const platform = await started({ folder: cacheApp() });
    await platform.fetch('/say?before');
    await platform.reset();
    expect(await platform.requests()).toEqual([]);
    await platform.fetch('/say?after');
    await platform.app('shop').restart();
    expect(await platform.requests()).toMatchObject([
      { app: 'shop', method: 'GET', path: '/say?after', status: 200, instance: 0 },
    ]);
    expect(platform.events().map(({ kind }) => kind)).toContain('app-ready');
    expect(platform.app('shop').logs.text()).toContain('said after');
    expect(platform.app('shop').logs.text()).not.toContain('said before');
    const shown = platform.debug();
    expect(shown).toMatch(/request {2}GET 127\.0\.0\.1:\d+\/say\?after → 200 in .* by shop\/0/);
    expect(shown).toMatch(/log {6}\[APP\/PROC\/WEB\/0\] OUT said after/);
    expect(shown).toMatch(/event {4}shop: restart, because: restarted by hand/);
  });
});

describe('an app', () => {
  test('is stopped, started, scaled and asked to run programs', async () => {
    const platform = await started({ folder: cacheApp() });
    const app = platform.app('shop');
    await platform.service('cache').set('kept', 'yes');
    await app.stop();
    expect(app.state).toBe('stopped');
    expect((await app.fetch('/')).status).toBe(503);
    expect(await platform.service('cache').get('kept')).toBe('yes');
    await app.start();
    await app.scale(2);
    expect(app.instances.map(({ state }) => state)).toEqual(['running', 'running']);
    expect(await text(app.fetch('/get?kept'))).toBe('yes');
    const ran = await app.exec(
      ['sh', '-c', 'echo "$MEMCACHE_URL:$PORT:$EXTRA"; echo two words >&2; exit 3'],
      {
        env: { EXTRA: 'x' },
      },
    );
    const { host, port } = platform.service('cache');
    expect(ran).toMatchObject({ code: 3, stdout: `${host}:${port}::x\n`, stderr: 'two words\n' });
    expect((await app.exec(['sh', '-c', 'echo "$1"', 'sh', 'a "quoted" $HOME'])).stdout).toBe(
      'a "quoted" $HOME\n',
    );
  });

  test('its log can be waited for, from before and after', async () => {
    const platform = await started({ folder: cacheApp() });
    const { logs } = platform.app('shop');
    expect((await logs.waitFor(/^listening$/)).source).toBe('APP/PROC/WEB');
    const later = logs.waitFor(({ text: line }) => line === 'said it');
    await platform.fetch('/say?it');
    expect((await later).text).toBe('said it');
    const failure = await failureOf(logs.waitFor(/never/, { timeout: 50 }));
    expect(failure.code).toBe('WAIT_TIMEOUT');
    expect(failure.message).toContain('a line of "shop" that matches /never/');
    expect(failure.message).toContain('  | said it');
  });
});

describe('failures say what failed', () => {
  test('an app that exits: its last lines, and where the platform was started', async () => {
    const folder = appFolder({ 'manifest.yml': 'name: bad\ncommand: "echo on the way; exit 3"\nmem: 64M\n' });
    const failure = await failureOf(startPlatform({ folder }));
    expect(failure.code).toBe('APP_EXITED');
    expect(failure.message).toContain('exited with status 3');
    expect(failure.message).toContain('  | on the way');
    expect(failure.message).toMatch(/The platform was started at .*start-platform\.test\.ts:\d+:\d+$/);
  });

  test('one that is not ready in time: what was waited for and what was seen', async () => {
    const folder = appFolder({
      'manifest.yml': 'name: slow\ncommand: "echo thinking; sleep 100"\nmem: 64M\n',
    });
    const failure = await failureOf(startPlatform({ folder, readyTimeout: 4000 }));
    expect(failure).toMatchObject({ code: 'READY_TIMEOUT', exitCode: 3 });
    expect(failure.message).toContain('Not ready within 4 s: waited for app "slow" to be ready');
    expect(failure.message).toContain('  | thinking');
  });

  test('mistakes of the manifest, a missing one, unknown names, use after the end', async () => {
    const wrong = appFolder({ 'manifest.yml': 'name: x\nmem: lots\n' });
    const invalid = await failureOf(startPlatform({ folder: wrong }));
    expect(invalid.code).toBe('MANIFEST_INVALID');
    expect(invalid.message).toMatch(/manifest\.yml:2:6: /);
    expect((await failureOf(startPlatform({ folder: appFolder({}), manifest: 'none.yml' }))).code).toBe(
      'MANIFEST_NOT_FOUND',
    );
    const folder = cacheApp();
    expect((await failureOf(startPlatform({ folder, services: { cach: {} } }))).hint).toBe(
      'Did you mean "cache"?',
    );
    const platform = await started({ folder, apps: [] });
    expect(() => platform.app('shop')).toThrow('[APP_NOT_FOUND]');
    expect(() => platform.service('cach')).toThrow('Did you mean "cache"?');
    await platform.stop();
    const late = await failureOf(platform.service('cache').stats());
    expect(late.code).toBe('PLATFORM_STOPPED');
    expect(late.message).toMatch(/start-platform\.test\.ts|testing\/helpers\.ts/);
  });

  test('options that are misspelt, or of the wrong kind', async () => {
    const folder = cacheApp();
    const message = async (options: object) => {
      const failure = await failureOf(startPlatform(options));
      expect(failure.code).toBe('USAGE');
      return failure.message;
    };
    expect(await message({ folder, redyTimeout: 5 })).toContain('Did you mean "readyTimeout"?');
    expect(await message({ folder, readyTimeout: '5s' })).toContain('expected a number of milliseconds');
    expect(await message({ folder, apps: 'shop' })).toContain('expected a list of texts');
    expect(await message({ folder, env: { A: 1 } })).toContain('expected an object of texts');
    expect(await message({ folder, services: { cache: { param: {} } } })).toContain(
      'Cannot use override of service "cache" "param": there is no such override',
    );
    expect(await message({ folder: join(folder, 'nowhere') })).toMatch(/nowhere" does not exist/);
    expect(await message({ folder: join(folder, 'nowhere') })).toContain('start-platform.test.ts');
  });

  test('an aborted start leaves nothing, and an abort later stops it', async () => {
    const folder = cacheApp();
    const reason = new Error('enough');
    await expect(startPlatform({ folder, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const platform = await started({ folder, signal: controller.signal });
    const pid = Number(await text(platform.fetch('/pid')));
    controller.abort();
    await platform.stop();
    await pidsGone([pid]);
  });
});

test('a service bound to a URL is used, and never touched by a reset', async () => {
  const folder = appFolder({
    'manifest.yml': 'name: lib\nservices: {store: redis, cache: memcached}\n',
  });
  const elsewhere = await started({ folder, apps: [], services: { cache: {} } });
  const { host, port, credentials } = elsewhere.service('store');
  const url = `redis://user:${credentials.password as string}@${host}:${port}`;
  const platform = await started({ folder, apps: [], bind: { store: url } });
  expect(platform.service('store').credentials).toMatchObject({ port });
  await platform.reset();
  const misspelt = await failureOf(startPlatform({ folder, apps: [], bind: { stor: url } }));
  expect(misspelt.message).toContain('Did you mean "store"?');
});
