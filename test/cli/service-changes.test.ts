import { describe, expect, test } from 'vitest';
import type { ServiceSnapshot } from '../../runtime/snapshot.ts';
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
