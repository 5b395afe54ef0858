import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { entry, RawClient, rawBackend, readHead, startRouter } from './helpers.ts';

const handshake = (path = '/ws'): string =>
  `GET ${path} HTTP/1.1\r\nHost: App.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twice: a\r\nX-Twice: b\r\n' +
  'X-Forwarded-For: 6.6.6.6\r\n\r\n';

const ACCEPT = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

async function echo() {
  const heads: string[] = [];
  const app = await rawBackend((socket) => {
    void readHead(socket).then(({ head }) => {
      heads.push(head);
      socket.write(ACCEPT);
      socket.pipe(socket);
    });
  });
  return { app, heads };
}

describe('a WebSocket', () => {
  test('is tunnelled both ways, its path byte for byte', async () => {
    const { app, heads } = await echo();
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake('/a/../b//c?x={"y"}'));
    await client.until('101 Switching Protocols');
    client.write('ping');
    await client.until('ping');
    const head = heads[0] ?? '';
    expect(head).toMatch(/^GET \/a\/\.\.\/b\/\/c\?x=\{"y"\} HTTP\/1\.1\r\n/);
    for (const line of [
      'Host: App.localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'X-Twice: a',
      'X-Twice: b',
    ]) {
      expect(head).toContain(`\r\n${line}\r\n`);
    }
    expect(head).toContain('\r\nX-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n');
    client.socket.end();
    expect(await record()).toMatchObject({ status: 101, instanceId: 'instance-0', requestBytes: 4 });
  });

  test('carries 8 MiB each way', async () => {
    const { app } = await echo();
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    await client.until('\r\n\r\n');
    client.received = '';
    const text = '0123456789abcdef'.repeat(64 * 1024);
    for (let count = 0; count < 8; count++) client.write(text);
    while (client.received.length < 8 * text.length) await once(client.socket, 'data');
    expect(client.received === text.repeat(8)).toBe(true);
  });

  test('gets the bytes that came with the handshake', async () => {
    const { app } = await echo();
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(`${handshake()}at once`);
    await client.until('at once');
  });

  test('has no time limit once it is open', async () => {
    const { app } = await echo();
    const { port } = await startRouter([entry([app.port])], { requestTimeoutMs: 1000 });
    const client = await RawClient.connect(port);
    client.write(handshake());
    await client.until('\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    client.write('still here');
    await client.until('still here');
  });

  test('is held while the app starts', async () => {
    const { port, router } = await startRouter([entry([])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    const { app } = await echo();
    router.update([entry([app.port])]);
    await client.until('101 Switching Protocols');
  });

  test('that leaves while it is held is dropped', async () => {
    const { port, record } = await startRouter([entry([])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    client.socket.end();
    expect(await record()).toMatchObject({ status: 499 });
  });

  test('that leaves before the app has decided is told to the app', async () => {
    let ended!: () => void;
    const gone = new Promise<void>((resolve) => (ended = resolve));
    let asked!: () => void;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    const app = await rawBackend((socket) => {
      socket.once('close', ended);
      socket.once('end', ended);
      void readHead(socket).then(() => {
        socket.resume();
        asked();
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    await waiting;
    client.socket.destroy();
    await gone;
  });

  test('that is refused shows the refusal', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() =>
        socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nno\r\n'),
      );
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    const answer = await client.untilClosed();
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toContain('\r\n\r\nno\r\n');
    expect(await record()).toMatchObject({ status: 401 });
  });

  test('is answered 502 when the app cannot be reached', async () => {
    const { port, record } = await startRouter([entry([await allocatePort()])], { refusedMs: 1 });
    const client = await RawClient.connect(port);
    client.write(handshake());
    expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(await record()).toMatchObject({ status: 502 });
  });

  test('is answered 502 when the app hangs up instead of answering', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.destroy());
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
  });

  test('ends with the app, and the app with it', async () => {
    const { app } = await echo();
    const { port } = await startRouter([entry([app.port])]);
    const first = await RawClient.connect(port);
    first.write(handshake());
    await first.until('\r\n\r\n');
    for (const socket of app.sockets) socket.resetAndDestroy();
    await first.untilClosed();
    const second = await RawClient.connect(port);
    second.write(handshake());
    await second.until('\r\n\r\n');
    second.socket.destroy();
    await expect.poll(() => app.sockets.size).toBe(0);
  });
});
