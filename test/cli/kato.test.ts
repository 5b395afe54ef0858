/** The node of the caches: configured and restarted as on the platform, under a running app. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { appFolder, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';
import { exchange } from '../services/memcached/helpers/exchange.ts';

const example = fileURLToPath(new URL('../../examples/sasl-cache', import.meta.url));

interface Pushed {
  readonly url: string;
}
interface Details {
  readonly service: { readonly port: number; readonly state: string };
  readonly credentials: Readonly<Record<string, string | number>>;
  readonly stats: Readonly<Record<string, string | number>>;
}

const details = (home: Home, name: string) => home.json<Details>(['service', name]);

test('kato config keeps what was set, typed and checked, and prints it as kato does', async () => {
  const home = newHome();
  const kato = (...words: string[]) => home.run(['kato', ...words]);
  const defaults = 'capacity: 50\nmax_clients: 500\nmemcached_memory: 16\nsasl_enabled: false\n';
  expect((await kato('config', 'get', 'memcached_node')).stdout).toBe(defaults);
  expect((await kato('config', 'get', 'memcached_node', 'sasl_enabled')).stdout).toBe('false\n');
  expect(await kato('config', 'set', 'memcached_node', 'sasl_enabled', 'true')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('paas-local kato restart memcached_node'),
  });
  expect((await kato('config', 'get', 'memcached_node', 'sasl_enabled')).stdout).toBe('true\n');
  expect((await kato('config', 'get', '-f')).stdout.split('\n')).toContain(
    'memcached_node/sasl_enabled true',
  );
  expect(JSON.parse((await kato('config', 'get', 'memcached_node', '-j')).stdout)).toEqual({
    capacity: 50,
    max_clients: 500,
    memcached_memory: 16,
    sasl_enabled: true,
  });
  for (const [value, force, code] of [
    ['many', [], 'NODE_CONFIG_TYPE'],
    ['many', ['--force'], 'NODE_CONFIG_INVALID'],
    ['0', [], 'NODE_CONFIG_INVALID'],
  ] as const) {
    const refused = await kato('config', 'set', 'memcached_node', 'memcached_memory', value, ...force);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`[${code}]`) });
  }
  expect(await kato('config', 'set', 'memcached_node', 'port_range/first', '11000')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Nothing here reads "port_range/first"'),
  });
  expect((await kato('config', 'get', 'memcached_node', 'port_range/first')).stdout).toBe('11000\n');
  expect(await kato('config', 'del', 'memcached_node', 'port_range')).toMatchObject({
    code: 0,
    stderr: 'Deleted "port_range" of memcached_node\n',
  });
  expect(await kato('config', 'del', 'memcached_node', 'port_range')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Cannot find "port_range" in the configuration of memcached_node'),
  });
  expect(await kato('config', 'del', 'memcached_node', 'sasl_enabled')).toMatchObject({
    code: 0,
    stderr:
      '"sasl_enabled" of memcached_node is false again, from the next restart on: paas-local kato restart memcached_node\n',
  });
  expect((await kato('config', 'get', 'memcached_node')).stdout).toBe(defaults);
  expect(await kato('restart', 'nothing_node')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/NODE_NOT_FOUND[\s\S]*memcached_node/),
  });
  expect(await kato('shine', 'shoes')).toMatchObject({ code: 2, stderr: expect.stringContaining('[USAGE]') });
});

test('with SASL on the data is lost and the app, its port, user and password stay', async () => {
  const home = newHome();
  const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: example });
  const before = await details(home, 'secret-cache');
  const pid = async () => (await home.run(['apps', '--json'])).stdout.match(/"pid":\d+/g);
  const pids = await pid();
  expect((await get(url)).body).toBe('visit 1, no login asked for\n');
  expect((await get(url)).body).toBe('visit 2, no login asked for\n');

  await home.run(['kato', 'config', 'set', 'memcached_node', 'sasl_enabled', 'true']);
  expect((await get(url)).body, 'set alone changes nothing').toBe('visit 3, no login asked for\n');
  expect((await home.run(['kato', 'restart', 'memcached_node'])).stdout).toContain('secret-cache');

  const loggedIn = `logged in as ${before.credentials.user}\n`;
  expect((await get(url)).body).toBe(`visit 1, ${loggedIn}`);
  expect((await get(url)).body).toBe(`visit 2, ${loggedIn}`);
  const after = await details(home, 'secret-cache');
  expect(after.credentials).toEqual(before.credentials);
  expect(await pid()).toEqual(pids);
  const env = await home.run(['env', 'sasl-cache']);
  expect(env.stdout).toContain(`127.0.0.1:${before.service.port}`);
  // The text protocol is not understood any more.
  expect((await exchange(before.service.port, ['get visits\r\n'])).toString()).toBe('');

  await home.run(['kato', 'config', 'set', 'memcached_node', 'sasl_enabled', 'false']);
  await home.run(['kato', 'process', 'restart', 'memcached_node']);
  expect((await get(url)).body).toBe('visit 1, no login asked for\n');
});

test('memory and clients count from the next restart on, but not over what a manifest says', async () => {
  const home = newHome();
  const more = 'services:\n  plain: memcached\n  own: {type: memcached, parameters: {memory: 32}}\n';
  await home.json(['push', '--detach'], { cwd: echoApp('two', more) });
  await home.run(['kato', 'config', 'set', 'memcached_node', 'memcached_memory', '64']);
  await home.run(['kato', 'config', 'set', 'memcached_node', 'max_clients', '7']);
  expect((await details(home, 'plain')).stats).toMatchObject({ limit_maxbytes: 16 * 2 ** 20 });
  await home.run(['kato', 'restart', 'memcached_node']);
  expect((await details(home, 'plain')).stats).toMatchObject({
    limit_maxbytes: 64 * 2 ** 20,
    max_connections: 7,
  });
  expect((await details(home, 'own')).stats).toMatchObject({
    limit_maxbytes: 32 * 2 ** 20,
    max_connections: 7,
  });
});

test('no more instances than the node has room for', async () => {
  const home = newHome();
  await home.run(['kato', 'config', 'set', 'memcached_node', 'capacity', '1']);
  // Nothing runs, so the configuration counts from the node's next start: this host's successor.
  await home.run(['stop', '--all']);
  const app = echoApp('greedy', 'services: {one: memcached, two: memcached}\n');
  const refused = await home.run(['push', '--detach'], { cwd: app });
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('[SERVICE_CAPACITY_REACHED]'),
  });
  expect(refused.stderr).toContain('kato config set memcached_node capacity');
});

test('the push says when SASL is on and the client cannot log in', async () => {
  const home = newHome();
  await home.run(['kato', 'config', 'set', 'memcached_node', 'sasl_enabled', 'true']);
  await home.run(['kato', 'restart', 'memcached_node']);
  const app = (name: string, dependencies: Record<string, string>) =>
    appFolder({
      'manifest.yml': `name: ${name}\nmem: 128M\ncommand: node server.js\nbuildpack: null\nservices: {c: memcached}\n`,
      'server.js': ECHO_SERVER,
      // An empty module of that name in the folder: nothing has to be fetched.
      'package.json': JSON.stringify({ name, private: true, dependencies }),
      ...Object.fromEntries(
        Object.keys(dependencies).map((dependency) => [
          join('vendor', dependency, 'package.json'),
          JSON.stringify({ name: dependency, version: '1.0.0' }),
        ]),
      ),
    });
  const text = await home.run(['push', '--detach'], {
    cwd: app('text', { memcached: 'file:vendor/memcached' }),
  });
  expect(text.stdout).toMatch(/warning: service "c": .* and memcached speaks the text protocol only/);
  const binary = await home.run(['push', '--detach'], { cwd: app('binary', { memjs: 'file:vendor/memjs' }) });
  expect(binary.code, binary.stderr).toBe(0);
  expect(binary.stdout).not.toContain('text protocol only');
});

test('kato status tells what runs in place of the roles of a node, and starts nothing', async () => {
  const home = newHome();
  const states = async () =>
    (await home.json<{ roles: { role: string; state: string }[] }>(['kato', 'status'])).roles.map(
      ({ role, state }) => `${role} ${state}`,
    );
  const roles = ['controller', 'dea', 'memcached_node', 'router'];
  expect(await states()).toEqual(roles.map((role) => `${role} STOPPED`));
  expect((await home.run(['doctor'])).stdout).toMatch(/^host: +none runs$/m);
  await home.json(['push', '--detach'], { cwd: echoApp('shop', 'services: {c: memcached}\n') });
  expect(await states()).toEqual(roles.map((role) => `${role} RUNNING`));
  expect((await home.run(['kato', 'status'])).stdout).toMatch(/^memcached_node +RUNNING +c$/m);
});
