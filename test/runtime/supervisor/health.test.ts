import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthPlan } from '../../../runtime/plan/types.ts';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { describeCheck, probe, untilHealthy, untilUnhealthy } from '../../../runtime/supervisor/health.ts';

const PORT_CHECK: HealthPlan = {
  type: 'port',
  endpoint: '/',
  startTimeoutMs: 60_000,
  invocationTimeoutMs: 5000,
  intervalMs: 5,
};
const HTTP_CHECK: HealthPlan = { ...PORT_CHECK, type: 'http', endpoint: '/health' };

function serve(handler: RequestListener, host = '127.0.0.1', wanted = 0): Promise<number> {
  const server = createHttpServer(handler);
  onTestFinished(() => void server.close());
  return new Promise((resolve) => {
    server.listen({ host, port: wanted }, () => resolve((server.address() as { port: number }).port));
  });
}

/** Accepts connections and says what it is given to say, as a rule nothing. */
function accept(greeting = ''): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(greeting);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, () => resolve((server.address() as { port: number }).port));
  });
}

describe('a port check', () => {
  test('passes where somebody accepts', async () => {
    expect(await probe(PORT_CHECK, await accept())).toEqual({ ok: true, host: '127.0.0.1' });
  });

  test('passes on ::1', async () => {
    const port = await serve(() => {}, '::1');
    expect(await probe(PORT_CHECK, port)).toEqual({ ok: true, host: '::1' });
  });

  test('fails where nobody listens', async () => {
    const port = await allocatePort();
    expect(await probe(PORT_CHECK, port)).toEqual({
      ok: false,
      reason: `failed to make TCP connection to port ${port}: connection refused`,
      answered: false,
    });
  });
});

describe('an HTTP check', () => {
  test('prefers 127.0.0.1 where an app listens on both only after the first look', async () => {
    const late = createHttpServer((_, response) => response.end());
    onTestFinished(() => void late.close());
    const port = await serve(
      (_, response) => {
        late.listen({ host: '127.0.0.1', port }, () => response.end());
      },
      '::1',
      await allocatePort(),
    );
    expect(await probe(HTTP_CHECK, port)).toEqual({ ok: true, host: '127.0.0.1' });
  });

  test('passes with 200, and introduces itself as the platform does', async () => {
    let seen: unknown;
    const port = await serve(({ method, url, headers }, response) => {
      seen = { method, url, agent: headers['user-agent'], proto: headers['x-forwarded-proto'] };
      response.end();
    });
    expect(await probe(HTTP_CHECK, port)).toEqual({ ok: true, host: '127.0.0.1' });
    expect(seen).toEqual({ method: 'GET', url: '/health', agent: 'diego-healthcheck', proto: 'https' });
  });

  test.each([204, 201, 301, 302, 404, 500])('fails with %i', async (status) => {
    const port = await serve((_, response) => response.writeHead(status, { Location: '/' }).end());
    expect(await probe(HTTP_CHECK, port)).toMatchObject({
      ok: false,
      answered: true,
      reason: expect.stringMatching(
        new RegExp(
          `^failed to make HTTP request to '/health' on port ${port}: received status code ${status} in \\d+ms$`,
        ),
      ),
    });
  });

  test('does not wait for the body', async () => {
    const port = await serve((_, response) => response.write('begins and never ends'));
    expect(await probe(HTTP_CHECK, port)).toMatchObject({ ok: true });
  });

  test('fails on silence within the invocation timeout', async () => {
    const port = await accept();
    expect(await probe({ ...HTTP_CHECK, invocationTimeoutMs: 50 }, port)).toEqual({
      ok: false,
      answered: true,
      reason: `failed to make HTTP request to '/health' on port ${port}: timed out after 0.05 seconds`,
    });
  });

  test.each([
    ['no HTTP', 'SSH-2.0-hello\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
  ])('fails on %s', async (_, greeting) => {
    expect(await probe(HTTP_CHECK, await accept(greeting))).toMatchObject({ ok: false });
  });

  test('an endpoint that no request can carry fails the check and nothing else', async () => {
    const result = await probe({ ...HTTP_CHECK, endpoint: '/a b\r\nX: y' }, await accept());
    expect(result).toMatchObject({ ok: false });
  });
});

test('no check passes at once', async () => {
  expect(await probe({ ...PORT_CHECK, type: 'process' }, 1)).toMatchObject({ ok: true });
});

describe('waiting', () => {
  test('goes on until the app serves, telling each failure', async () => {
    let asked = 0;
    const failures: string[] = [];
    const port = await serve((_, response) => response.writeHead(++asked < 3 ? 503 : 200).end());
    const { signal } = new AbortController();
    const host = await untilHealthy(HTTP_CHECK, port, {
      signal,
      onFailure: (reason) => failures.push(reason),
    });
    expect(host).toBe('127.0.0.1');
    expect(failures).toHaveLength(2);
    expect(failures[0]).toContain('received status code 503');
  });

  test('can be cut short, in the middle of a check as well', async () => {
    const abort = new AbortController();
    const waiting = untilHealthy(HTTP_CHECK, await accept(), { signal: abort.signal, onFailure: () => {} });
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('for a failure ends at the first one', async () => {
    let asked = 0;
    const port = await serve((_, response) => response.writeHead(++asked < 3 ? 200 : 500).end());
    const { signal } = new AbortController();
    expect(await untilUnhealthy(HTTP_CHECK, port, { host: '127.0.0.1', signal })).toContain(
      'status code 500',
    );
    expect(asked).toBe(3);
  });
});

test('a check in words', () => {
  expect(describeCheck(PORT_CHECK, 8080)).toBe('port 8080 to open');
  expect(describeCheck(HTTP_CHECK, 8080)).toBe('GET /health on port 8080 to answer 200');
});
