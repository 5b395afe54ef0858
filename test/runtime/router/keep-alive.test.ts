import http from 'node:http';
import type net from 'node:net';
import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, rawBackend, readHead, startRouter } from './helpers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** An app whose connections each answer once, and meet the second request with a reset. */
async function closesOnReuse() {
  const served: string[] = [];
  const app = await rawBackend((socket: net.Socket) => {
    void readHead(socket).then(({ head }) => {
      served.push(head.split(' ', 1)[0] ?? '');
      socket.write(OK);
      socket.once('data', () => socket.resetAndDestroy());
      socket.resume();
    });
  });
  return { app, served };
}

describe('an idle connection the app closes just then', () => {
  test('costs a GET nothing', async () => {
    const { app } = await closesOnReuse();
    const { port } = await startRouter([entry([app.port])]);
    for (let count = 0; count < 10; count++) expect((await ask(port)).status).toBe(200);
    expect(app.connections()).toBe(10);
  });

  test('is not used for a request that must not be repeated', async () => {
    const { app, served } = await closesOnReuse();
    const { port } = await startRouter([entry([app.port])]);
    expect((await ask(port)).status).toBe(200);
    // Older than any connection such a request may take.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await ask(port, { method: 'POST', body: 'once' })).status).toBe(200);
    expect(served).toEqual(['GET', 'POST']);
  });

  test('is not repeated for a request that may have been received', async () => {
    let posts = 0;
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        posts += 1;
        socket.resetAndDestroy();
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    expect((await ask(port, { method: 'POST', body: 'once' })).status).toBe(502);
    expect(posts).toBe(1);
  });

  test('loses no request in a race of many', async () => {
    const app = await httpBackend((_request, response) => response.end('ok'), { keepAliveTimeout: 5 });
    const { port } = await startRouter([entry([app.port])]);
    const agent = new http.Agent({ keepAlive: true });
    const statuses = new Set<number>();
    await Promise.all(
      Array.from({ length: 32 }, async (_, client) => {
        for (let count = 0; count < 25; count++) {
          const method = (client + count) % 3 === 0 ? 'POST' : 'GET';
          const reply = await ask(port, { method, agent, ...(method === 'POST' ? { body: 'b' } : {}) });
          statuses.add(reply.status);
          await new Promise((resolve) => setTimeout(resolve, (client * 7 + count * 3) % 12));
        }
      }),
    );
    agent.destroy();
    expect([...statuses]).toEqual([200]);
  });
});

test('a hint shorter than its margin means the connection is not kept', async () => {
  const app = await rawBackend((socket) => {
    void readHead(socket).then(() =>
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'),
    );
  });
  const { port } = await startRouter([entry([app.port])]);
  for (let count = 0; count < 3; count++) expect((await ask(port)).status).toBe(200);
  expect(app.connections()).toBe(3);
});

test('connections to an instance that left the table are closed', async () => {
  const app = await httpBackend((_request, response) => response.end('ok'));
  const { port, router } = await startRouter([entry([app.port])]);
  await ask(port);
  expect(app.sockets.size).toBe(1);
  router.update([]);
  await expect.poll(() => app.sockets.size).toBe(0);
});
