import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, test } from 'vitest';
import { ask, entry, httpBackend, RawClient, rawBackend, readHead, startRouter } from './helpers.ts';

describe('a plain request', () => {
  test('reaches the app and its answer comes back', async () => {
    const app = await httpBackend((request, response) => {
      response.setHeader('X-Seen-Host', request.headers.host ?? '');
      response.end(`hello ${request.url}`);
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const reply = await ask(port, { path: '/a?b=c' });
    expect(reply).toMatchObject({ status: 200, body: 'hello /a?b=c' });
    expect(reply.headers['x-seen-host']).toBe(`app.localhost:${port}`);
    expect(await record()).toMatchObject({
      app: 'app',
      method: 'GET',
      path: '/a?b=c',
      status: 200,
      responseBytes: 12,
      instanceIndex: 0,
      instanceId: 'instance-0',
      routerError: undefined,
    });
  });

  test('carries its body, with a length and in chunks', async () => {
    const app = await httpBackend((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (text: string) => (body += text));
      request.on('end', () => response.end(JSON.stringify({ headers: request.rawHeaders, body })));
    });
    const { port } = await startRouter([entry([app.port])]);
    const sized = await ask(port, { method: 'POST', body: 'x'.repeat(1000) });
    expect(JSON.parse(sized.body).body).toHaveLength(1000);
    const chunked = await ask(port, {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
      body: 'abc',
    });
    expect(JSON.parse(chunked.body).body).toBe('abc');
  });

  test('reuses its connection to the app', async () => {
    const app = await httpBackend((_request, response) => response.end('ok'));
    const { port } = await startRouter([entry([app.port])]);
    for (let count = 0; count < 5; count++) await ask(port);
    expect(app.connections()).toBe(1);
  });

  test('is told to the app when its client leaves', async () => {
    let arrived!: () => void;
    const waiting = new Promise<void>((resolve) => (arrived = resolve));
    let left!: () => void;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const app = await httpBackend((request) => {
      request.on('close', left);
      arrived();
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const request = http.get({ host: '127.0.0.1', port, headers: { Host: 'app.localhost' }, agent: false });
    request.on('error', () => {});
    await waiting;
    request.destroy();
    await gone;
    expect(await record()).toMatchObject({ status: 499, routerError: 'endpoint_failure (context canceled)' });
  });

  test('is cut short for the client when the app dies in the middle of its answer', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy());
      });
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    expect(await client.untilClosed()).toContain('half');
  });

  test('gets the head of an event stream before its first event', async () => {
    const app = await httpBackend((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
    });
    const { port } = await startRouter([entry([app.port])]);
    const request = http.get({ host: '127.0.0.1', port, headers: { Host: 'app.localhost' }, agent: false });
    request.on('error', () => {});
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.headers['content-type']).toBe('text/event-stream');
    request.destroy();
  });
});
