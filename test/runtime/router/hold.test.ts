import http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { ask, entry, httpBackend, RawClient, startRouter } from './helpers.ts';

describe('a request for an app that starts', () => {
  test('waits and is let go as soon as an instance answers', async () => {
    const app = await httpBackend((_request, response) => response.end('up'));
    const { port, router } = await startRouter([entry([])]);
    const held = ask(port);
    const second = ask(port, { method: 'POST', body: 'x'.repeat(300_000) });
    await ask(port, { host: 'other.localhost' });
    router.update([entry([app.port])]);
    expect(await held).toMatchObject({ status: 200, body: 'up' });
    expect(await second).toMatchObject({ status: 200, body: 'up' });
  });

  test('is answered at the bound with the reason and the last log lines', async () => {
    const { port } = await startRouter(
      [entry([], { reason: 'restarting: app.py changed', lastLogLines: () => ['Traceback', '  oh no'] })],
      { holdMs: 1 },
    );
    const reply = await ask(port);
    expect(reply.status).toBe(503);
    expect(reply.headers['x-cf-routererror']).toBe('no_endpoints');
    expect(reply.body).toContain(
      "503 Service Unavailable: Requested route ('app.localhost') has no available",
    );
    expect(reply.body).toContain('restarting: app.py changed');
    expect(reply.body).toContain('Traceback\n  oh no');
  });

  test('is dropped when its client leaves', async () => {
    const { port, router, record } = await startRouter([entry([])]);
    const client = await RawClient.connect(port);
    client.write('GET /gone HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await ask(port, { host: 'other.localhost' });
    client.socket.destroy();
    expect(await record((one) => one.path === '/gone')).toMatchObject({ status: 499 });
    let asked = 0;
    const app = await httpBackend((_request, response) => {
      asked += 1;
      response.end();
    });
    router.update([entry([app.port])]);
    await ask(port);
    expect(asked).toBe(1);
  });

  test('is not held beyond the allowed number', async () => {
    const { port, router } = await startRouter([entry([])], { holdRequests: 1 });
    const first = ask(port);
    const second = ask(port);
    const loser = await Promise.race([first, second]);
    expect(loser.status).toBe(503);
    expect(loser.body).toContain('Too many requests wait already: 1 at most');
    router.update([]);
    expect((await Promise.all([first, second])).map((one) => one.status).sort((a, b) => a - b)).toEqual([
      404, 503,
    ]);
  });
});

test('what is held is bounded in bytes as well, and the answer says why, with the last log lines', async () => {
  const lines = { lastLogLines: () => ['migrating table 7 of 90'], reason: 'app.py changed' };
  const { port, router } = await startRouter([entry([], lines)], { holdBytes: 40_000 });
  const first = ask(port, { method: 'POST', body: 'x'.repeat(30_000) });
  const second = ask(port, { method: 'POST', body: 'x'.repeat(30_000) });
  const loser = await Promise.race([first, second]);
  expect(loser).toMatchObject({
    status: 503,
    body: [
      "503 Service Unavailable: Requested route ('app.localhost') has no available endpoints.",
      'App "app" is not ready: app.py changed.',
      'Too many requests wait already: 40000 bytes of them at most.',
      '',
      'Its last log lines:',
      'migrating table 7 of 90',
      '',
    ].join('\n'),
  });
  expect(loser.headers['x-cf-routererror']).toBe('no_endpoints');
  router.update([]);
  await Promise.all([first, second]);
});

describe('an instance that refuses connections', () => {
  test('is waited for, and the request sent when it listens again', async () => {
    const port = await allocatePort();
    const { port: front, router } = await startRouter([entry([port])]);
    const held = ask(front, { method: 'POST', body: 'hello' });
    const app = await httpBackend((request, response) => request.pipe(response));
    router.update([entry([app.port])]);
    expect(await held).toMatchObject({ status: 200, body: 'hello' });
  });

  test('is asked again by itself, as programs reload without the platform knowing', async () => {
    const port = await allocatePort();
    const { port: front } = await startRouter([entry([port])]);
    const held = ask(front);
    await ask(front, { host: 'other.localhost' });
    const app = http.createServer((_request, response) => response.end('back'));
    app.listen(port, '127.0.0.1');
    onTestFinished(() => void app.close());
    expect((await held).body).toBe('back');
  });

  test('is not asked again for a request that may have ended the app', async () => {
    let asked = 0;
    const app = await httpBackend((request, response) => {
      asked += 1;
      if (request.url === '/') response.end('fine');
      else void app.close();
    });
    const { port } = await startRouter([entry([app.port])]);
    await ask(port);
    expect((await ask(port, { path: '/crash' })).status).toBe(502);
    expect(asked).toBe(2);
  });

  test('is given up after the bound', async () => {
    const port = await allocatePort();
    const { port: front } = await startRouter([entry([port])], { refusedMs: 1 });
    const reply = await ask(front);
    expect(reply.status).toBe(502);
    expect(reply.headers['x-cf-routererror']).toBe(
      `endpoint_failure (dial tcp 127.0.0.1:${port}: connect: connection refused)`,
    );
  });
});
