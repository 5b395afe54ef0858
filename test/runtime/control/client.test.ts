/** The client against hosts that misbehave. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ControlClient } from '../../../runtime/control/client.ts';
import { VERSION } from '../../../runtime/kernel/version.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A socket where every connection is handled like this. */
async function host(handle: (socket: Socket) => void): Promise<string> {
  const path = join(tempDir(), 'control.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return path;
}

const greeting = (version: string): string => `${JSON.stringify({ id: 1, result: { version, pid: 1 } })}\n`;
const greets = (socket: Socket, then: string): void => {
  socket.once('data', () => socket.write(greeting(VERSION)));
  socket.on('data', () => socket.write(then));
};

test('one that takes the connection and says nothing is given up', async () => {
  const path = await host(() => {});
  await expect(ControlClient.connect(path, 50)).rejects.toMatchObject({
    code: 'HOST_LOST',
    facts: { reason: 'it does not answer' },
  });
});

test('one of another version is refused', async () => {
  const path = await host((socket) => socket.once('data', () => socket.write(greeting('9.9.9'))));
  await expect(ControlClient.connect(path)).rejects.toMatchObject({ code: 'HOST_VERSION_MISMATCH' });
});

test('where nobody listens, the system’s error is told', async () => {
  await expect(ControlClient.connect(join(tempDir(), 'control.sock'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test.each([
  ['what is no JSON', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a line without an end', 'x'.repeat(17 * 1024 * 1024)],
])('%s ends the connection, and the call that waits', async (_what, answer) => {
  const path = await host((socket) => greets(socket, answer));
  using client = await ControlClient.connect(path);
  const lost = expect.objectContaining({
    code: 'HOST_LOST',
    facts: { reason: 'it says what is not understood' },
  });
  await expect(client.call('snapshot', {})).rejects.toEqual(lost);
  expect(await client.lost).toEqual(lost);
  await expect(client.call('snapshot', {})).rejects.toEqual(lost);
});
