import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { Authority } from '../../../runtime/tls/authority.ts';
import { Certificates } from '../../../runtime/tls/certificates.ts';
import type { RouteEntry, RouterOptions } from '../../../runtime/router/types.ts';
import { entry, httpBackend, rawBackend, readHead, reply, startRouter, type TestRouter } from './helpers.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const hasPython = spawnSync('python3', ['-c', 'import ssl']).status === 0;

let authority: Authority;
let ca: string;

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-'));
  authority = Authority.open(absolutePath(folder), Date.now());
  ca = authority.certificate.toString();
  return () => rmSync(folder, { recursive: true });
});

interface TlsRouter extends TestRouter {
  readonly tlsPort: number;
  readonly distrusted: () => number;
}

async function startTlsRouter(
  entries: readonly RouteEntry[],
  options: Partial<RouterOptions> = {},
): Promise<TlsRouter> {
  const started = await startRouter(entries, options);
  const certificates = new Certificates(authority, Date.now);
  let distrusted = 0;
  await started.router.listenTls({
    port: 0,
    strictPort: false,
    certificateFor: (name) => certificates.for(name),
    onDistrust: () => (distrusted += 1),
  });
  return { ...started, tlsPort: started.router.tlsPort!, distrusted: () => distrusted };
}

/** As a client that knows the authority would, over a connection of its own. */
function askSecurely(port: number, options: https.RequestOptions = {}): http.ClientRequest {
  const host = 'app.localhost';
  return https.request({
    host: '127.0.0.1',
    port,
    ca,
    servername: host,
    agent: false,
    ...options,
    headers: { Host: `${host}:${port}`, ...(options.headers as http.OutgoingHttpHeaders) },
  });
}

async function connectSecurely(port: number): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host: '127.0.0.1', port, ca, servername: 'app.localhost' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

describe('over HTTPS', () => {
  test('an app is reached, and told so', async () => {
    const backend = await httpBackend((request, response) =>
      response.end([request.headers.host, request.headers['x-forwarded-proto']].join(' ')),
    );
    const { tlsPort, record } = await startTlsRouter([entry([backend.port])]);
    const got = await reply(askSecurely(tlsPort).end());
    expect(got).toMatchObject({ status: 200, body: `app.localhost:${tlsPort} https` });
    expect(await record()).toMatchObject({ forwardedProto: 'https', status: 200 });
  });

  test('what a client says about its protocol is not believed', async () => {
    const backend = await httpBackend((request, response) =>
      response.end(String(request.headers['x-forwarded-proto'])),
    );
    const { tlsPort } = await startTlsRouter([entry([backend.port], { dialect: 'stackato' })]);
    const got = await reply(askSecurely(tlsPort, { headers: { 'X-Forwarded-Proto': 'http' } }).end());
    expect(got.body).toBe('https');
  });

  test('HTTP goes on beside it', async () => {
    const backend = await httpBackend((request, response) =>
      response.end(String(request.headers['x-forwarded-proto'])),
    );
    const { port } = await startTlsRouter([entry([backend.port])]);
    const request = http.request({
      host: '127.0.0.1',
      port,
      headers: { Host: 'app.localhost' },
      agent: false,
    });
    expect((await reply(request.end())).body).toBe('http');
  });

  test('a large body goes both ways, and several requests share a connection', async () => {
    const backend = await httpBackend((request, response) => request.pipe(response));
    const { tlsPort } = await startTlsRouter([entry([backend.port])]);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    const ports = new Set<number | undefined>();
    for (let round = 0; round < 3; round++) {
      const request = askSecurely(tlsPort, { method: 'POST', agent });
      const answered = reply(request);
      request.end(body);
      expect((await answered).body.length).toBe(body.length);
      ports.add(request.socket?.localPort);
    }
    expect(ports.size).toBe(1);
  });

  test('a WebSocket is tunnelled both ways', async () => {
    let seen = '';
    const backend = await rawBackend((socket) => {
      void readHead(socket).then(({ head }) => {
        seen = head;
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.pipe(socket);
      });
    });
    const { tlsPort, record } = await startTlsRouter([entry([backend.port])]);
    const request = askSecurely(tlsPort, {
      path: '/a/../b',
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    }).end();
    const [, socket] = (await once(request, 'upgrade')) as [unknown, net.Socket];
    socket.write('hello');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    expect(echo.toString()).toBe('hello');
    expect(seen).toContain('GET /a/../b HTTP/1.1');
    expect(seen).toContain('X-Forwarded-Proto: https');
    socket.destroy();
    expect((await record()).status).toBe(101);
  });

  test('an offer to leave HTTP that is not for a WebSocket is ignored', async () => {
    const backend = await httpBackend((request, response) => response.end(request.headers.upgrade ?? 'none'));
    const { tlsPort } = await startTlsRouter([entry([backend.port])]);
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };
    expect((await reply(askSecurely(tlsPort, { headers }).end())).body).toBe('none');
  });

  test('HTTP/1.1 is what is agreed on', async () => {
    const { tlsPort } = await startTlsRouter([]);
    const socket = tls.connect({
      host: '127.0.0.1',
      port: tlsPort,
      ca,
      servername: 'app.localhost',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('http/1.1');
    expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:app.localhost');
  });

  test('an address is enough, as it is with HTTP', async () => {
    const backend = await httpBackend((_, response) => response.end('it'));
    const { tlsPort } = await startTlsRouter([entry([backend.port])]);
    const request = https.get({ host: '127.0.0.1', port: tlsPort, ca, agent: false });
    expect((await reply(request)).body).toBe('it');
  });

  test('the list of what is routed has links that stay on HTTPS', async () => {
    const { tlsPort } = await startTlsRouter([entry([], { state: 'stopped' })]);
    const got = await reply(askSecurely(tlsPort, { headers: { Host: 'other.localhost' } }).end());
    expect(got).toMatchObject({ status: 404 });
    expect(got.body).toContain(`https://app.localhost:${tlsPort}/ app (stopped)`);
  });

  test('an outage ends the connection without an answer', async () => {
    const backend = await httpBackend((_, response) => response.end());
    const disturbance = () => ({ abort: true, delayMs: 0 });
    const { tlsPort } = await startTlsRouter([entry([backend.port])], { disturbance });
    const request = askSecurely(tlsPort).end();
    const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  test('bytes that are no HTTP are refused in words', async () => {
    const { tlsPort } = await startTlsRouter([]);
    const socket = await connectSecurely(tlsPort);
    socket.write('nonsense\r\n\r\n');
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => (received += text));
    await once(socket, 'close');
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });
});

describe('plain HTTP on the port of HTTPS', () => {
  const askPlainly = (port: number, headers: http.OutgoingHttpHeaders) =>
    reply(http.request({ host: '127.0.0.1', port, path: '/a?b', agent: false, headers }).end());

  test('is told where to go', async () => {
    const { tlsPort, record } = await startTlsRouter([]);
    const got = await askPlainly(tlsPort, { Host: `app.localhost:${tlsPort}` });
    expect(got.status).toBe(400);
    expect(got.body).toBe(
      `400 Bad Request: This port speaks HTTPS\nAsk for https://app.localhost:${tlsPort}/a?b\n`,
    );
    expect((await record()).status).toBe(400);
  });

  test('by a name that is none of ours is not given it back', async () => {
    const { tlsPort } = await startTlsRouter([]);
    const got = await askPlainly(tlsPort, { Host: 'rebound.example' });
    expect(got.body).toBe('400 Bad Request: This port speaks HTTPS\n');
  });

  test('asking for a WebSocket is told as well', async () => {
    const { tlsPort } = await startTlsRouter([]);
    const headers = { Host: 'app.localhost', Connection: 'Upgrade', Upgrade: 'websocket' };
    expect((await askPlainly(tlsPort, headers)).status).toBe(400);
  });
});

test.skipIf(!hasPython)(
  'a client that does not know the authority is noticed (skipped without python3)',
  async () => {
    // Node's own client says nothing of its reason to the server.
    const { tlsPort, distrusted } = await startTlsRouter([]);
    const program = `
import socket, ssl
raw = socket.create_connection(("127.0.0.1", ${tlsPort}))
try:
    ssl.create_default_context().wrap_socket(raw, server_hostname="app.localhost")
except ssl.SSLCertVerificationError as error:
    print(error.verify_message)`;
    const { stdout } = await promisify(execFile)('python3', ['-c', program]);
    expect(stdout).toContain('unable to get local issuer certificate');
    await expect.poll(distrusted).toBe(1);
  },
);

test('the port is the next free one when the wanted one is taken', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port: wanted } = taken.address() as net.AddressInfo;
  const { router } = await startRouter();
  const certificates = new Certificates(authority, Date.now);
  const options = {
    certificateFor: (name: string | undefined) => certificates.for(name),
    onDistrust: () => {},
    port: wanted,
  };
  await expect(router.listenTls({ ...options, strictPort: true })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
  expect(router.tlsPort).toBeUndefined();
  await router.listenTls({ ...options, strictPort: false });
  const { tlsPort } = router;
  expect(tlsPort).toBeGreaterThan(wanted);
  await router.listenTls({ ...options, port: 0, strictPort: true });
  expect(router.tlsPort).toBe(tlsPort);
});

describe('closing', () => {
  test('lets an answer under way finish, and ends what idles or has not yet agreed on keys', async () => {
    let finish = (): void => {};
    const backend = await httpBackend((_, response) => {
      response.write('begun ');
      finish = () => response.end('and done');
    });
    const { router, tlsPort } = await startTlsRouter([entry([backend.port])]);
    const idle = await connectSecurely(tlsPort);
    const silent = net.connect(tlsPort, '127.0.0.1');
    await once(silent, 'connect');
    const [response] = (await once(askSecurely(tlsPort).end(), 'response')) as [http.IncomingMessage];
    await once(response, 'readable');
    const [idleClosed, silentClosed] = [once(idle, 'close'), once(silent, 'close')];
    const closed = router[Symbol.asyncDispose]();
    await idleClosed;
    finish();
    let body = '';
    for await (const chunk of response) body += String(chunk);
    expect(body).toBe('begun and done');
    await closed;
    await silentClosed;
  });
});
