/** Services on real engines, as a user meets them: pushed, looked at, bound elsewhere, killed, deleted. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot, ServiceSnapshot } from '../../runtime/snapshot.ts';
import { MysqlClient } from '../../services/mysql/client.ts';
import { PostgresClient } from '../../services/postgresql/client.ts';
import { pidsGone } from '../helpers/alive.ts';
import { appFolder, BIN, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';
import { missingEngines } from '../services/helpers.ts';

const LONG_MS = 400_000;
const missing = await missingEngines();
const here = (...types: readonly string[]) => !types.some((type) => missing.has(type));

interface Pushed {
  readonly host: { readonly pid: number };
  readonly apps: readonly AppSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  readonly url: string;
}
interface Details {
  readonly service: ServiceSnapshot;
  readonly credentials: Readonly<Record<string, string & number>>;
  readonly contents: readonly string[];
}

const push = (home: Home, cwd: string, ...more: readonly string[]) =>
  home.json<Pushed>(['push', '--detach', ...more], { cwd });
const details = (home: Home, name: string) => home.json<Details>(['service', name]);
const envOf = async (url: string) => JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
const postgres = (c: Details['credentials']) =>
  PostgresClient.connect({
    host: c.host!,
    port: c.port!,
    user: c.user!,
    password: c.password!,
    database: c.name!,
  });

/** Runs the bin with this on its standard input. */
function piped(home: Home, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: home.folder, env: home.env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    child.on('close', (code) => resolve(`${code}\n${output}`));
    child.stdin.end(input);
  });
}

describe.skipIf(!here('postgresql', 'mysql', 'redis'))('engines', { timeout: LONG_MS }, () => {
  test('one app with all of them: what it sees, what survives its host, what is left after it', async () => {
    const home = newHome();
    const app = echoApp(
      'shop',
      'services:\n  db: postgresql\n  my: mysql\n  store: redis\n  files: filesystem\n  mail: smtp\n  game: harbor\n',
    );
    const first = await push(home, app);
    const env = await envOf(first.url);
    expect(Object.keys(JSON.parse(env.VCAP_SERVICES!) as object)).toEqual([
      'postgresql',
      'mysql',
      'redis',
      'filesystem',
      'smtp',
      'harbor',
    ]);
    expect(env).toMatchObject({
      POSTGRESQL_URL: expect.stringMatching(
        /^postgres:\/\/u[0-9a-f]{32}:p[0-9a-f]{32}@127\.0\.0\.1:\d+\/d[0-9a-f]{32}$/,
      ),
      MYSQL_URL: expect.stringMatching(/^mysql:\/\/u\w{12}:p\w{12}@127\.0\.0\.1:\d+\/d[0-9a-f]{32}$/),
      REDIS_URL: expect.stringMatching(/^redis:\/\/user:[0-9a-f-]{36}@127\.0\.0\.1:\d+\/$/),
      STACKATO_FILESYSTEM: expect.stringMatching(/\/fs\/files$/),
      STACKATO_FILESYSTEM_FILES: env.STACKATO_FILESYSTEM,
      STACKATO_HARBOR_GAME: expect.stringMatching(/^\d+$/),
    });
    expect(env).not.toHaveProperty('DATABASE_URL');
    for (const { engine } of first.services) expect(engine).not.toBe('');

    writeFileSync(join(env.STACKATO_FILESYSTEM!, 'kept'), 'kept');
    const before = await details(home, 'db');
    const { credentials } = before;
    {
      using client = await postgres(credentials);
      await client.query(`CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('kept')`);
    }
    const my = (await details(home, 'my')).credentials;
    {
      using client = await MysqlClient.connect({
        host: my.host!,
        port: my.port!,
        user: my.user!,
        password: my.password!,
        database: my.name!,
      });
      await client.query('CREATE TABLE things (name VARCHAR(10))');
      await client.query(`INSERT INTO things VALUES ('kept')`);
    }

    // The host is killed: no engine lives on, and nothing is lost.
    const pids = first.services.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    process.kill(first.host.pid, 'SIGKILL');
    await pidsGone([first.host.pid, ...pids]);
    const second = await push(home, app);
    expect((await details(home, 'db')).credentials).toEqual(credentials);
    {
      using client = await postgres(credentials);
      expect(await client.query('SELECT name FROM things')).toEqual([['kept']]);
    }
    {
      using client = await MysqlClient.connect({
        host: my.host!,
        port: my.port!,
        user: my.user!,
        password: my.password!,
        database: my.name!,
      });
      expect(await client.query('SELECT name FROM things')).toEqual([['kept']]);
    }
    expect(readFileSync(join((await envOf(second.url)).STACKATO_FILESYSTEM!, 'kept'), 'utf8')).toBe('kept');

    // A record that is lost does not lock the data up.
    await home.run(['stop', '--all']);
    rmSync(join(home.folder, 'state/spaces/default/record.json'));
    await push(home, app);
    expect((await details(home, 'db')).credentials).toMatchObject({
      user: credentials.user,
      password: credentials.password,
      name: credentials.name,
    });

    // The engine's own programs.
    const exported = await home.run(['dbexport', 'shop', 'db']);
    expect(exported.stdout).toMatch(/CREATE TABLE public\.things[\s\S]*kept/);
    expect(await piped(home, ['dbshell', 'db'], `SELECT 'answer ' || 6 * 7;\n`)).toContain('answer 42');
    expect(await piped(home, ['service', 'my', '--connect'], `SELECT concat('answer ', 6 * 7);\n`)).toContain(
      'answer 42',
    );
    const several = await home.run(['dbshell']);
    expect(several.code).toBe(2);
    expect(several.stderr).toContain('Cannot tell which service is meant: db, my, store');

    // Data goes when it is asked to, and not before.
    await home.run(['reset-service', 'db', '-f']);
    {
      using client = await postgres((await details(home, 'db')).credentials);
      await expect(client.query('SELECT name FROM things')).rejects.toThrow('does not exist');
    }
    const refused = await home.run(['delete-service', 'db', '-f']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('Cannot delete service "db": shop runs with it');
    await home.run(['stop', 'shop']);
    const folder = join(home.folder, 'state/spaces/default/services');
    expect(readdirSync(folder)).toContain('db');
    expect((await home.run(['delete-service', 'db'])).stderr).toContain('Nothing was deleted');
    expect((await home.run(['delete-service', 'db', '-f'])).stdout).toContain('Deleted db with all data');
    expect(existsSync(join(folder, 'db'))).toBe(false);
    expect(await home.run(['delete-service', 'db', '-f'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Service instance 'db' does not exist.") as string,
    });
  });

  test('--bind: a real login is tried, a wrong one fails the push, and a service stays bound', async () => {
    const elsewhere = newHome();
    await push(elsewhere, echoApp('other', 'services:\n  db: postgresql\n'));
    const { credentials } = await details(elsewhere, 'db');
    const url = (password: string) =>
      `postgres://${credentials.user}:${password}@127.0.0.1:${credentials.port}/${credentials.name}`;

    const home = newHome();
    const app = echoApp('shop', 'services:\n  db: postgresql\n');
    const wrong = await home.run(['push', '--detach', '--bind', `db=${url('wrong-secret')}`], { cwd: app });
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toMatch(
      /Cannot bind service "db" to postgres:\/\/u\w+:\*\*\*@127\.0\.0\.1:\d+\/\w+: password/,
    );
    expect(wrong.stdout + wrong.stderr).not.toContain('wrong-secret');
    // Nothing of it is remembered, and an app that runs by then goes on as it was.
    const before = await push(home, app);
    const again = await home.run(['push', '--detach', '--bind', `db=${url('wrong-secret')}`], { cwd: app });
    expect(again.code).toBe(4);
    expect((await home.run(['apps'])).stdout).toContain('web:1/1');
    expect((await envOf(before.url)).DATABASE_URL).not.toContain(`:${credentials.port}/`);
    const { apps: after } = await home.json<{ apps: Pushed['apps'] }>(['apps']);
    const pids = (apps: Pushed['apps']) => apps[0]!.processes[0]!.instances.map(({ pid }) => pid);
    expect(pids(after)).toEqual(pids(before.apps));
    expect((await push(home, app)).services[0]!.engine).not.toContain('elsewhere');

    const nobody = await home.run(['push', '--detach', '--bind', 'dbb=postgres://h/n'], { cwd: app });
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('Did you mean "db"?');

    writeFileSync(join(app, 'paas-local.yml'), `bind:\n  db: ${url(credentials.password!)}\n`);
    const bound = await push(home, app);
    expect(bound.services[0]!.engine).toMatch(/^PostgreSQL \S+.*, which runs elsewhere$/);
    expect((await envOf(bound.url)).DATABASE_URL).toBe(url(credentials.password!));
    writeFileSync(join(app, 'paas-local.yml'), '');
    expect((await envOf((await push(home, app)).url)).DATABASE_URL).toBe(url(credentials.password!));
    expect((await home.run(['reset-service', 'db', '-f'])).stderr).toContain('it is at postgres://');
    const ours = await push(home, app, '--bind', 'db=');
    expect(ours.services[0]!.engine).not.toContain('elsewhere');
    expect((await envOf(ours.url)).DATABASE_URL).not.toBe(url(credentials.password!));
  });
});

test('a service that cannot be started here is named, with ways to go on', async () => {
  const home = newHome();
  const app = echoApp('shop', 'services:\n  search: elasticsearch\n  cache: memcached\n');
  const failed = await home.run(['push', '--detach'], { cwd: app });
  expect(failed.code).toBe(4);
  expect(failed.stderr).toContain(
    'Cannot start service "search": elasticsearch was an add-on of the platform, and Elasticsearch is not started here',
  );
  expect(failed.stderr).toContain('--bind search=URL');
  expect(failed.stderr).toContain('--allow-missing-services');
  const { url } = await push(home, app, '--allow-missing-services');
  expect(Object.keys(JSON.parse((await envOf(url)).VCAP_SERVICES!) as object)).toEqual(['memcached']);
  const console = await home.run(['service', 'cache', '--connect']);
  expect(console.stderr).toContain('paas-local cache cache keys');
});

test('doctor tells which engines are here, which are too old, and how the missing are had', async () => {
  const home = newHome();
  const folder = join(home.folder, 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mysqld'), `#!/bin/sh\necho 'mysqld  Ver 5.6.24 for Linux (MySQL)'\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${folder}:${process.env.PATH!}` };
  const { stdout } = await home.run(['doctor'], { env });
  expect(stdout).toContain(
    `5.6.24 (${join(folder, 'mysqld')}), too old: 5.7.6 is the first that can be started`,
  );
  const told = JSON.parse((await home.run(['doctor', '--json'], { env })).stdout) as {
    engines: { kinds: { product: string; found: { version: string }[]; install: string[] }[] };
  };
  const kinds = told.engines.kinds.map(({ product }) => product);
  expect(kinds).toEqual(['MySQL or MariaDB', 'PostgreSQL', 'Redis', 'MongoDB', 'RabbitMQ']);
  for (const { product, found, install } of told.engines.kinds) {
    if (product === 'MongoDB') {
      const folderOfEngines = join(home.folder, 'state/engines');
      expect(install).toContain(`npm install --prefix ${folderOfEngines} mongodb-memory-server`);
      // Fetched for the tests, and not on this PATH.
      if (found.length === 0) expect(stdout).toContain('missing; install it with: ');
    }
    for (const { version } of found) expect(stdout).toContain(version);
  }
});

test('bindings as files, for a Cloud Foundry app that switched them on', async () => {
  const home = newHome();
  await push(home, echoApp('maker', 'services:\n  cache: memcached\n'));
  const app = appFolder({
    'manifest.yml':
      'applications:\n- name: reader\n  command: node server.js\n  services: [cache]\n  features: {service-binding-k8s: true}\n',
    'server.js': ECHO_SERVER,
  });
  const env = await envOf((await push(home, app)).url);
  expect(env).not.toHaveProperty('VCAP_SERVICES');
  const binding = join(env.SERVICE_BINDING_ROOT!, 'cache');
  expect(readFileSync(join(binding, 'type'), 'utf8')).toBe('memcached');
  const { credentials } = await details(home, 'cache');
  expect(readFileSync(join(binding, 'port'), 'utf8')).toBe(String(credentials.port));
});
