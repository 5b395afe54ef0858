/** Clients that mean harm or are broken, over real sockets, in both ways of reading and writing them. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createServer, type CacheServer } from '../../../services/memcached/index.ts';
import { exchange } from './helpers/exchange.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const MB = 1024 * 1024;
const PAGE_BYTES = MB;
/** Pages a cache may have beyond its limit: one for each class that would have none. */
const CLASSES_MAX = 64;

for (const [readIntoArena, connections] of [
  [true, 10_000],
  [false, 1_000],
] as const) {
  describe(readIntoArena ? 'past the streams' : 'with documented means only', () => {
    const start = (options: Parameters<typeof createServer>[0] = {}) =>
      createServer({ readIntoArena, ...options });

    test(`${connections} connections opened and dropped leave nothing`, { timeout: 300_000 }, async () => {
      await using cache = await start();
      await exchange(cache.port, ['set kept 0 0 1\r\nx\r\n']);
      const before = Number(cache.stats()['curr_connections']);
      const beginnings = ['', 'get kept\r\n', 'get ke', 'set a 0 0 100\r\nabc', '\x80\x01', 'nonsense\r\n'];
      for (let opened = 0; opened < connections; opened += 100) {
        await Promise.all(
          Array.from({ length: 100 }, async (_, at) => {
            const socket = await open(cache);
            const beginning = beginnings[(opened + at) % beginnings.length]!;
            if (beginning !== '') socket.write(beginning, 'latin1');
            socket.resetAndDestroy();
          }),
        );
      }
      await until(() => cache.stats()['curr_connections'] === before);
      expect(Number(cache.stats()['total_connections'])).toBeGreaterThanOrEqual(connections);
      expect(cache.stats()['curr_items']).toBe(1);
      expect(await answer(cache, 'get kept\r\n')).toBe('VALUE kept 0 1\r\nx\r\nEND\r\n');
    });

    test('what came behind the end of a conversation is answered with a reset', async () => {
      await using cache = await start();
      const socket = await open(cache);
      const errors: string[] = [];
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code!));
      const ended = gone(socket.resume());
      socket.write(Buffer.concat([Buffer.from('quit\r\n'), Buffer.alloc(MB, 'get a\r\n')]));
      await ended;
      expect(errors).toEqual([expect.stringMatching(/ECONNRESET|EPIPE/)]);
      await until(() => cache.stats()['curr_connections'] === 0);
      expect(cache.stats()['cmd_get']).toBe(0);
    });

    test('clients that send a byte at a time hold up nobody, and are ended when time is up', async () => {
      let now = Date.now();
      await using cache = await start({ clock: () => now, idleTimeoutSeconds: 10 });
      const request = 'get ' + 'k'.repeat(40) + '\r\n';
      const slow = await Promise.all(Array.from({ length: 200 }, () => open(cache)));
      const ended = Promise.all(slow.map(gone));
      for (let at = 0; at < 20; at++) {
        for (const socket of slow) socket.write(request[at]!);
        expect(await answer(cache, 'set a 0 0 1\r\n1\r\n')).toBe('STORED\r\n');
      }
      now += 30_000;
      await ended;
      expect(Number(cache.stats()['idle_kicks'])).toBe(200);
    });

    test('who reads answers or sends a value slowly is not idle', async () => {
      let now = Date.now();
      await using cache = await start({ clock: () => now, idleTimeoutSeconds: 10, memoryBytes: 64 * MB });
      const value = 'v'.repeat(900_000);
      await exchange(cache.port, [`set big 0 0 ${value.length}\r\n${value}\r\n`]);
      const reader = await open(cache);
      reader.pause();
      const hits = Number(cache.stats()['get_hits']);
      reader.write('get big\r\n'.repeat(30));
      await until(() => Number(cache.stats()['get_hits']) > hits);
      const sender = await open(cache);
      const refused = once(sender, 'data');
      sender.write(`set huge 0 0 ${2 * MB}\r\n`);
      expect(String((await refused)[0])).toBe('SERVER_ERROR object too large for cache\r\n');
      const idle = await open(cache);
      now += 30_000;
      await gone(idle.resume());
      expect(Number(cache.stats()['idle_kicks'])).toBe(1);
      const answers = `VALUE big 0 ${value.length}\r\n${value}\r\nEND\r\n`.length * 30;
      let read = 0;
      reader.on('data', (bytes: Buffer) => void (read += bytes.length)).resume();
      await until(() => read === answers);
      const stored = once(sender, 'data');
      sender.write(`${'x'.repeat(2 * MB)}\r\nversion\r\n`);
      expect(String((await stored)[0])).toMatch(/^VERSION /);
      for (const socket of [reader, sender]) socket.destroy();
    });

    test('a client of a unix socket is never idle', async () => {
      let now = Date.now();
      const path = join(tempDir(), 'cache.sock');
      await using cache = await start({ clock: () => now, idleTimeoutSeconds: 10, path });
      await cache.openConsole(`${path}.console`);
      const clients = await Promise.all([path, `${path}.console`].map(openUnix));
      now += 30_000;
      const juggles = () => Number(cache.stats()['lru_maintainer_juggles']);
      const looked = juggles() + 2; // clients are looked after with the lists
      await until(() => juggles() >= looked);
      for (const client of clients) {
        const said = once(client, 'data');
        client.write('version\r\n');
        expect(String((await said)[0])).toMatch(/^VERSION /);
        client.destroy();
      }
      expect(Number(cache.stats()['idle_kicks'])).toBe(0);
    });

    test('whoever looks after a full cache leaves no place behind', async () => {
      const console = join(tempDir(), 'console.sock');
      await using cache = await start({ maxConnections: 1, maxConnectionsFast: false });
      await cache.openConsole(console);
      const count = () => Number(cache.stats()['curr_connections']);
      const client = await open(cache);
      await until(() => count() > 0);
      const alone = count();
      const visitor = await openUnix(console);
      await until(() => count() > alone);
      const waiting = await open(cache);
      await until(() => Number(cache.stats()['listen_disabled_num']) > 0);
      visitor.destroy();
      await until(() => count() === alone);
      const served = once(waiting, 'data');
      waiting.write('version\r\n');
      expect(await answerOf(client, 'mn\r\n')).toBe('MN\r\n');
      client.destroy();
      expect(String((await served)[0])).toMatch(/^VERSION /);
      waiting.destroy();
    });

    test('a client that never reads is bounded, then dropped', async () => {
      let now = Date.now();
      await using cache = await start({ clock: () => now, memoryBytes: 16 * MB });
      const value = 'v'.repeat(900_000);
      await exchange(cache.port, [`set big 0 0 ${value.length}\r\n${value}\r\n`]);
      const written = Number(cache.stats()['bytes_written']);
      const socket = await open(cache);
      socket.pause();
      const closed = gone(socket);
      const requests = 'get big\r\n'.repeat(100_000); // 90 GB of answers
      socket.write(requests);
      await until(() => Number(cache.stats()['bytes_written']) > written);
      // Others are served meanwhile, and nothing more is made for the one that does not read.
      for (let i = 0; i < 50; i++) {
        expect(await answer(cache, 'get nothing\r\n')).toBe('END\r\n');
      }
      expect(Number(cache.stats()['bytes_written'])).toBeLessThan(written + 30 * MB);
      expect(Number(cache.stats()['bytes_read'])).toBeLessThan(requests.length + 2 * value.length);
      const connections = Number(cache.stats()['curr_connections']);
      now += 120_000;
      await until(() => Number(cache.stats()['curr_connections']) < connections);
      socket.resume(); // only to notice the end
      await closed;
      expect(await answer(cache, 'get nothing\r\n')).toBe('END\r\n');
    });

    test('one line of many keys makes no more answers than its client reads, and all arrive', async () => {
      await using cache = await start({ memoryBytes: 16 * MB });
      const value = 'v'.repeat(900_000);
      cache.set('big', value);
      const keys = 100;
      const socket = await open(cache);
      socket.pause();
      socket.write(`get${' big'.repeat(keys)}\r\n`);
      await until(() => Number(cache.stats()['cmd_get']) > 0);
      for (let i = 0; i < 50; i++) expect(await answer(cache, 'get nothing\r\n')).toBe('END\r\n');
      expect(Number(cache.stats()['bytes_written'])).toBeLessThan(30 * MB);
      const item = `VALUE big 0 ${value.length}\r\n${value}\r\n`;
      expect((await read(socket, keys * item.length + 5)) === `${item.repeat(keys)}END\r\n`).toBe(true);
    });

    test('what many slow clients were answered arrives whole, though more than is set aside for them', async () => {
      await using cache = await start({ memoryBytes: 64 * MB });
      const clients = 20;
      const items = Array.from({ length: clients }, (_, at) => {
        const value = String.fromCharCode(65 + at).repeat(900_000);
        cache.set(`k${at}`, value);
        return `VALUE k${at} 0 ${value.length}\r\n${value}\r\nEND\r\n`;
      });
      const slow = await Promise.all(
        items.map(async (_, at) => {
          const socket = await open(cache);
          socket.pause();
          socket.write(`get k${at}\r\n`.repeat(10));
          return socket;
        }),
      );
      await until(() => Number(cache.stats()['cmd_get']) >= clients * 4);
      // The collector has much to do meanwhile.
      const rubbish = Array.from({ length: 8 }, () => Buffer.alloc(0));
      for (let i = 0; i < 1000; i++) rubbish[i % rubbish.length] = Buffer.alloc(MB, '!');
      const answers = await Promise.all(slow.map((socket, at) => read(socket, 10 * items[at]!.length)));
      for (const [at, text] of answers.entries()) expect(text === items[at]!.repeat(10)).toBe(true);
    });

    test('unfinished requests of all clients are bounded together where that is asked for', async () => {
      await using cache = await start({ readBufferLimitBytes: MB });
      const unfinished = 'get ' + 'k '.repeat(50_000);
      const clients = await Promise.all(Array.from({ length: 20 }, () => open(cache)));
      const closed = clients.map((client) => new Promise((resolve) => client.on('close', resolve)));
      for (const client of clients) client.write(unfinished);
      await until(() => Number(cache.stats()['read_buf_oom']) > 0);
      await Promise.race(closed);
      expect(await answer(cache, 'get nothing\r\n')).toBe('END\r\n');
      for (const client of clients) client.destroy();
      await Promise.all(closed);
      // What was kept counts no more.
      const one = await open(cache);
      const oom = cache.stats()['read_buf_oom'];
      one.write(unfinished);
      one.end('\r\n');
      await once(one.resume(), 'close');
      expect(cache.stats()['read_buf_oom']).toBe(oom);
    });

    test('a value of 1 GiB is refused at once and swallowed as it comes', async () => {
      await using cache = await start({ memoryBytes: 16 * MB });
      const socket = await open(cache);
      const refused = once(socket, 'data');
      socket.write(`set huge 0 0 ${1024 * MB}\r\n`);
      expect(String((await refused)[0])).toBe('SERVER_ERROR object too large for cache\r\n');
      const part = Buffer.alloc(MB, 'x');
      const read = Number(cache.stats()['bytes_read']);
      for (let i = 0; i < 32; i++) {
        if (!socket.write(part)) await once(socket, 'drain');
      }
      await until(() => Number(cache.stats()['bytes_read']) >= read + 32 * MB);
      expect(cache.stats()['bytes']).toBe(0);
      expect(await answer(cache, 'get huge\r\n')).toBe('END\r\n');
      socket.destroy();
    });

    test('memory is within the limit again after a storm with readers that do not read', async () => {
      await using cache = await start({ memoryBytes: 8 * MB });
      const value = 'z'.repeat(400_000);
      const lazy = await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const set = `set k${at} 0 0 ${value.length} noreply\r\n${value}\r\n`;
          await exchange(cache.port, [set]);
          const socket = await open(cache);
          socket.pause();
          socket.write(`get k${at}\r\n`.repeat(50));
          return socket;
        }),
      );
      for (let round = 0; round < 5; round++) {
        const sets = Array.from(
          { length: 40 },
          (_, at) => `set r${round}-${at} 0 0 ${value.length} noreply\r\n${value}\r\n`,
        );
        await exchange(cache.port, [sets.join('')]);
      }
      for (const socket of lazy) socket.destroy();
      await until(() => Number(cache.stats()['curr_connections']) <= 2);
      await exchange(cache.port, [`set last 0 0 ${value.length}\r\n${value}\r\n`]);
      expect(Number(cache.stats()['bytes'])).toBeLessThanOrEqual(8 * MB);
      const slabs = await answer(cache, 'stats slabs\r\n');
      const malloced = Number(/total_malloced (\d+)/.exec(slabs)?.[1]);
      expect(malloced).toBeLessThanOrEqual(8 * MB + 3 * PAGE_BYTES);
      expect(malloced).toBeLessThan(8 * MB + CLASSES_MAX * PAGE_BYTES);
    });

    test('a large value arrives whole in any pieces, with more behind it', async () => {
      await using cache = await start({ memoryBytes: 64 * MB });
      const value = Buffer.from(Array.from({ length: 700_000 }, (_, at) => 33 + ((at * 7) % 90)));
      const request = Buffer.concat([
        Buffer.from(`set large 3 0 ${value.length}\r\n`),
        value,
        Buffer.from('\r\nget large\r\nget none\r\n'),
      ]);
      const expected = `STORED\r\nVALUE large 3 ${value.length}\r\n${value.toString('latin1')}\r\nEND\r\nEND\r\n`;
      for (const size of [10_000, 65_536, 131_072, 200_001, request.length]) {
        const pieces = Array.from({ length: Math.ceil(request.length / size) }, (_, at) =>
          request.subarray(at * size, (at + 1) * size),
        );
        expect((await exchange(cache.port, pieces)).toString('latin1') === expected).toBe(true);
      }
    });
  });
}

test('a datagram that asks for more than datagrams can hold is not answered, and costs little', async () => {
  await using cache = await createServer({ memoryBytes: 16 * MB, udpPort: 0 });
  cache.set('big', 'v'.repeat(900_000));
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const datagram = (request: string) => Buffer.from(`\0\x07\0\0\0\x01\0\0${request}`, 'latin1');
  socket.send(datagram(`get${' big'.repeat(10_000)}\r\n`), cache.udpPort, '127.0.0.1'); // 9 GB
  socket.send(datagram('get nothing\r\n'), cache.udpPort, '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString('latin1')).toBe('\0\x07\0\0\0\x01\0\0END\r\n');
  expect(Number(cache.stats()['bytes_written'])).toBeLessThan(100 * MB);
});

const RAW = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)';
const canForge = spawnSync('python3', ['-c', RAW]).status === 0;
if (!canForge) console.log('Skipped: datagrams cannot be forged here (no python3, or not root)');

test.skipIf(!canForge)('a datagram that claims to come from port 0 ends nothing', async () => {
  await using cache = await createServer({ udpPort: 0 });
  const forge = `
import socket, struct
request = b'\\0\\7\\0\\0\\0\\1\\0\\0get a\\r\\n'
header = struct.pack('!HHHH', 0, ${cache.udpPort}, 8 + len(request), 0)
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).sendto(header + request, ('127.0.0.1', 0))
`;
  expect(spawnSync('python3', ['-c', forge]).status).toBe(0);
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.send(Buffer.from('\0\x08\0\0\0\x01\0\0get a\r\n', 'latin1'), cache.udpPort, '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString('latin1')).toBe('\0\x08\0\0\0\x01\0\0END\r\n');
});

test('of a request in several datagrams, or in none, nothing is served', async () => {
  await using cache = await createServer({ memoryBytes: 16 * MB, udpPort: 0 });
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  for (const [id, count] of [
    [1, 0],
    [2, 2],
    [3, 256],
    [4, 1],
  ] as const) {
    const header = Buffer.from([0, id, 0, 0, count >> 8, count & 0xff, 0, 0]);
    socket.send(Buffer.concat([header, Buffer.from(`get k${id}\r\n`)]), cache.udpPort, '127.0.0.1');
  }
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString('latin1')).toBe('\0\x04\0\0\0\x01\0\0END\r\n');
  expect(cache.stats()['cmd_get']).toBe(1);
});

async function answerOf(client: Socket, request: string): Promise<string> {
  const said = once(client, 'data');
  client.write(request);
  return String((await said)[0]);
}

async function openUnix(path: string): Promise<Socket> {
  const socket = connect({ path });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function open(cache: CacheServer): Promise<Socket> {
  const socket = connect({ port: cache.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Also when it was dropped, which a client may be told as a reset. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Goes on reading until so much has come, or the connection is gone. */
async function read(socket: Socket, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).toString('latin1');
}

async function answer(cache: CacheServer, request: string): Promise<string> {
  return (await exchange(cache.port, [request])).toString('latin1');
}

/** Until it is so; the test's own time limit bounds it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
