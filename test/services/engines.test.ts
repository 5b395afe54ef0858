/** Real engines, with trouble: killed, starting again, emptied, of another version, taken to the wrong password. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Endpoint, ServiceType } from '../../services/kit/contract.ts';
import {
  engineMissing,
  findEngines,
  isTooOld,
  lookForEngines,
  reportEngines,
  type EngineKind,
} from '../../services/kit/engine.ts';
import { readExternalUrl } from '../../services/kit/external.ts';
import { findMarked, RUN_VARIABLE } from '../../services/kit/marked.ts';
import { ServiceError } from '../../services/kit/service-error.ts';
import { MONGODB } from '../../services/mongodb/engine.ts';
import { MysqlClient, type MysqlAddress } from '../../services/mysql/client.ts';
import { MYSQL } from '../../services/mysql/engine.ts';
import { choose } from '../../services/kit/unprivileged.ts';
import { SERVICE_TYPES } from '../../services/index.ts';
import { until } from '../helpers/alive.ts';
import { ENGINE_PATH, pathWith } from '../helpers/engine-path.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { missingEngines, serviceContext, startService, testGuardian } from './helpers.ts';
import { PROBES } from './probes.ts';

const LONG_MS = 240_000;

/** What says which version wrote the data, and one that nothing here can open. */
const OTHER_VERSIONS: Readonly<Record<string, readonly [file: string, text: string]>> = {
  postgresql: ['cluster/PG_VERSION', '9.1'],
  redis: ['version', 'Redis 99.0.0'],
  mysql: ['version', 'MySQL 4.0.1'],
  mongodb: ['paas-local-version', 'MongoDB 3.6.0'],
};
const missing = await missingEngines();

/** What is tried, and where its engine is looked for first. */
const ROWS: readonly (readonly [label: string, type: string, searchPath: string])[] = [
  ['postgresql', 'postgresql', ENGINE_PATH],
  ['redis', 'redis', ENGINE_PATH],
  ['mongodb', 'mongodb', ENGINE_PATH],
  ['mysql', 'mysql', ENGINE_PATH],
  ['mysql by MySQL 8.0', 'mysql', pathWith('mysql-8.0')],
  ['mysql by MySQL 5.7', 'mysql', pathWith('mysql-5.7')],
];
const present = ROWS.filter(([label, type, searchPath]) => {
  if (missing.has(type)) return false;
  if (searchPath === ENGINE_PATH || existsSync(join(searchPath.split(delimiter)[0]!, 'mysqld'))) return true;
  console.log(`${label} is not tested: test/services/engines/install.sh fetches it`);
  return false;
});
const typeOf = (name: string): ServiceType => SERVICE_TYPES.find(({ type }) => type === name)!;

test('an engine that is not here is named, with the line that installs it', async () => {
  const nowhere: EngineKind = {
    product: 'Nosuch',
    programs: ['no-such-engine'],
    folders: ['/nowhere/*/bin'],
    version: /(\d+)/,
    oldest: () => '1',
    packages: { 'apt-get': 'nosuch-server', dnf: 'nosuch', brew: 'nosuch', apk: 'nosuch', pacman: 'nosuch' },
  };
  const where = { searchPath: ENGINE_PATH };
  expect(await reportEngines(nowhere, where)).toMatchObject({ product: 'Nosuch', found: [] });
  const failure = await engineMissing(nowhere, where);
  expect(failure).toMatchObject({
    code: 'SERVICE_ENGINE_MISSING',
    message: 'Nosuch is not installed',
  });
  if (process.platform === 'linux') {
    expect(failure.facts.install).toMatch(/^sudo (apt-get install|dnf install|apk add|pacman -S) nosuch/);
  }
});

test('on the machine that decides, every engine that can be installed there is', () => {
  const wanted = process.env.CI ? ['mysql', 'postgresql', 'rabbitmq', 'redis'] : [];
  expect(wanted.filter((name) => missing.has(name))).toEqual([]);
  if (process.env.CI && process.platform === 'linux' && process.arch === 'x64') {
    expect(present.map(([label]) => label)).toEqual(ROWS.map(([label]) => label));
  }
});

describe.each(present)('%s', { timeout: LONG_MS }, (_label, name, searchPath) => {
  const type = typeOf(name);
  const { write, read, overwrite } = PROBES[name]!;

  test('what was written is there after the engine was killed, on the same port, with the app not asked', async () => {
    const context = serviceContext(type, { searchPath });
    const instance = await startService(type, context);
    await write(instance.endpoint, 'kept');
    const first = instance.pid!;
    process.kill(first, 'SIGKILL');
    await until('another process', () => instance.pid !== first && instance.pid !== undefined, {
      boundMs: 90_000,
      state: () => context.lines,
    });
    await until(
      'it to answer again',
      () =>
        read(instance.endpoint).then(
          (value) => value === 'kept',
          () => false,
        ),
      {
        boundMs: 90_000,
        state: () => context.lines,
      },
    );
    expect(context.lines.join('\n')).toContain('SIGKILL');
    expect(context.lines.join('\n')).toContain(`on port ${instance.endpoint.port}`);
  });

  test('its data is kept from one life to the next, and gone after a reset', async () => {
    const context = serviceContext(type, { searchPath });
    // What a host that was killed in the middle of making it leaves behind.
    mkdirSync(join(context.dataDir, 'unfinished-0'), { recursive: true });
    writeFileSync(join(context.dataDir, 'unfinished-0/half'), '');
    const first = await type.start(type.readOptions({}), context);
    await write(first.endpoint, 'kept');
    await first[Symbol.asyncDispose]();
    const second = await startService(type, { ...context, port: first.endpoint.port });
    expect(await read(second.endpoint)).toBe('kept');
    await second.reset();
    expect(await read(second.endpoint)).toBeUndefined();
    await write(second.endpoint, 'again');
    expect(await read(second.endpoint)).toBe('again');
  });

  test('the URL an app is given logs in, and a wrong password in it is refused; a missing version is said', async () => {
    const context = serviceContext(type, { searchPath, version: '0.1' });
    const instance = await startService(type, context);
    expect(instance.engine).toContain('not 0.1 as asked');
    expect(context.lines.join('\n')).toContain('version 0.1 was asked for and is not here');
    const { external } = type;
    const { signal } = new AbortController();
    const url = type.bind(instance.endpoint, 'stackato', type.readOptions({})).url!.value;
    const endpoint = readExternalUrl(url, external!);
    await expect(external!.check(endpoint, signal)).resolves.toMatch(/\d/);
    await expect(external!.check({ ...endpoint, password: 'wrong' }, signal)).rejects.toMatchObject({
      name: 'LoginRefused',
    });
    const { uri } = type.bind(instance.endpoint, 'cloud-foundry', type.readOptions({})).credentials;
    await expect(external!.check(readExternalUrl(uri as string, external!), signal)).resolves.toMatch(/\d/);
  });

  test('it carries the mark of the host that started it, by which it is found after that was killed', async () => {
    const guardian = await testGuardian();
    const instance = await type.start(type.readOptions({}), {
      ...serviceContext(type, { searchPath }),
      guardian,
    });
    onTestFinished(() => instance[Symbol.asyncDispose]());
    expect(findMarked(RUN_VARIABLE, guardian.runId)).toContain(instance.pid);
  });

  test('a copy is put back as it was, and what came later is gone', async () => {
    const instance = await startService(type, serviceContext(type, { searchPath }));
    await write(instance.endpoint, 'then');
    const copy = await instance.copy!();
    for (const value of ['later', 'later still']) {
      await overwrite(instance.endpoint, value);
      expect(await read(instance.endpoint)).toBe(value);
      await copy.restore();
      expect(await read(instance.endpoint)).toBe('then');
    }
    await instance.reset();
    if (name === 'postgresql' || name === 'mysql') {
      await expect(copy.restore()).rejects.toThrow(/does not exist/);
    } else {
      await copy.restore();
      expect(await read(instance.endpoint)).toBe('then');
    }
    await copy[Symbol.asyncDispose]();
  });

  test('data of another version is told and not touched', async () => {
    const context = serviceContext(type, { searchPath });
    const first = await type.start(type.readOptions({}), context);
    await first[Symbol.asyncDispose]();
    const [file, text] = OTHER_VERSIONS[name]!;
    writeFileSync(join(context.dataDir, 'data', file), `${text}\n`);
    const before = readdirSync(context.dataDir, { recursive: true });
    const failure = await type.start(type.readOptions({}), context).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ code: 'SERVICE_DATA_VERSION', facts: { folder: context.dataDir } });
    expect(readdirSync(context.dataDir, { recursive: true })).toEqual(before);
  });
});

describe.each(present.filter(([, name]) => name === 'mysql'))(
  '%s',
  { timeout: LONG_MS },
  (_, name, searchPath) => {
    const type = typeOf(name);

    test('a copy that fails is not left behind; putting back that fails leaves rows and triggers as they were', async () => {
      const instance = await startService(type, serviceContext(type, { searchPath }));
      const address = { ...adminOf(instance.endpoint), database: instance.endpoint.name };
      using client = await MysqlClient.connect(address, { timeoutMs: LONG_MS });
      using other = await MysqlClient.connect(address, { timeoutMs: LONG_MS });
      for (const statement of [
        'CREATE TABLE a_things (name varchar(9)) ENGINE=InnoDB',
        'CREATE TABLE b_locked (name varchar(9)) ENGINE=InnoDB',
        `CREATE TRIGGER upper_things BEFORE INSERT ON a_things FOR EACH ROW SET NEW.name = upper(NEW.name)`,
        `INSERT INTO a_things VALUES ('then')`,
        `INSERT INTO b_locked VALUES ('then')`,
      ])
        await client.query(statement);
      const kept = await instance.copy!();
      await client.query(`INSERT INTO a_things VALUES ('later')`);

      await other.query('LOCK TABLES b_locked WRITE');
      await expect(instance.copy!()).rejects.toThrow('Lock wait timeout exceeded');
      await other.query('UNLOCK TABLES');
      expect(await client.query(String.raw`SHOW DATABASES LIKE 'paas\_local\_copy\_%'`)).toHaveLength(1);

      await other.query('START TRANSACTION');
      await other.query(`UPDATE b_locked SET name = 'mine'`);
      await expect(kept.restore()).rejects.toThrow('Lock wait timeout exceeded');
      await other.query('COMMIT');
      const names = async () => (await client.query('SELECT name FROM a_things ORDER BY 1')).flat();
      expect(await names()).toEqual(['LATER', 'THEN']);
      expect(await client.query('SHOW TRIGGERS')).toHaveLength(1);

      await kept.restore();
      expect(await names()).toEqual(['THEN']);
      await client.query(`INSERT INTO a_things VALUES ('after')`);
      expect(await names()).toEqual(['AFTER', 'THEN']);

      await client.query('DROP TABLE b_locked');
      await client.query('CREATE TABLE c_new (name varchar(9))');
      await expect(kept.restore()).rejects.toThrow('`b_locked` does not exist any more');
      expect((await client.query('SHOW TABLES')).flat()).toEqual(['a_things', 'c_new']);
      await kept[Symbol.asyncDispose]();
    });
  },
);

test.skipIf(!present.some(([label]) => label === 'mysql by MySQL 8.0'))(
  'the way of logging in that MySQL 8 has of its own: by the whole password, encrypted, and by what is remembered of it',
  { timeout: LONG_MS },
  async () => {
    const mysql = typeOf('mysql');
    const { endpoint } = await startService(
      mysql,
      serviceContext(mysql, { searchPath: pathWith('mysql-8.0') }),
    );
    {
      using client = await MysqlClient.connect(adminOf(endpoint));
      await client.query(`CREATE USER modern@'%' IDENTIFIED WITH caching_sha2_password BY 'secret'`);
      await client.query(`GRANT ALL ON ${endpoint.name}.* TO modern@'%'`);
    }
    const { signal } = new AbortController();
    const check = (password: string) =>
      mysql.external!.check({ ...endpoint, user: 'modern', password }, signal);
    for (const _time of ['whole', 'remembered']) await expect(check('secret')).resolves.toBe('MySQL 8.0.15');
    for (const wrong of ['wrong', ''])
      await expect(check(wrong)).rejects.toMatchObject({ name: 'LoginRefused' });
  },
);

test.each([
  ['mysqld  Ver 5.6.24 for linux (MySQL Community Server (GPL))', '5.6.24', '5.7.6'],
  ['mysqld  Ver 5.5.68-MariaDB for Linux on x86_64 (MariaDB Server)', '5.5.68', '10.2'],
])('a server that is too old is as good as none, and told: %s', async (about, version, first) => {
  const folder = tempDir();
  const file = join(folder, 'mysqld');
  writeFileSync(file, `#!/bin/sh\necho '${about}'\n`, { mode: 0o755 });
  // Its own PATH alone, so that what Debian has is not found; the system's folders are looked into all the same.
  const engines = await lookForEngines(MYSQL, { searchPath: folder });
  expect(engines[0]).toMatchObject({ file, version });
  expect(isTooOld(MYSQL, engines[0]!)).toBe(true);
  expect(await findEngines(MYSQL, { searchPath: folder })).not.toContainEqual(engines[0]);
  expect(await reportEngines(MYSQL, { searchPath: folder })).toMatchObject({
    found: expect.arrayContaining([
      { file, version, problem: `too old: ${first} is the first that can be started` },
    ]),
  });
});

test('servers that mongodb-memory-server fetched are found, the latest first', async () => {
  const folder = tempDir();
  const cache = join(folder, 'node_modules/.cache/mongodb-memory-server');
  mkdirSync(cache, { recursive: true });
  for (const version of ['6.0.9', '6.0.14', '4.0.3']) {
    const file = join(cache, `mongod-x64-debian-${version}`);
    writeFileSync(file, `#!/bin/sh\necho 'db version v${version}'\n`, { mode: 0o755 });
  }
  writeFileSync(join(cache, 'mongod-x64-debian-6.0.14.md5'), '', { mode: 0o755 });
  const found = await findEngines(MONGODB, { searchPath: '/nowhere', packageFolders: [folder] });
  const ours = found.filter(({ file }) => file.startsWith(folder));
  expect(ours.map(({ version }) => version)).toEqual(['6.0.14', '6.0.9']);
});

/** Whoever owns the server, whom apps are not told of. */
function adminOf({ host, port, password }: Endpoint): MysqlAddress {
  const own = createHash('sha256').update(`owner of the server, beside ${password}`).digest('hex');
  return { host, port, user: 'paas_local', password: own, database: '' };
}

describe.skipIf(process.getuid?.() !== 0)('as root', { timeout: LONG_MS }, () => {
  test.each(['user namespace', 'capability'] as const)('by %s', async (way) => {
    const how = await choose([way]).catch(() => undefined);
    if (!how) {
      console.log(`not tested by ${way}: it is not allowed here`);
      return;
    }
    const { file, args } = how.wrap('/bin/sh', ['-c', 'id -un']);
    const { runToEnd } = await import('../../services/kit/process.ts');
    const { code, output } = await runToEnd({ file, args, cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    expect({ code, output }).toEqual({ code: 0, output: 'nobody' });
  });
});
