import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServiceSnapshot } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';

const push = async (home: Home, cwd: string) =>
  (await home.json<{ url: string }>(['push', '--detach'], { cwd })).url;
const envOf = async (url: string) => JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
const servicesOf = async (home: Home) =>
  (await home.json<{ services: ServiceSnapshot[] }>(['services'])).services;

const cfApp = (more = '') =>
  appFolder({
    'manifest.yml': `version: 1\napplications:\n- name: shop\n  memory: 128M\n  command: node server.js\n${more}`,
    'server.js': ECHO_SERVER,
  });

describe('a service whose first start failed', () => {
  const folder = (services: string) => echoApp('shop', `services: ${services}\n`);

  test('is what the mended manifest says it is, and the plan says so', async () => {
    const home = newHome();
    const failed = await home.run(['push', '--detach'], { cwd: folder('{db: oracledb}') });
    expect(failed.code).toBe(4);
    const operation = async () => /create \w+/.exec((await home.run(['services'])).stdout)?.[0];
    expect(await operation()).toBe('create failed');
    expect(await servicesOf(home)).toMatchObject([{ name: 'db', createFailed: true }]);
    const mended = folder('{db: memcached}');
    const planned = await home.run(['plan'], { cwd: mended });
    expect(planned.stdout).toContain(
      'Create service db: memcached, plan free  # as oracledb it never served',
    );
    const url = await push(home, mended);
    expect(Object.keys(JSON.parse((await envOf(url)).VCAP_SERVICES!) as object)).toEqual(['memcached']);
    expect(await servicesOf(home)).toMatchObject([{ name: 'db', type: 'memcached', state: 'running' }]);
    expect(await operation()).toBe('create succeeded');
    expect((await home.run(['logs', '--recent', 'db'])).stdout).toContain(
      'memcached from now on: as oracledb it never served',
    );

    // This one has served, so its type is kept, running or not.
    for (const stop of [false, true]) {
      if (stop) await home.run(['stop', 'shop']);
      const { code, stderr } = await home.run(['push', '--detach'], { cwd: folder('{db: redis}') });
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('as redis: it exists in this space as memcached') as string,
      });
      expect(stderr).toContain('paas-local delete-service db');
    }
  });

  test('is made by a later one that succeeds', async () => {
    const home = newHome();
    const app = folder('{store: filesystem}');
    const services = join(home.env.PAAS_LOCAL_HOME!, 'spaces/default/services');
    mkdirSync(services, { recursive: true, mode: 0o700 });
    writeFileSync(join(services, 'store'), 'in its way');
    expect((await home.run(['push', '--detach'], { cwd: app })).code).toBe(4);
    expect(await servicesOf(home)).toMatchObject([{ createFailed: true }]);
    rmSync(join(services, 'store'));
    await push(home, app);
    expect((await servicesOf(home))[0]).not.toHaveProperty('createFailed');
  });

  test('keeps its type while another app that is started waits for it', async () => {
    const home = newHome();
    const other = echoApp('other', 'services: {db: oracledb}\n');
    await home.json(['push', '--detach', '--allow-missing-services'], { cwd: other });
    const refused = await home.run(['push', '--detach'], { cwd: folder('{db: memcached}') });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('as memcached: it exists in this space as oracledb');
    await home.json(['stop', 'other']);
    await push(home, folder('{db: memcached}'));
  });

  test('takes an app along that runs without it, when its manifest is mended', async () => {
    const home = newHome();
    const app = folder('{db: oracledb}');
    const { url } = await home.json<{ url: string }>(['push', '--detach', '--allow-missing-services'], {
      cwd: app,
    });
    writeFileSync(
      join(app, 'manifest.yml'),
      readFileSync(join(app, 'manifest.yml'), 'utf8').replace('oracledb', 'memcached'),
    );
    await until(
      'the app to have its cache',
      async () => (await envOf(url).catch(() => undefined))?.VCAP_SERVICES?.includes('memcached') === true,
    );
  });

  test('keeps what a user gave it, and what was left of its data', async () => {
    const home = newHome();
    await home.json(['create-user-provided-service', 'db', '-p', '{"password":"typed once"}']);
    const given = await home.run(['push', '--detach'], { cwd: folder('{db: memcached}') });
    expect(given).toMatchObject({ code: 2 });
    expect(given.stderr).toContain('it exists in this space as user-provided');

    await home.json(['create-service', 'redis', 'free', 'store']);
    const data = join(home.env.PAAS_LOCAL_HOME!, 'spaces/default/services/store/data');
    mkdirSync(data, { recursive: true });
    const kept = await home.run(['push', '--detach'], { cwd: folder('{store: memcached}') });
    expect(kept).toMatchObject({ code: 2 });
    rmdirSync(data);
    await push(home, folder('{store: memcached}'));
  });
});

describe('services by hand', () => {
  test('are created before the push that names them in a list, as cf does', async () => {
    const home = newHome();
    const created = await home.run([
      'create-service',
      'memcached',
      'free',
      'shop-cache',
      '-t',
      'fast, small',
    ]);
    expect(created).toMatchObject({ code: 0, stdout: 'Created memcached service shop-cache\nOK\n' });
    expect((await home.run(['cs', 'memcached', 'free', 'shop-cache'])).stdout).toContain('already exists');
    const url = await push(home, cfApp('  services: [shop-cache]\n'));
    const { memcached } = JSON.parse((await envOf(url)).VCAP_SERVICES!) as {
      memcached: { tags: string[] }[];
    };
    expect(memcached[0]!.tags).toEqual(expect.arrayContaining(['fast', 'small']));
  });

  test('are bound to a Cloud Foundry app, which sees them after a restart, and unbound', async () => {
    const home = newHome();
    const folder = cfApp();
    const url = await push(home, folder);
    await home.run(['create-service', 'memcached', 'free', 'shop-cache']);
    expect((await home.run(['bind-service', 'shop', 'shop-cache'])).stdout).toContain('TIP:');
    expect(await envOf(url)).not.toHaveProperty('MEMCACHE_URL');
    await home.run(['restart', 'shop']);
    expect(JSON.parse((await envOf(url)).VCAP_SERVICES!)).toHaveProperty('memcached');
    expect((await home.run(['bs', 'shop', 'shop-cache'])).stdout).toContain('already bound');
    await push(home, folder);
    expect(JSON.parse((await envOf(url)).VCAP_SERVICES!)).toHaveProperty('memcached');

    await home.json(['unbind-service', 'shop', 'shop-cache']);
    await home.run(['restart', 'shop']);
    expect((await envOf(url)).VCAP_SERVICES).toBe('{}');
    expect((await servicesOf(home))[0]).toMatchObject({ name: 'shop-cache', state: 'stopped' });
    expect(await home.run(['delete-service', 'shop-cache', '-f'])).toMatchObject({ code: 0 });
    expect(await servicesOf(home)).toEqual([]);
  });

  test('in Stackato’s order of words, restarting the app', async () => {
    const home = newHome();
    const url = await push(home, echoApp('shop'));
    await home.json(['create-service', 'memcached', 'shop-cache', 'shop']);
    expect((await envOf(url)).MEMCACHE_URL).toMatch(/^127\.0\.0\.1:\d+$/);
    await home.json(['unbind-service', 'shop-cache', 'shop']);
    expect(await envOf(url)).not.toHaveProperty('MEMCACHE_URL');
  });

  test('are renamed with their credentials and bindings, while they are not in use', async () => {
    const home = newHome();
    const folder = cfApp('  services: [shop-cache]\n');
    await home.run(['create-service', 'memcached', 'free', 'shop-cache']);
    await push(home, folder);
    const before = await home.json<{ credentials: object }>(['service', 'shop-cache']);
    const refused = await home.run(['rename-service', 'shop-cache', 'renamed']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('shop runs with it');
    await home.run(['stop', 'shop']);
    expect(await home.run(['rename-service', 'shop-cache', 'renamed'])).toMatchObject({ code: 0 });
    await home.run(['start', 'shop']);
    const after = await home.json<{ credentials: object; service: ServiceSnapshot }>(['service', 'renamed']);
    expect(after.credentials).toEqual(before.credentials);
    expect(after.service).toMatchObject({ state: 'running', boundApps: ['shop'] });
  });

  test('that run elsewhere are told by their credentials, and told anew', async () => {
    const home = newHome();
    await home.run(['cups', 'ext', '-p', '{"uri": "http://one.example"}', '-t', 'remote']);
    const url = await push(home, cfApp('  services: [ext]\n'));
    const provided = async () =>
      (JSON.parse((await envOf(url)).VCAP_SERVICES!) as Record<string, object[]>)['user-provided']![0];
    expect(await provided()).toMatchObject({
      name: 'ext',
      tags: ['remote'],
      credentials: { uri: 'http://one.example' },
    });
    await home.run(['uups', 'ext', '-p', '{"uri": "http://two.example"}']);
    await home.run(['restart', 'shop']);
    expect(await provided()).toMatchObject({ tags: ['remote'], credentials: { uri: 'http://two.example' } });
  });
});

test('a plan there is not makes nothing, and neither does an app there is not', async () => {
  const home = newHome();
  const refused = await home.run(['create-service', 'memcached', 'gold', 'sessions']);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('Cannot create service "sessions": memcached has no plan "gold"');
  expect(refused.stderr).toContain('paas-local create-service memcached free sessions');
  expect(await servicesOf(home)).toEqual([]);
});

test('what delete -f and delete-service -f do not find is gone already, as with cf', async () => {
  const home = newHome();
  expect(await home.run(['delete', 'shop', '-f'])).toMatchObject({
    code: 0,
    stdout: "App 'shop' does not exist.\nOK\n",
  });
  expect(await home.run(['delete-service', 'c', '-f'])).toMatchObject({
    code: 0,
    stdout: "Service instance 'c' does not exist.\nOK\n",
  });
  await home.run(['create-service', 'memcached', 'free', 'd']);
  expect(await home.json(['delete-service', 'c', 'd', '-f'])).toEqual({ deleted: ['d'] });
  expect((await home.run(['delete', 'shop'])).stderr).toContain('Cannot find an app named "shop"');
});

test('marketplace lists every type', async () => {
  const { stdout } = await newHome().run(['marketplace']);
  expect(stdout).toMatch(/^offering +plans +description +broker +versions$/m);
  expect(stdout).toMatch(/^memcached +free +/m);
  expect(stdout).toMatch(/^postgresql +free +/m);
});

test.each([
  [['create-service', 'memcahced', 'free', 'c'], 'Did you mean "memcached"?'],
  [['create-service', 'memcached', 'huge', 'c'], 'memcached has no plan "huge"'],
  [['create-service', 'memcached', 'free', 'c', '-c', '{broken'], 'Cannot read -c as JSON'],
  [['bind-service', 'none', 'none'], 'Cannot find an app named "none"'],
])('%j is explained', async (args, words) => {
  const refused = await newHome().run(args);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(words);
});
