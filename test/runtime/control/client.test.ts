/** The client against hosts that misbehave. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ControlClient } from '../../../runtime/control/client.ts';
import { fakeHost, greeting } from '../../helpers/fake-host.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const greets = (socket: Socket, then: string): void => {
  socket.once('data', () => socket.write(greeting()));
  socket.on('data', () => socket.write(then));
};

test('one that takes the connection and says nothing is given up', async () => {
  const path = await fakeHost(() => {});
  await expect(ControlClient.connect(path, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'HOST_LOST',
    facts: { reason: 'it does not answer' },
  });
});

test('one of another version is refused', async () => {
  const path = await fakeHost((socket) => socket.once('data', () => socket.write(greeting('9.9.9'))));
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
  const path = await fakeHost((socket) => greets(socket, answer));
  using client = await ControlClient.connect(path);
  const lost = expect.objectContaining({
    code: 'HOST_LOST',
    facts: { reason: 'it says what is not understood' },
  });
  await expect(client.call('snapshot', {})).rejects.toEqual(lost);
  expect(await client.lost).toEqual(lost);
  await expect(client.call('snapshot', {})).rejects.toEqual(lost);
});
