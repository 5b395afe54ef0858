import { describe, expect, test } from 'vitest';
import {
  APP_GUID,
  ask,
  entry,
  httpBackend,
  RawClient,
  rawBackend,
  readHead,
  startRouter,
} from './helpers.ts';

/** An app that keeps the heads it got and answers each with the given bytes. */
async function recording(answer: string) {
  const heads: string[] = [];
  const bodies: string[] = [];
  const app = await rawBackend((socket) => {
    void readHead(socket).then(({ head, rest }) => {
      heads.push(head);
      bodies.push(rest.toString('latin1'));
      socket.on('data', (chunk) => bodies.push(chunk.toString('latin1')));
      socket.resume();
      socket.write(answer, 'latin1');
    });
  });
  return { app, heads, bodies };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('what the app sees', () => {
  test.each([
    '//x//y',
    '/a/../b/./c',
    '/a\\b',
    '/{ "quoted" }'.replaceAll(' ', '%20'),
    '/%2e%2E/%C3%A9?a=%00&b=c+d',
    '/x?y#z',
    '/?',
    '/;a=b|c^d`e',
  ])('the path %s byte for byte', async (path) => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(`GET ${path} HTTP/1.1\r\nHost: app.localhost\r\n\r\n`);
    await client.until('\r\n\r\nok');
    expect(heads[0]?.split('\r\n')[0]).toBe(`GET ${path} HTTP/1.1`);
  });

  test('header case, order and duplicates as sent, and its own set after them', async () => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(
      'GET / HTTP/1.1\r\nhOsT: App.localhost\r\nX-CUSTOM: 1\r\naccept: a\r\nx-Custom: 2\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n',
    );
    await client.until('\r\n\r\nok');
    const lines = heads[0]?.split('\r\n') ?? [];
    expect(lines.slice(1, 7)).toEqual([
      'hOsT: App.localhost',
      'X-CUSTOM: 1',
      'accept: a',
      'x-Custom: 2',
      'Cookie: a=b',
      'Cookie: c=d',
    ]);
    expect(heads[0]).toMatch(
      /\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Request-Start: \d{13}\r\n/,
    );
    expect(heads[0]).toContain(`\r\nX-CF-ApplicationID: ${APP_GUID}\r\n`);
    expect(heads[0]).toContain('\r\nX-CF-InstanceID: instance-0\r\nX-CF-InstanceIndex: 0\r\n');
    expect(heads[0]).toMatch(/\r\nX-Vcap-Request-Id: [0-9a-f-]{36}\r\n/);
  });

  test('no header of the connection, nor what a client claims about itself', async () => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(
      [
        'GET / HTTP/1.1',
        'Host: app.localhost',
        'Connection: keep-alive, X-Private, Content-Length, Host',
        'X-Private: secret',
        'Keep-Alive: timeout=5',
        'Proxy-Authorization: Basic eA==',
        'Proxy-Connection: keep-alive',
        'TE: trailers, deflate',
        'X-Forwarded-Client-Cert: evil',
        'X-Vcap-Request-Id: mine',
        'X-CF-InstanceIndex: 99',
        'X-CF-Proxy-Signature: s',
        'X-Request-Start: 12345',
        '\r\n',
      ].join('\r\n'),
    );
    await client.until('\r\n\r\nok');
    const head = heads[0] ?? '';
    expect(head).not.toMatch(/secret|keep-alive: |proxy-|evil|mine|Index: 99|deflate/i);
    expect(head).toContain('\r\nTE: trailers\r\n');
    expect(head).toContain('\r\nX-Request-Start: 12345\r\n');
    expect(head.match(/\r\nHost: /gi)).toHaveLength(1);
  });

  const FROM_A_PROXY = [
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-for: 10.0.0.1',
    'x-forwarded-proto: https',
    'X-FORWARDED-HOST: www.example.com',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
  ];

  test('where a proxy in front left off, the Cloud Foundry set goes on', async () => {
    const { app, heads } = await recording(OK);
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(`GET / HTTP/1.1\r\nHost: app.localhost\r\n${FROM_A_PROXY.join('\r\n')}\r\n\r\n`);
    await client.until('\r\n\r\nok');
    const head = heads[0] ?? '';
    expect(head).toContain(
      '\r\nX-Forwarded-For: 6.6.6.6, 10.0.0.1, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n',
    );
    expect(head.match(/\r\nx-forwarded-(for|proto): /gi)).toHaveLength(2);
    expect(head).toContain(
      '\r\nX-FORWARDED-HOST: www.example.com\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n',
    );
    expect(await record()).toMatchObject({
      forwardedFor: '6.6.6.6, 10.0.0.1, 127.0.0.1',
      forwardedProto: 'https',
    });
  });

  test('and the Stackato set believes nothing of it', async () => {
    const { app, heads } = await recording(OK);
    const { port, record } = await startRouter([entry([app.port], { dialect: 'stackato' })]);
    const client = await RawClient.connect(port);
    client.write(`GET / HTTP/1.1\r\nHost: app.localhost\r\n${FROM_A_PROXY.join('\r\n')}\r\n\r\n`);
    await client.until('\r\n\r\nok');
    expect(heads[0]).not.toMatch(/6\.6\.6\.6|10\.0\.0\.1|https|example|forwarded: /i);
    expect(heads[0]).toContain(
      '\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Real-IP: 127.0.0.1\r\n',
    );
    expect(await record()).toMatchObject({ forwardedFor: '127.0.0.1', forwardedProto: 'http' });
  });

  test('the Stackato set in that dialect', async () => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port], { dialect: 'stackato' })]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\nX-Real-IP: 6.6.6.6\r\nX-CSRFToken: t\r\n\r\n');
    await client.until('\r\n\r\nok');
    expect(heads[0]).toContain('\r\nX-Real-IP: 127.0.0.1\r\n');
    expect(heads[0]).toContain('\r\nX-Forwarded-For: 127.0.0.1\r\n');
    expect(heads[0]).toContain('\r\nX-CSRFToken: t\r\n');
    expect(heads[0]).not.toMatch(/6\.6\.6\.6|X-CF-/);
  });

  test('an empty length instead of chunks for a POST without a body', async () => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await client.until('\r\n\r\nok');
    expect(heads[0]).toContain('\r\nContent-Length: 0\r\n');
    expect(heads[0]).not.toContain('Transfer-Encoding');
  });

  test('a Host for a client of HTTP/1.0 that sent none, which gets its answer unchunked', async () => {
    const { app, heads } = await recording(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    );
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.0\r\n\r\n');
    const answer = await client.untilClosed();
    expect(heads[0]).toContain(`\r\nHost: localhost:${port}\r\n`);
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer.endsWith('\r\n\r\nok')).toBe(true);
  });

  test('the authority of an absolute-form target as Host, and the rest as path', async () => {
    const { app, heads } = await recording(OK);
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET http://App.localhost:1/a/../b?c HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    await client.until('\r\n\r\nok');
    expect(heads[0]).toMatch(/^GET \/a\/\.\.\/b\?c HTTP\/1\.1\r\nHost: App\.localhost:1\r\n/);
  });

  test('trailers of a chunked request', async () => {
    const { app, bodies } = await recording('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(
      'POST / HTTP/1.1\r\nHost: app.localhost\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    client.write('3\r\nabc\r\n0\r\nX-Sum: 42\r\nX-Forwarded-For: evil\r\n\r\n');
    await client.until('\r\n\r\nok');
    await expect.poll(() => bodies.join('')).toMatch(/3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n$/);
    expect(bodies.join('')).not.toContain('evil');
  });
});

describe('what the client sees', () => {
  test('header case, order and duplicates as answered, without those of the connection', async () => {
    const { app } = await recording(
      'HTTP/1.1 299 Quite Fine\r\nX-B: 1\r\nset-cookie: a=b\r\nSET-COOKIE: c=d\r\nConnection: close, X-Hop\r\nX-Hop: no\r\n' +
        'Keep-Alive: timeout=77\r\nX-b: 2\r\nContent-Length: 2\r\nServer: \xe9\r\n\r\nok',
    );
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    const answer = await client.until('\r\n\r\nok');
    expect(answer).toMatch(
      /^HTTP\/1\.1 299 Quite Fine\r\nX-B: 1\r\nset-cookie: a=b\r\nSET-COOKIE: c=d\r\nX-b: 2\r\nContent-Length: 2\r\nServer: \xe9\r\n/,
    );
    expect(answer).not.toMatch(/X-Hop|timeout=77|Connection: close/);
    expect(answer).toMatch(/\r\nX-Vcap-Request-Id: [0-9a-f-]{36}\r\n/);
  });

  test("the app's own request id, when it sets one", async () => {
    const { app } = await recording(
      'HTTP/1.1 200 OK\r\nx-vcap-request-id: own\r\nContent-Length: 2\r\n\r\nok',
    );
    const { port } = await startRouter([entry([app.port])]);
    const reply = await ask(port);
    expect(reply.headers['x-vcap-request-id']).toBe('own');
  });

  test('early hints and trailers', async () => {
    const { app } = await recording(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n',
    );
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    const answer = await client.until(/X-Sum: 42\r\n\r\n$/);
    expect(answer).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\nLink: <\/b\.js>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    );
    expect(answer).toContain('\r\nTrailer: X-Sum\r\n');
    expect(answer).toContain('2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n');
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', 'Content-Length: 1000'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '200 OK'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', 'ETag: "x"'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', '204 No Content'],
  ])('the end of an answer to %s without a body: %s', async (method, bytes, kept) => {
    const app = await rawBackend((socket) => {
      const serve = (): void => void readHead(socket).then(() => socket.write(bytes, serve));
      serve();
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    const request = `${method} / HTTP/1.1\r\nHost: app.localhost\r\n\r\n`;
    client.write(request);
    const first = await client.until(/\r\n\r\n/);
    expect(first).toContain(kept);
    client.received = '';
    client.write(request);
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 \d/);
  });

  test('an answer that ends with its connection, in chunks', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
    });
    const { port } = await startRouter([entry([app.port])]);
    expect(await ask(port)).toMatchObject({ status: 200, body: 'all of it' });
  });

  test('an answer to each of several requests sent at once, in their order', async () => {
    const app = await httpBackend((request, response) => {
      if (request.url === '/slow') setImmediate(() => setImmediate(() => response.end('slow')));
      else response.end('fast');
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: app.localhost\r\n\r\n`;
    client.write(get('/slow') + get('/fast') + get('/fast'));
    expect(await client.until(/slow[^]*fast[^]*fast/)).toBeDefined();
  });
});
