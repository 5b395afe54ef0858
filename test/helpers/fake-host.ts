/** Control sockets where every connection is handled as a test likes. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { VERSION } from '../../runtime/kernel/version.ts';
import { tempDir } from './temp-dir.ts';

/** @returns the socket's path */
export async function fakeHost(handle: (socket: Socket) => void): Promise<string> {
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

/** The answer to a client's first request. */
export const greeting = (version = VERSION): string =>
  `${JSON.stringify({ id: 1, result: { version, pid: 1 } })}\n`;
