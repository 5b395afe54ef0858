import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Drain, drainProblem, syslogLine } from '../../../runtime/logs/drain.ts';
import type { LogLine } from '../../../runtime/logs/types.ts';
import { until } from '../../helpers/alive.ts';

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  seq: 1,
  at: Date.parse('2026-08-20T12:00:00.5Z'),
  owner: 'shop',
  source: 'APP/PROC/WEB',
  instance: 0,
  stream: 'OUT',
  text,
  ...more,
});

function drainTo(url: string, json = false) {
  const said: string[] = [];
  const drain = new Drain({ name: 'archive', url, json, say: (text) => said.push(text) });
  onTestFinished(() => drain[Symbol.asyncDispose]());
  return { drain, said };
}

/** A server that keeps what it is sent, on the port it had before if there was one. */
async function tcpServer(port = 0) {
  let received = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => (received += String(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, received: () => received, close };
}

test('a line in syslog’s format', () => {
  expect(syslogLine(line('hello'))).toMatch(
    /^<14>1 2026-08-20T12:00:00\.500Z \S+ shop \[APP\/PROC\/WEB\/0\] - - hello$/,
  );
  expect(syslogLine(line('oh no', { stream: 'ERR', owner: 'mein Schrank' }))).toMatch(
    /^<11>1 \S+ \S+ mein-Schrank /,
  );
});

test('udp: one packet a line', async () => {
  const server = createSocket('udp4');
  const packets: string[] = [];
  server.on('message', (packet) => packets.push(String(packet)));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { drain } = drainTo(`udp://127.0.0.1:${server.address().port}`, true);
  drain.send(line('one'));
  drain.send(line('two'));
  await until('two packets', () => packets.length === 2);
  expect(packets.map((packet) => (JSON.parse(packet) as LogLine).text)).toEqual(['one', 'two']);
});

test('tcp: lines in order, those from before the connection too', async () => {
  const server = await tcpServer();
  const { drain, said } = drainTo(`tcp://127.0.0.1:${server.port}/`);
  for (let index = 0; index < 1000; index++) drain.send(line(`number ${index}`));
  await until('the last', () => server.received().includes('number 999\n'));
  const numbers = [...server.received().matchAll(/number (\d+)\n/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(said).toEqual([]);
});

test('tcp: a server that goes away is tried again; it costs lines and not the app, and both is said', async () => {
  const first = await tcpServer();
  const { drain, said } = drainTo(`tcp://127.0.0.1:${first.port}`);
  drain.send(line('before'));
  await until('the first line', () => first.received().includes('before'));
  await first.close();
  await until('the loss to be noticed', () => said.some((text) => text.includes('cannot reach')));
  const long = 'x'.repeat(100_000);
  for (let index = 0; index < 20; index++) drain.send(line(long));
  const second = await tcpServer(first.port);
  await until('what waited', () => second.received().includes(long));
  await until('the count', () => said.some((text) => /^\d+ lines were not sent/.test(text)));
});

test.each([
  ['udp://127.0.0.1:514', undefined],
  ['tcp://[::1]:514/', undefined],
  ['http://127.0.0.1:514', 'only udp:// and tcp:// are known'],
  ['udp://127.0.0.1', 'it needs a host and a port'],
  ['archive', 'it is no URL'],
])('%s: %s', (url, problem) => {
  expect(drainProblem(url)).toBe(problem);
});
