import { describe, expect, test } from 'vitest';
import { entry, freePort, RawClient, rawBackend, readHead, startRouter } from './helpers.ts';

const handshake = (path = '/ws'): string =>
  `GET ${path} HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twice: a\r\nX-Twice: b\r\n\r\n';

const ACCEPT = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

describe('a WebSocket', () => {
  test('is tunnelled both ways, its path byte for byte', async () => {
    const heads: string[] = [];
    const app = await rawBackend((socket) => {
      void readHead(socket).then(({ head }) => {
        heads.push(head);
        socket.write(ACCEPT);
        socket.pipe(socket);
      });
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(handshake('/a/../b//c?x={"y"}'));
    await client.until('101 Switching Protocols');
    client.write('ping');
    await client.until('ping');
    expect(heads[0]).toMatch(/^GET \/a\/\.\.\/b\/\/c\?x=\{"y"\} HTTP\/1\.1\r\n/);
    expect(heads[0]).toContain('X-Forwarded-For: 127.0.0.1\r\n');
    expect(heads[0]).toContain('Upgrade: websocket\r\n');
    client.socket.end();
    expect(await record()).toMatchObject({ status: 101, instanceId: 'instance-0' });
  });

  test('is held while the app starts', async () => {
    const { port, router } = await startRouter([entry([])]);
    const client = await RawClient.connect(port);
    client.write(handshake());
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.write(ACCEPT));
    });
    router.update([entry([app.port])]);
    await client.until('101 Switching Protocols');
  });

  test('is answered 502 when the app cannot be reached', async () => {
    const { port } = await startRouter([entry([await freePort()])], { refusedMs: 1 });
    const client = await RawClient.connect(port);
    client.write(handshake());
    expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
  });
});
