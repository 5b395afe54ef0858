/** A hostile engine behind a URL: what it sends is bounded, and no number of its is believed. */
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Wire } from '../../../services/kit/wire.ts';
import { MongoClient } from '../../../services/mongodb/client.ts';
import { MysqlClient } from '../../../services/mysql/client.ts';
import { PostgresClient } from '../../../services/postgresql/client.ts';
import { RedisClient } from '../../../services/redis/client.ts';

const MB = 1024 * 1024;
const HOST = '127.0.0.1';

/** Does this with whoever comes. */
async function serve(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** For ever the same bytes, as fast as they are taken. */
const endless = (first: Buffer, chunk: Buffer) => (socket: Socket) => {
  socket.write(first);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
};

test('portions and lines, however they are cut', async () => {
  const port = await serve((socket) => {
    for (const part of ['ab', 'c\r', '\ndef', 'gh\r\n', '\r\n']) socket.write(part);
  });
  using wire = await Wire.open({ host: HOST, port, timeoutMs: 10_000 });
  expect(await wire.readLine()).toBe('abc');
  expect((await wire.read(3)).toString()).toBe('def');
  expect((await wire.read(0)).length).toBe(0);
  expect(await wire.readLine()).toBe('gh');
  expect(await wire.readLine()).toBe('');
});

test('more than may come in the whole conversation ends it', async () => {
  const port = await serve(endless(Buffer.alloc(0), Buffer.alloc(MB)));
  using wire = await Wire.open({ host: HOST, port, timeoutMs: 10_000, maxBytes: 2 * MB });
  await expect(
    (async () => {
      for (;;) await wire.read(1000);
    })(),
  ).rejects.toThrow('sends far more than was asked for');
});

test.each([-1, Number.NaN, 1.5, 2 ** 32])('a portion of %d bytes is not waited for', async (count) => {
  const port = await serve(() => {});
  using wire = await Wire.open({ host: HOST, port, timeoutMs: 10_000 });
  await expect(wire.read(count)).rejects.toThrow('which is not an answer to what was asked');
});

test('a line without an end', async () => {
  const port = await serve(endless(Buffer.alloc(0), Buffer.alloc(1024, 'x')));
  using wire = await Wire.open({ host: HOST, port, timeoutMs: 10_000 });
  await expect(wire.readLine()).rejects.toThrow('a line without an end was received');
});

const login = { user: 'u', password: 'p' };
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const LOGGED_IN = bytes('52 00000008 00000000 5a 00000005 49');

test.each<[string, (socket: Socket) => void, (port: number) => Promise<unknown>]>([
  [
    'PostgreSQL: rows without end',
    endless(LOGGED_IN, Buffer.concat(Array.from({ length: 4096 }, () => bytes('44 00000006 0000')))),
    async (port) => {
      using client = await PostgresClient.connect({ host: HOST, port, ...login, database: 'd' });
      return client.query('SELECT 1');
    },
  ],
  [
    'PostgreSQL: a message of 2 GB',
    (socket) => socket.write(bytes('52 7fffffff')),
    (port) => PostgresClient.connect({ host: HOST, port, ...login, database: 'd' }),
  ],
  [
    'MySQL: greetings without sense',
    endless(Buffer.alloc(0), Buffer.alloc(65_536, 0xff)),
    (port) => MysqlClient.connect({ host: HOST, port, ...login, database: '' }),
  ],
  [
    'Redis: lists in lists',
    endless(Buffer.alloc(0), Buffer.from('*1\r\n'.repeat(4096))),
    (port) => RedisClient.connect({ host: HOST, port, ...login }),
  ],
  [
    'Redis: a text of less than nothing',
    (socket) => socket.write('$-77\r\n'),
    (port) => RedisClient.connect({ host: HOST, port, ...login }),
  ],
  [
    'MongoDB: an answer of 2 GB',
    (socket) => socket.write(bytes('ffffff7f 00000000 00000000 dd070000')),
    (port) => MongoClient.connect({ host: HOST, port }, { ...login, source: 'admin' }),
  ],
  [
    'MongoDB: an answer of less than its own head',
    (socket) => socket.write(bytes('01000000 00000000 00000000 dd070000')),
    (port) => MongoClient.connect({ host: HOST, port }, { ...login, source: 'admin' }),
  ],
])('%s', async (_, answer, talk) => {
  const port = await serve(answer);
  // In other words than the time limit's: it is found out, not waited for.
  await expect(talk(port)).rejects.toThrow(/^(?!no answer from)/);
});
