import http from 'node:http';
import { describe, expect, test } from 'vitest';
import type { RouteEntry } from '../../../runtime/router/types.ts';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { APP_GUID, ask, entry, httpBackend, rawBackend, readHead, startRouter } from './helpers.ts';

async function instances(count: number, headers: Record<string, string | string[]> = {}) {
  const apps = [];
  for (let index = 0; index < count; index++) {
    apps.push(
      await httpBackend((_request, response) => {
        response.writeHead(200, headers);
        response.end(String(index));
      }),
    );
  }
  return apps.map((app) => app.port);
}

async function spread(port: number, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let count = 0; count < times; count++) {
    const { body } = await ask(port);
    counts[body] = (counts[body] ?? 0) + 1;
  }
  return counts;
}

describe('several instances', () => {
  test('take turns', async () => {
    const { port } = await startRouter([entry(await instances(3))]);
    expect(await spread(port, 9)).toEqual({ 0: 3, 1: 3, 2: 3 });
  });

  test('are chosen by the fewest requests under way, when asked', async () => {
    const busy = await httpBackend((request, response) => {
      if (request.url !== '/hang') response.end('busy');
    });
    const [idle] = await instances(1);
    const both = entry([busy.port, idle!], { loadBalancing: 'least-connection' });
    const { port, router } = await startRouter([entry([busy.port])]);
    const hanging = http.get({
      host: '127.0.0.1',
      port,
      path: '/hang',
      agent: false,
      headers: { Host: 'app.localhost' },
    });
    hanging.on('error', () => {});
    await expect.poll(() => busy.connections()).toBe(1);
    router.update([both]);
    expect(await spread(port, 5)).toEqual({ 0: 5 });
    hanging.destroy();
  });

  test('of two apps on one route share its traffic', async () => {
    const [blue, green] = await instances(2);
    const { port } = await startRouter([
      entry([blue!], { app: 'blue' }),
      entry([green!], {
        app: 'green',
        endpoints: [{ ...entry([green!]).endpoints[0]!, instanceId: 'green-0' }],
      }),
    ]);
    expect(await spread(port, 4)).toEqual({ 0: 2, 1: 2 });
  });

  test('one of which is gone cost nothing: whatever the method, another one answers', async () => {
    const [alive] = await instances(1);
    const { port, records } = await startRouter([entry([await allocatePort(), alive!])]);
    for (let count = 0; count < 4; count++) {
      expect(await ask(port, { method: 'POST', body: 'once' })).toMatchObject({ status: 200, body: '0' });
    }
    expect(records.every((record) => record.instanceIndex === 1)).toBe(true);
  });

  test('one of which resets: a safe request is repeated elsewhere, any other is not', async () => {
    let resets = 0;
    const broken = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        resets += 1;
        socket.resetAndDestroy();
      });
    });
    const [alive] = await instances(1);
    const both = [entry([broken.port, alive!])];
    const safe = await startRouter(both);
    for (let count = 0; count < 3; count++) expect((await ask(safe.port)).status).toBe(200);
    // After the first failure it is passed over.
    expect(resets).toBeLessThanOrEqual(1);
    const unsafe = await startRouter(both);
    const statuses = [];
    for (let count = 0; count < 2; count++) {
      statuses.push((await ask(unsafe.port, { method: 'POST', body: 'b' })).status);
    }
    expect(statuses.sort((a, b) => a - b)).toEqual([200, 502]);
  });

  test('all of which reset end the request after one try each', async () => {
    let tries = 0;
    const broken = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        tries += 1;
        socket.resetAndDestroy();
      });
    });
    const { port } = await startRouter([entry([broken.port, broken.port])]);
    expect((await ask(port)).status).toBe(502);
    expect(tries).toBeLessThanOrEqual(2);
  });

  test('with an idempotency key a POST without body is repeated', async () => {
    const broken = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.resetAndDestroy());
    });
    const [alive] = await instances(1);
    const { port } = await startRouter([entry([broken.port, alive!])]);
    for (let count = 0; count < 2; count++) {
      const reply = await ask(port, {
        method: 'POST',
        headers: { 'Idempotency-Key': 'k', 'Content-Length': 0 },
      });
      expect(reply.status).toBe(200);
    }
  });
});

describe('X-Cf-App-Instance', () => {
  const to = (value: string) => ({ headers: { 'X-Cf-App-Instance': value } });

  test('reaches the instance it names', async () => {
    const { port } = await startRouter([entry(await instances(3))]);
    for (const index of ['2', '0', '1', '2']) {
      expect((await ask(port, to(`${APP_GUID}:${index}`))).body).toBe(index);
    }
    const byProcess = await ask(port, { headers: { 'X-Cf-Process-Instance': `${APP_GUID}:1` } });
    expect(byProcess.body).toBe('1');
  });

  test('naming no instance is refused as on the platform', async () => {
    const { port } = await startRouter([entry(await instances(1))]);
    const reply = await ask(port, to(`${APP_GUID}:7`));
    expect(reply).toMatchObject({
      status: 400,
      body: `400 Bad Request: Requested instance ('7') with guid ('${APP_GUID}') does not exist for route ('app.localhost')\n`,
    });
    expect(reply.headers['x-cf-routererror']).toBe('unknown_route');
  });

  test.each(['nonsense', `${APP_GUID}`, `${APP_GUID.toUpperCase()}:0`, `${APP_GUID}:-1`, `${APP_GUID}:`])(
    'written wrong is refused: %s',
    async (value) => {
      const { port } = await startRouter([entry(await instances(1))]);
      const reply = await ask(port, to(value));
      expect(reply.status).toBe(400);
      expect(reply.body).toBe('400 Bad Request: Invalid X-CF-App-Instance Header\n');
      expect(reply.headers['x-cf-routererror']).toBe('invalid_cf_app_instance_header');
    },
  );
});

test.each(['nonsense', `${APP_GUID}:x`, APP_GUID.toUpperCase()])(
  'X-Cf-Process-Instance written wrong is refused: %s',
  async (value) => {
    const { port } = await startRouter([entry(await instances(1))]);
    const reply = await ask(port, { headers: { 'X-Cf-Process-Instance': value } });
    expect(reply).toMatchObject({
      status: 400,
      body: '400 Bad Request: Invalid X-CF-Process-Instance Header\n',
    });
    expect(reply.headers).toMatchObject({
      'x-cf-routererror': 'invalid_cf_process_instance_header',
      'cache-control': 'no-cache, no-store',
    });
  },
);

test('the header that names an instance is none of the Stackato dialect', async () => {
  const { port } = await startRouter([entry(await instances(1), { dialect: 'stackato' })]);
  expect((await ask(port, { headers: { 'X-Cf-App-Instance': 'nonsense' } })).status).toBe(200);
});

describe('a sticky session', () => {
  const SESSION = 'JSESSIONID=abc; Path=/; Max-Age=60; Secure; SameSite=Lax; HttpOnly';
  const cookies = (reply: { rawHeaders: readonly string[] }): string[] =>
    reply.rawHeaders.flatMap((name, at) =>
      at % 2 === 0 && name.toLowerCase() === 'set-cookie' ? [reply.rawHeaders[at + 1] ?? ''] : [],
    );

  test('begins with the session cookie of the app', async () => {
    const [app] = await instances(1, { 'Set-Cookie': [SESSION, 'other=1'] });
    const { port } = await startRouter([entry([app!], { path: '/shop' })]);
    const reply = await ask(port, { path: '/shop/cart' });
    expect(cookies(reply)).toEqual([
      SESSION,
      'other=1',
      '__VCAP_ID__=instance-0; Path=/shop; Max-Age=60; Secure; SameSite=Lax; HttpOnly',
    ]);
  });

  test('keeps to its instance, but only beside the session cookie', async () => {
    const { port } = await startRouter([entry(await instances(3))]);
    for (let count = 0; count < 5; count++) {
      const reply = await ask(port, { headers: { Cookie: 'JSESSIONID=abc; __VCAP_ID__=instance-1' } });
      expect(reply.body).toBe('1');
      expect(cookies(reply)).toEqual([]);
    }
    const bodies = new Set<string>();
    for (let count = 0; count < 3; count++) {
      bodies.add((await ask(port, { headers: { Cookie: '__VCAP_ID__=instance-1' } })).body);
    }
    expect(bodies.size).toBe(3);
  });

  test('moves when its instance is gone', async () => {
    const { port } = await startRouter([entry(await instances(1))]);
    const reply = await ask(port, { headers: { Cookie: 'JSESSIONID=abc; __VCAP_ID__=gone' } });
    expect(cookies(reply)).toEqual(['__VCAP_ID__=instance-0; Path=/; HttpOnly']);
  });

  test('does not exist in the Stackato dialect', async () => {
    const [app] = await instances(1, { 'Set-Cookie': SESSION });
    const { port } = await startRouter([entry([app!], { dialect: 'stackato' })]);
    expect(cookies(await ask(port))).toEqual([SESSION]);
  });
});

test('an instance takes no more than 500 requests at a time', async () => {
  const app = await httpBackend(() => {});
  const table: RouteEntry[] = [entry([app.port])];
  const { port } = await startRouter(table);
  const hanging = Array.from({ length: 500 }, () => {
    const request = http.get({ host: '127.0.0.1', port, agent: false, headers: { Host: 'app.localhost' } });
    request.on('error', () => {});
    return request;
  });
  await expect.poll(() => app.connections(), { timeout: 60_000 }).toBe(500);
  const reply = await ask(port);
  expect(reply.status).toBe(503);
  expect(reply.headers['x-cf-routererror']).toBe('Connection Limit Reached');
  for (const request of hanging) request.destroy();
});
