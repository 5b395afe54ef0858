/** Requests that fail on purpose, as the clients that apps use see them. */
import { connect } from 'node:net';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import type { PaasError } from '../../../runtime/testing/index.ts';
import { until } from '../../helpers/alive.ts';
import { appFolder } from '../../helpers/cli.ts';
import { missingEngines } from '../../services/helpers.ts';
import { started } from './helpers.ts';

const missing = await missingEngines();
const LONG_MS = 240_000;

async function withService(type: string) {
  const folder = appFolder({ 'manifest.yml': `name: lib\nservices: {db: ${type}}\n` });
  const platform = await started({ folder, apps: [] });
  return platform.service('db');
}

test.skipIf(missing.has('postgresql'))(
  'PostgreSQL: statements fail as by the server, in both protocols, and abort their transaction',
  async () => {
    const db = await withService('postgresql');
    const client = new pg.Client({ connectionString: db.url! });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query('CREATE TABLE t (id int primary key)');
    await db.failNext(2, '40001: couldn\'t serialise; \\ "é"');
    await expect(client.query('SELECT 1')).rejects.toMatchObject({
      code: '40001',
      message: 'couldn\'t serialise; \\ "é"',
      severity: 'ERROR',
    });
    await expect(client.query('SELECT $1::int', [1])).rejects.toMatchObject({ code: '40001' });
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }]);
    await client.query('BEGIN');
    await client.query('INSERT INTO t VALUES ($1)', [1]);
    await db.failNext();
    await expect(client.query('INSERT INTO t VALUES ($1)', [2])).rejects.toMatchObject({
      code: 'XX000',
      message: 'made to fail',
    });
    await expect(client.query('INSERT INTO t VALUES (3)')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    // Connecting does not count, what is asked then does.
    await db.failNext();
    const other = new pg.Client({ connectionString: db.url! });
    await other.connect();
    onTestFinished(() => other.end());
    await expect(other.query('SELECT 1')).rejects.toThrow('made to fail');
    expect((await other.query('SELECT count(*)::int AS n FROM t')).rows).toEqual([{ n: 0 }]);
  },
  LONG_MS,
);

test.skipIf(missing.has('mysql'))(
  'MySQL: statements fail, plain and prepared, and the connection goes on',
  async () => {
    const db = await withService('mysql');
    const client = await createConnection(db.url!);
    onTestFinished(() => client.end());
    await client.query('CREATE TABLE t (id int primary key)');
    await db.failNext(2, '1213 (40001): Deadlock found when trying to get lock');
    await expect(client.query('SELECT 1')).rejects.toMatchObject({
      code: 'ER_LOCK_DEADLOCK',
      sqlState: '40001',
      sqlMessage: 'Deadlock found when trying to get lock',
    });
    await expect(client.execute('INSERT INTO t VALUES (?)', [1])).rejects.toMatchObject({ errno: 1213 });
    await client.execute('INSERT INTO t VALUES (?)', [2]);
    await db.failNext();
    await expect(client.execute('INSERT INTO t VALUES (?)', [3])).rejects.toMatchObject({
      errno: 1105,
      sqlMessage: 'made to fail',
    });
    expect((await client.query('SELECT id FROM t'))[0]).toEqual([{ id: 2 }]);
  },
  LONG_MS,
);

test.skipIf(missing.has('redis'))(
  'Redis: a command typed by hand fails as any other, and a login does not count',
  async () => {
    const store = await withService('redis');
    const { password } = new URL(store.url!);
    await store.failNext(1, 'OOM command not allowed');
    const socket = connect(store.port, store.host);
    onTestFinished(() => void socket.destroy());
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
    socket.write(`AUTH ${password}\r\nSET k v\r\nSET k w\r\nGET k\r\n`);
    await until('all answers', () => heard.endsWith('w\r\n'), { state: () => heard });
    expect(heard.split('\r\n').toSorted()).toEqual(
      ['+OK', '+OK', '-OOM command not allowed', '$1', 'w', ''].toSorted(),
    );
  },
  LONG_MS,
);

test('SMTP: a mail is put off, the next one is taken', async () => {
  const mail = await withService('smtp');
  const socket = connect(mail.port, mail.host);
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  const ask = async (line: string, ends: RegExp) => {
    heard = '';
    socket.write(`${line}\r\n`);
    await until(`an answer to ${line}`, () => ends.test(heard), { state: () => heard });
  };
  await ask('EHLO test', /^250 .*\r\n/m);
  await mail.failNext(1, '4.3.2 come back later');
  await ask('MAIL FROM:<a@b.example>', /^451 4\.3\.2 come back later\r\n$/);
  await ask('MAIL FROM:<a@b.example>', /^250 /);
});

test.skipIf(missing.has('rabbitmq'))(
  'where requests cannot be told apart, that is said, and what to do instead',
  async () => {
    const broker = await withService('rabbitmq');
    const failure = (await broker.failNext(1).catch((error: unknown) => error)) as PaasError;
    expect(failure.code).toBe('SERVICE_CANNOT');
    expect(failure.message).toContain('its requests cannot be told apart here');
    expect(failure.message).toContain('drop-connections, down and freeze');
    expect(await broker.dropConnections()).toBe(0);
  },
  LONG_MS,
);
