import http from 'node:http';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, RawClient, rawBackend, readHead, startRouter } from './helpers.ts';

async function answerTo(port: number, bytes: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.write(bytes);
  return client.until(/\r\n\r\n[^]*\n/);
}

describe('a request that router and app might read differently', () => {
  test.each([
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde',
      400,
    ],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: b.localhost\r\n\r\n', 400],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : app.localhost\r\n\r\n', 400],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: app.localhost\r\n X: y\r\n\r\n', 400],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: app.localhost\n\n', 400],
    [
      'another coding than chunks',
      'POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
    ],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['a target that is no path', 'GET app.localhost/x HTTP/1.1\r\nHost: app.localhost\r\n\r\n', 400],
    ['credentials in the target', 'GET http://a@app.localhost/ HTTP/1.1\r\nHost: app.localhost\r\n\r\n', 400],
    ['another scheme', 'GET ftp://app.localhost/ HTTP/1.1\r\nHost: app.localhost\r\n\r\n', 400],
  ])('is refused: %s', async (_what, bytes, status) => {
    let asked = 0;
    const app = await rawBackend((socket) => {
      asked += 1;
      socket.resume();
    });
    const { port } = await startRouter([entry([app.port])]);
    expect(await answerTo(port, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(asked).toBe(0);
  });

  test('is refused: no host', async () => {
    const { port } = await startRouter([entry([1])]);
    for (const head of ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost:\r\n\r\n']) {
      const answer = await answerTo(port, head);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer).toContain('X-Cf-RouterError: empty_host\r\n');
      expect(answer).toContain('400 Bad Request: Request had empty Host header\n');
    }
  });

  test('is refused: CONNECT', async () => {
    const { port } = await startRouter([entry([1])]);
    expect(await answerTo(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });
});

test('headers of more than a mebibyte are refused, less pass', async () => {
  const app = await httpBackend((request, response) => response.end(String(request.headers.x?.length)), {
    maxHeaderSize: 2 ** 20,
  });
  const { port } = await startRouter([entry([app.port])]);
  const much = (bytes: number): string =>
    `GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`;
  const small = await RawClient.connect(port);
  small.write(much(900_000));
  expect(await small.untilClosed()).toMatch(/\r\n900000\r\n|900000$/);
  const large = await RawClient.connect(port);
  large.write(much(1_100_000));
  const answer = await large.untilClosed();
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('X-Cf-RouterError: max-request-size-exceeded\r\n');
});

test('a very long list of headers is passed on whole, both ways', async () => {
  const many = Array.from({ length: 3_000 }, (_, at) => `X-${at}: v\r\n`).join('');
  let seen = '';
  const app = await rawBackend((socket) => {
    void readHead(socket).then(({ head }) => {
      seen = head;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${many}\r\nok`);
    });
  });
  const { port } = await startRouter([entry([app.port])]);
  const client = await RawClient.connect(port);
  client.write(`GET / HTTP/1.1\r\nHost: app.localhost\r\n${many}\r\n`);
  expect(await client.until('\r\n\r\nok')).toContain(many);
  expect(seen).toContain(many);
});

describe('a stranger', () => {
  test('cannot reach an app under a name that was pointed here', async () => {
    const { port } = await startRouter([entry([1], { app: 'secret-project' })]);
    const reply = await ask(port, { host: 'evil.example', headers: { Accept: 'text/html' } });
    expect(reply.status).toBe(404);
    expect(reply.body).not.toContain('secret-project');
  });

  test('cannot put markup into a page', async () => {
    const { port } = await startRouter();
    const client = await RawClient.connect(port);
    client.write(
      'GET / HTTP/1.1\r\nHost: "><script>alert(1)</script>.localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n',
    );
    const answer = await client.untilClosed();
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain('<script>');
  });

  test('on another machine finds nothing: only loopback is listened on', async (context) => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
    if (outside === undefined) return context.skip('this machine has no address but loopback');
    const { port } = await startRouter([entry([1])]);
    const refused = await new Promise<string>((resolve) => {
      const socket = net.connect({ host: outside, port });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      socket.on('connect', () => {
        socket.destroy();
        resolve('connected');
      });
    });
    expect(refused).toBe('ECONNREFUSED');
  });
});

test('a host of a million dots is answered like any unknown one', async () => {
  const { port } = await startRouter([entry([1], { host: '*.localhost' })]);
  const client = await RawClient.connect(port);
  client.write(`GET / HTTP/1.1\r\nHost: ${'a.'.repeat(450_000)}localhost\r\nConnection: close\r\n\r\n`);
  const answer = await client.untilClosed();
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer.length).toBeLessThan(2_000);
});

test('an app that forwards to itself is cut off', async () => {
  let asked = 0;
  let front = 0;
  const app = await httpBackend((request, response) => {
    asked += 1;
    // What a proxy does: the same headers to the same name.
    const again = http.request(
      { host: '127.0.0.1', port: front, path: request.url, headers: request.headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      },
    );
    again.end();
  });
  const { port } = await startRouter([entry([app.port])]);
  front = port;
  const reply = await ask(port);
  expect(reply.status).toBe(508);
  expect(reply.headers['x-cf-routererror']).toBe('loop_detected');
  expect(reply.body).toContain('App "app" seems to forward requests to a route that leads back to itself');
  expect(asked).toBe(10);
});

test('an offer to leave HTTP that is not for a WebSocket is ignored', async () => {
  const heads: string[] = [];
  const app = await rawBackend((socket) => {
    void readHead(socket).then(({ head }) => {
      heads.push(head);
      socket.resume();
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const { port } = await startRouter([entry([app.port])]);
  const client = await RawClient.connect(port);
  client.write(
    'POST /x HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\nContent-Length: 4\r\n\r\nbo',
  );
  client.write('dy');
  await client.until('\r\n\r\nok');
  expect(heads[0]).toMatch(/^POST \/x HTTP\/1\.1\r\n/);
  expect(heads[0]).not.toMatch(/upgrade|http2/i);
  client.received = '';
  client.write('GET /next HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
  await client.until('\r\n\r\nok');
});
