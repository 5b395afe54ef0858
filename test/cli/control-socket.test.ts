/** Clients of the real host's control socket that do not keep to the protocol: bounded, closed, and nobody else's matter. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { VERSION } from '../../runtime/kernel/version.ts';
import { echoApp, get, newHome, type Home } from '../helpers/cli.ts';

const MIB = 1024 * 1024;

interface Pushed {
  readonly url: string;
  readonly host: { readonly pid: number };
}

async function hosted() {
  const home = newHome();
  const pushed = await home.json<Pushed>(['push', '--detach', '--no-watch'], { cwd: echoApp('app') });
  return { home, ...pushed };
}

/** A connection with all it was told. Resolves when the host has closed it. */
function client(home: Home) {
  const runs = join(home.folder, 'state/spaces/default/run');
  const socket: Socket = connect(join(runs, readdirSync(runs)[0]!, 'control.sock'));
  onTestFinished(() => void socket.destroy());
  let told = '';
  socket.setEncoding('utf8').on('data', (text: string) => (told += text));
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(told)));
  return { socket, closed };
}

const residentMiB = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;

const hello = `${JSON.stringify({ id: 1, method: 'hello', params: { version: VERSION } })}\n`;

test.each([
  ['garbage', Buffer.from([0, 255, 10, 13, 10, 1, 2]), 'it is not a request'],
  ['HTTP', Buffer.from('POST / HTTP/1.1\r\nHost: x\r\n\r\n{}\n'), 'it is not a request'],
  ['JSON that is no request', Buffer.from('[1,2]\n'), 'it is not a request'],
  [
    'a request before "hello"',
    Buffer.from('{"id":1,"method":"snapshot","params":{}}\n'),
    'must be \\"hello\\"',
  ],
])('%s is refused and the connection closed', async (_what, bytes, reason) => {
  const { home, url } = await hosted();
  const { socket, closed } = client(home);
  socket.write(bytes);
  const told = await closed;
  expect(told).toContain('CONTROL_MESSAGE_INVALID');
  expect(told).toContain(reason);
  expect((await get(url)).status).toBe(200);
  expect((await home.run(['apps'])).code).toBe(0);
});

test('a method that is none, or what is no parameter of it, is an answer like another', async () => {
  const { home } = await hosted();
  const { socket, closed } = client(home);
  socket.write(hello);
  for (const [id, method, params] of [
    [2, 'nosuch', {}],
    [3, 'constructor', {}],
    [4, 'push', { manifest: 7 }],
    [5, 'scale', { app: { toString: 1 }, wanted: [] }],
    [6, 'snapshot', {}],
  ])
    socket.write(`${JSON.stringify({ id, method, params })}\n`);
  socket.end();
  const answers = (await closed)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { id: number; error?: object; result?: object });
  expect(answers.filter(({ error }) => error).map(({ id }) => id)).toEqual([2, 3, 4, 5]);
  expect(answers.find(({ id }) => id === 6)?.result).toMatchObject({ apps: [{ name: 'app' }] });
});

test('half a message changes nothing, whether its client waits or leaves', async () => {
  const { home, url } = await hosted();
  const waits = client(home);
  waits.socket.write(`${hello}{"id":2,"method":"stop","params":{"app":"a`);
  const leaves = client(home);
  leaves.socket.write(`${hello}{"id":2,"method":"stop","params":{"app":"app"}}`);
  leaves.socket.end();
  await leaves.closed;
  expect((await home.run(['apps'])).code).toBe(0);
  expect((await get(url)).status).toBe(200);
  // The host leaves all the same when it is told to.
  await home.run(['stop', '--all']);
  await waits.closed;
});

test('100 MB without an end are cut off at the bound, and take no memory beyond it', async () => {
  const { home, host, url } = await hosted();
  const before = residentMiB(host.pid);
  const { socket, closed } = client(home);
  socket.write(hello);
  const chunk = Buffer.alloc(MIB, 'x');
  let sent = 0;
  const send = (): void => {
    while (sent < 100 && socket.writable) {
      sent += 1;
      if (!socket.write(chunk)) {
        socket.once('drain', send);
        return;
      }
    }
  };
  send();
  await closed;
  expect(sent).toBeLessThan(100);
  expect(residentMiB(host.pid) - before).toBeLessThan(64);
  expect((await home.run(['apps'])).code).toBe(0);
  expect((await get(url)).status).toBe(200);
});
