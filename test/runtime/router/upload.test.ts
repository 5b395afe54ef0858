import { once } from 'node:events';
import http from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, RawClient, rawBackend, readHead, reply, startRouter } from './helpers.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** What bodies under way may take at most, far below their size; the collector lags behind by some reads. */
const BODY_MEMORY = 64 * MIB;
const LOOK_EVERY = 128 * MIB;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers held now, garbage aside as far as it can be told. */
function heldBytes(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** Writes that many bytes as fast as they are taken; resolves to the most that was held meanwhile. */
async function pour(into: http.ClientRequest | http.ServerResponse, bytes: number): Promise<number> {
  let peak = 0;
  let wake = (): void => {};
  into.on('drain', () => wake());
  into.on('close', () => wake());
  for (let sent = 0; sent < bytes && !into.destroyed; sent += CHUNK.length) {
    if (sent % LOOK_EVERY === 0) peak = Math.max(peak, heldBytes());
    if (!into.write(CHUNK) && !into.destroyed) await new Promise<void>((resolve) => (wake = resolve));
  }
  into.end();
  return peak;
}

describe('a large body', () => {
  test('of a gibibyte goes up without being kept', async () => {
    const app = await httpBackend((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(String(bytes)));
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const before = heldBytes();
    const request = http.request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      agent: false,
      headers: { Host: 'app.localhost', 'Content-Length': GIB },
    });
    const answered = reply(request);
    const peak = await pour(request, GIB);
    expect((await answered).body).toBe(String(GIB));
    expect(peak - before).toBeLessThan(BODY_MEMORY);
    expect((await record()).requestBytes).toBe(GIB);
  });

  test('of a gibibyte comes down without being kept', async () => {
    let peak = 0;
    const app = await httpBackend((_request, response) => {
      void pour(response, GIB).then((seen) => (peak = seen));
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const before = heldBytes();
    const request = http.get({ host: '127.0.0.1', port, agent: false, headers: { Host: 'app.localhost' } });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(GIB);
    expect(peak - before).toBeLessThan(BODY_MEMORY);
    expect((await record()).responseBytes).toBe(GIB);
  });

  test('is not taken from the app faster than the client reads', async () => {
    let written = 0;
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
        const push = (): void => {
          while (socket.write(CHUNK)) written += CHUNK.length;
        };
        socket.on('drain', push);
        push();
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await client.until('xxx');
    client.socket.pause();
    let last = -1;
    // Still when two looks see the same: kernel and streams are full and nothing takes more.
    await expect.poll(() => last === (last = written), { interval: 200, timeout: 60_000 }).toBe(true);
    expect(written).toBeLessThan(64 * MIB);
  });

  test('is not taken from the client faster than the app reads', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket);
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000000\r\n\r\n');
    let written = 0;
    const push = (): void => {
      while (client.socket.write(CHUNK)) written += CHUNK.length;
    };
    client.socket.on('drain', push);
    push();
    let last = -1;
    await expect.poll(() => last === (last = written), { interval: 200, timeout: 60_000 }).toBe(true);
    expect(written).toBeLessThan(64 * MIB);
  });
});

describe('an answer before the end of the upload', () => {
  test('reaches the client although the app hangs up', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        socket.end('HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoo big');
        // Unread input makes the kernel reset the connection.
        socket.destroySoon();
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    for (let count = 0; count < 20; count++) {
      const request = http.request({
        host: '127.0.0.1',
        port,
        method: 'POST',
        agent: false,
        headers: { Host: 'app.localhost', 'Content-Length': 100 * MIB },
      });
      request.on('error', () => {});
      const answered = reply(request);
      void pour(request, 100 * MIB);
      expect(await answered).toMatchObject({ status: 413, body: 'too big' });
      request.destroy();
    }
  });

  test('leaves the client connection usable once the upload is over', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        socket.end('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 7\r\n\r\ntoo big');
        socket.destroySoon();
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000\r\n\r\n');
    client.write('x'.repeat(500_000));
    await client.until('too big');
    client.write('x'.repeat(500_000));
    client.received = '';
    client.write('GET /next HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await client.until('too big');
  });

  test('does not take the rest from an app that reads on', async () => {
    let bytes = 0;
    let done!: () => void;
    const read = new Promise<void>((resolve) => (done = resolve));
    const app = await httpBackend((request, response) => {
      response.end('early');
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', done);
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1000000\r\n\r\n');
    await client.until('early');
    client.write('x'.repeat(1_000_000));
    await read;
    expect(bytes).toBe(1_000_000);
  });

  test('by the router itself reaches the client', async () => {
    const { port } = await startRouter();
    const answered = await ask(port, { method: 'POST', body: Buffer.alloc(8 * MIB) });
    expect(answered.status).toBe(404);
  });
});

describe('Expect: 100-continue', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: app.localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';

  test('is answered by the app', async () => {
    const app = await httpBackend((request, response) => request.pipe(response));
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(HEAD);
    expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('body');
    await client.until('body');
  });

  test('is refused by the app', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() =>
        socket.write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno'),
      );
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(HEAD);
    const answer = await client.until('\r\n\r\nno');
    expect(answer).toMatch(/^HTTP\/1\.1 417 /);
  });
});

test('a head reaches the app before its body is there', async () => {
  let head!: (text: string) => void;
  const seen = new Promise<string>((resolve) => (head = resolve));
  const app = await rawBackend((socket) => {
    void readHead(socket).then((read) => head(read.head));
  });
  const { port } = await startRouter([entry([app.port])]);
  const client = await RawClient.connect(port);
  client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4\r\n\r\n');
  expect(await seen).toContain('Content-Length: 4');
});
