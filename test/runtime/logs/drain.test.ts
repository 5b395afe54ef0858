import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { apptailJson, apptailLine, syslogMessage } from '../../../runtime/logs/drain-format.ts';
import { Drain, drainProblem } from '../../../runtime/logs/drain.ts';
import { formatHumanTime } from '../../../runtime/logs/format.ts';
import type { LogLine } from '../../../runtime/logs/types.ts';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
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

const app = {
  id: '6f2b1ff8-4a40-4d4a-8c48-1c2f3f0f1d11',
  space: { id: 'space-id', name: 'my space' },
  organization: { id: 'org-id', name: 'local' },
};

function drainTo(url: string, json = false) {
  const said: string[] = [];
  const drain = new Drain({ name: 'archive', url, json, app, say: (text) => said.push(text) });
  onTestFinished(() => drain[Symbol.asyncDispose]());
  return { drain, said };
}

/** A server that keeps what it is sent. */
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

describe('a line', () => {
  const at = Date.parse('2026-08-20T12:00:00.5Z');

  test('as Cloud Foundry’s syslog agent writes it', () => {
    expect(syslogMessage(line('hello'), app, true)).toBe(
      '<14>1 2026-08-20T12:00:00.5+00:00 local.my-space.shop 6f2b1ff8-4a40-4d4a-8c48-1c2f3f0f1d11 [APP/PROC/WEB/0] - ' +
        '[tags@47450 app_id="6f2b1ff8-4a40-4d4a-8c48-1c2f3f0f1d11" app_name="shop" instance_id="0" ' +
        'organization_id="org-id" organization_name="local" source_type="APP/PROC/WEB" space_id="space-id" ' +
        'space_name="my space"] hello\n',
    );
    expect(syslogMessage(line('oh no', { stream: 'ERR', at: at - 500, instance: 2 }), app, false)).toBe(
      `<11>1 2026-08-20T12:00:00+00:00 local.my-space.shop ${app.id} [APP/PROC/WEB/2] - - oh no\n`,
    );
    expect(syslogMessage(line('x', { owner: 'a "]\\' }), app, true)).toContain('app_name="a \\"\\]\\\\"');
  });

  test('as Stackato’s logyard writes it', () => {
    const time = formatHumanTime(at);
    expect(time).toMatch(/^2026-08-\d\dT\d\d:\d\d:00[+-]\d\d:\d\d$/);
    expect(apptailLine(line('hello'))).toBe(`${time} app.0: hello`);
    expect(apptailLine(line('staged', { source: 'STG' }))).toBe(`${time} staging.0: staged`);
    expect(JSON.parse(apptailJson(line('hello', { stream: 'ERR', instance: 1 }), app))).toEqual({
      Text: 'hello',
      LogFilename: 'stderr.log',
      UnixTime: Math.floor(at / 1000),
      HumanTime: time,
      Source: 'app',
      InstanceIndex: 1,
      AppID: app.id,
      AppName: 'shop',
      AppGroup: 'my space',
      NodeID: '127.0.0.1',
    });
  });
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
  expect(packets.map((packet) => (JSON.parse(packet) as { Text: string }).Text)).toEqual(['one', 'two']);
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

test('syslog: messages counted in bytes', async () => {
  const server = await tcpServer();
  const { drain } = drainTo(`syslog://127.0.0.1:${server.port}?disable-metadata=true`);
  const messages = ['ä short one', 'two\nlines'].map((text) => line(text));
  for (const message of messages) drain.send(message);
  const expected = messages
    .map((message) => syslogMessage(message, app, false))
    .map((text) => `${Buffer.byteLength(text)} ${text}`)
    .join('');
  await until('both', () => server.received().length >= expected.length);
  expect(server.received()).toBe(expected);
});

test('tcp: a server that goes away is tried again; it costs lines and not the app, and both is said', async () => {
  // One that the system gives to nobody while the server is away.
  const first = await tcpServer(await allocatePort());
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
  ['syslog://logs.example.com:514', undefined],
  ['syslog-tls://logs.example.com:6514?drain-type=logs', undefined],
  ['https://logs.example.com/path?token=x', undefined],
  ['http://127.0.0.1:514', 'only udp, tcp, syslog, syslog-tls and https are known'],
  ['syslog://logs.example.com', 'it needs a host and a port'],
  ['udp://127.0.0.1', 'it needs a host and a port'],
  ['archive', 'it is no URL'],
])('%s: %s', (url, problem) => {
  expect(drainProblem(url)).toBe(problem);
});
