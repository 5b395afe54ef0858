import { Server } from 'node:net';
import { expect, test } from 'vitest';
import { listenOnLoopback } from '../../../runtime/router/listen.ts';

/** A server the system has no descriptor for. */
class OutOfFiles extends Server {
  override listen(): this {
    queueMicrotask(() => this.emit('error', Object.assign(new Error('too many'), { code: 'EMFILE' })));
    return this;
  }
}

test.each([
  ['first', new OutOfFiles(), new Server()],
  ['second', new Server(), new OutOfFiles()],
])('what is not about the port is not told as a taken port: the %s address', async (_which, v4, v6) => {
  await expect(listenOnLoopback(v4, v6, { port: 0, strictPort: false })).rejects.toMatchObject({
    code: 'EMFILE',
  });
  expect([v4.listening, v6.listening]).toEqual([false, false]);
});
