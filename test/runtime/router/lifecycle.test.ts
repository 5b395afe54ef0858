import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRouter } from '../../../runtime/router/server.ts';
import {
  ask,
  endpoint,
  entry,
  httpBackend,
  RawClient,
  rawBackend,
  readHead,
  startRouter,
} from './helpers.ts';

async function holdPort(host: string, port = 0): Promise<number> {
  const server = net.createServer();
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as net.AddressInfo).port;
}

const hasIpv6 = await new Promise<boolean>((resolve) => {
  const probe = net.createServer().listen(0, '::1');
  probe.on('listening', () => probe.close(() => resolve(true)));
  probe.on('error', () => resolve(false));
});

describe('the port', () => {
  test.skipIf(!hasIpv6)('is the same on both loopback families (skipped without ::1)', async () => {
    const app = await httpBackend((_request, response) => response.end('ok'));
    const { port } = await startRouter([entry([app.port])]);
    for (const host of ['127.0.0.1', '::1']) {
      const client = await RawClient.connect(port, host);
      client.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
      await client.until('ok');
    }
  });

  test('is the next free one when the wanted one is taken', async () => {
    const taken = await holdPort('127.0.0.1');
    const { port } = await startRouter([], { port: taken });
    expect(port).toBeGreaterThan(taken);
  });

  test.skipIf(!hasIpv6)(
    'counts as taken when only the other family has it (skipped without ::1)',
    async () => {
      const taken = await holdPort('::1');
      const { port } = await startRouter([], { port: taken });
      expect(port).toBeGreaterThan(taken);
    },
  );

  test('taken is an error that names the holder, when no other will do', async () => {
    const taken = await holdPort('127.0.0.1');
    const failing = createRouter({
      port: taken,
      strictPort: true,
      onRequest: () => {},
      describeHolder: (port) => `python (pid 812, port ${port})`,
    });
    await expect(failing).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      exitCode: 5,
      message: `Cannot listen on port ${taken}: it is taken by python (pid 812, port ${taken})`,
    });
  });
});

describe('drained', () => {
  test('waits for the requests of that instance', async () => {
    let answer!: () => void;
    const app = await httpBackend((_request, response) => {
      answer = () => response.end('done');
    });
    const { port, router } = await startRouter([entry([app.port])]);
    await router.drained('instance-0', 60_000);
    const asked = ask(port);
    await expect.poll(() => answer).toBeDefined();
    let drained = false;
    const draining = router.drained('instance-0', 60_000).then(() => (drained = true));
    await router.drained('instance-1', 60_000);
    expect(drained).toBe(false);
    answer();
    await asked;
    await draining;
  });

  test('gives up at the bound', async () => {
    const app = await httpBackend(() => {});
    const { port, router } = await startRouter([entry([app.port])]);
    const request = http.get({ host: '127.0.0.1', port, agent: false, headers: { Host: 'app.localhost' } });
    request.on('error', () => {});
    await expect.poll(() => app.connections()).toBe(1);
    await router.drained('instance-0', 5);
    request.destroy();
  });

  test('does not wait for what never ends', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(({ head }) =>
        socket.write(
          head.includes('websocket')
            ? 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n',
        ),
      );
    });
    const { port, router } = await startRouter([entry([app.port])]);
    const events = await RawClient.connect(port);
    events.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await events.until('\r\n\r\n');
    const socket = await RawClient.connect(port);
    socket.write(
      'GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await socket.until('\r\n\r\n');
    await router.drained('instance-0', 60_000);
  });
});

describe('closing', () => {
  test('ends idle connections at once and lets an answer under way finish', async () => {
    let answer!: () => void;
    const app = await httpBackend((request, response) => {
      if (request.url === '/idle') response.end('idle');
      else answer = () => response.end('late');
    });
    const { port, router } = await startRouter([entry([app.port])]);
    const idle = await RawClient.connect(port);
    idle.write('GET /idle HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await idle.until('idle');
    const busy = await RawClient.connect(port);
    busy.write('GET /busy HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    await expect.poll(() => answer).toBeDefined();
    const closing = router[Symbol.asyncDispose]();
    await idle.untilClosed();
    answer();
    expect(await busy.untilClosed()).toContain('late');
    await closing;
    await expect.poll(() => app.sockets.size).toBe(0);
  });

  test('ends WebSockets at once', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.pipe(socket);
      });
    });
    const { port, router } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(
      'GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await client.until('101');
    await router[Symbol.asyncDispose]();
    await client.untilClosed();
    await expect.poll(() => app.sockets.size).toBe(0);
  });

  test('answers what is held, and ends what does not end', async () => {
    const app = await rawBackend((socket) => {
      socket.resume();
      socket.on('end', () => socket.end());
    });
    const { port, router } = await startRouter([
      entry([app.port]),
      entry([], { host: 'starting.localhost', app: 'starting' }),
    ]);
    const stuck = await RawClient.connect(port);
    stuck.write('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n');
    const held = await RawClient.connect(port);
    held.write('GET / HTTP/1.1\r\nHost: starting.localhost\r\n\r\n');
    await expect.poll(() => app.connections()).toBe(1);
    await ask(port, { host: 'other.localhost' });
    await router[Symbol.asyncDispose]();
    expect(await held.untilClosed()).toContain('paas-local is shutting down');
    await stuck.untilClosed();
    await expect.poll(() => app.sockets.size).toBe(0);
    await expect(RawClient.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('no request is lost while an app is relaunched again and again under load', async () => {
  const { port, router } = await startRouter([entry([])]);
  const agent = new http.Agent({ keepAlive: true });
  let stop = false;
  const statuses = new Map<number, number>();
  const load = Array.from({ length: 16 }, async (_, client) => {
    while (!stop) {
      const { status } = await ask(port, client % 2 === 0 ? { agent } : { agent, method: 'POST', body: 'b' });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  for (let run = 0; run < 20; run++) {
    const app = await httpBackend((_request, response) => setImmediate(() => response.end('ok')));
    const id = `run-${run}`;
    router.update([entry([app.port], { endpoints: [{ ...endpoint(app.port), instanceId: id }] })]);
    const served = statuses.get(200) ?? 0;
    await expect.poll(() => statuses.get(200) ?? 0, { interval: 1 }).toBeGreaterThan(served + 50);
    router.update([entry([], { reason: 'restarting: app.py changed' })]);
    await router.drained(id, 60_000);
    await app.close();
  }
  const last = await httpBackend((_request, response) => response.end('ok'));
  router.update([entry([last.port])]);
  stop = true;
  await Promise.all(load);
  agent.destroy();
  expect([...statuses.keys()]).toEqual([200]);
});
