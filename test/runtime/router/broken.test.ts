import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allocatePort } from '../../../runtime/ports/allocate.ts';
import { ask, entry, httpBackend, RawClient, rawBackend, readHead, startRouter } from './helpers.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n';

/** The port of a program that stands still, with its queue of connections full. */
async function takesNoConnection(): Promise<number> {
  const program = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    console.log(this.address().port);
  })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  // The system takes these in its place, and then no more.
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await Promise.race([once(socket, 'connect'), sleep(200)]);
    // Where it was this process that stood still, what has come meanwhile is seen now.
    await setImmediate();
    if (socket.connecting) return port;
  }
}

describe('a client that leaves', () => {
  test.each([
    ['while the app thinks', ''],
    ['while the app streams', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
    ['while the app drips', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome'],
    ['during an event stream', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: some\n\n'],
  ])('is noticed by the app %s', async (_when, bytes) => {
    const asked: net.Socket[] = [];
    let arrived!: () => void;
    const waiting = new Promise<void>((resolve) => (arrived = resolve));
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => {
        asked.push(socket);
        socket.resume();
        socket.write(bytes);
        arrived();
      });
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(GET);
    await waiting;
    if (bytes !== '') await client.until('some');
    const left = Promise.race([once(asked[0]!, 'end'), once(asked[0]!, 'close')]);
    client.socket.destroy();
    await left;
    expect((await record()).status).toBe(bytes === '' ? 499 : 200);
  });

  test('in the middle of its upload is noticed by the app', async () => {
    let left!: () => void;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const app = await httpBackend((request) => {
      request.on('error', left);
      request.resume();
    });
    const { port, record } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write('POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 100\r\n\r\nhalf');
    await expect.poll(() => app.connections()).toBe(1);
    client.socket.destroy();
    await gone;
    expect((await record()).status).toBe(499);
  });
});

describe('an app that fails', () => {
  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
  ])('in the middle of an answer with %s cuts it short for the client', async (_how, bytes) => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.write(bytes, () => socket.destroy()));
    });
    const { port } = await startRouter([entry([app.port])]);
    const client = await RawClient.connect(port);
    client.write(GET);
    const received = await client.untilClosed();
    expect(received).toContain('some');
    expect(received).not.toMatch(/0\r\n\r\n$/);
  });

  test('by resetting the connection before its answer is reported', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.resetAndDestroy());
    });
    const { port, record } = await startRouter([entry([app.port], { lastLogLines: () => ['KeyError: 7'] })]);
    const reply = await ask(port);
    expect(reply.status).toBe(502);
    expect(reply.headers['x-cf-routererror']).toBe('endpoint_failure (read: connection reset by peer)');
    expect(reply.body).toContain('502 Bad Gateway: Registered endpoint failed to handle the request.\n');
    expect(reply.body).toContain('KeyError: 7');
    expect(await record()).toMatchObject({
      status: 502,
      routerError: 'endpoint_failure (read: connection reset by peer)',
    });
  });

  test('by closing without an answer is reported', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.end());
    });
    const { port } = await startRouter([entry([app.port])]);
    const reply = await ask(port);
    expect(reply.headers['x-cf-routererror']).toBe('endpoint_failure (EOF)');
  });

  test.each([
    'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.1 200 O\x01K\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ])('by answering no HTTP is reported: %j', async (bytes) => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() => socket.end(bytes));
    });
    const { port } = await startRouter([entry([app.port])]);
    const reply = await ask(port);
    expect(reply.status).toBe(502);
    expect(reply.headers['x-cf-routererror']).toMatch(/^endpoint_failure \(/);
  });

  test('by switching to a protocol nobody asked for is reported', async () => {
    const app = await rawBackend((socket) => {
      void readHead(socket).then(() =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      );
    });
    const { port } = await startRouter([entry([app.port])]);
    expect((await ask(port)).status).toBe(502);
  });

  test('by saying more than it announced does not spoil the next answer', async () => {
    const app = await rawBackend((socket) => {
      const serve = (): void =>
        void readHead(socket).then(() => {
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong',
          );
          serve();
        });
      serve();
    });
    const { port } = await startRouter([entry([app.port])]);
    for (let count = 0; count < 3; count++) expect((await ask(port)).body).toBe('ok');
  });

  test('by never answering is given up at the bound', async () => {
    const app = await rawBackend(() => {});
    const { port } = await startRouter([entry([app.port])], { requestTimeoutMs: 20 });
    const reply = await ask(port, { method: 'POST', body: 'x' });
    expect(reply.status).toBe(502);
    expect(reply.headers['x-cf-routererror']).toBe('endpoint_failure (context deadline exceeded)');
  });

  test.skipIf(process.platform !== 'linux')(
    'by taking no connection any more is given up at the bound of connecting (skipped but on Linux, whose queues it fills)',
    async () => {
      const port = await takesNoConnection();
      const { port: front, record } = await startRouter([entry([port])], { dialMs: 50, refusedMs: 0 });
      const reply = await ask(front);
      expect(reply.status).toBe(502);
      const routerError = `endpoint_failure (dial tcp 127.0.0.1:${port}: i/o timeout)`;
      expect(reply.headers['x-cf-routererror']).toBe(routerError);
      expect(await record()).toMatchObject({ status: 502, routerError });
    },
  );

  test('does not hurt the next request', async () => {
    let first = true;
    const app = await httpBackend((request, response) => {
      if (first) request.socket.destroy();
      else response.end('fine');
      first = false;
    });
    const { port } = await startRouter([entry([app.port])]);
    expect((await ask(port)).status).toBe(502);
    expect((await ask(port)).body).toBe('fine');
  });
});

test('events of a stream arrive one by one', async () => {
  let tick!: (text: string) => void;
  const app = await httpBackend((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    tick = (text) => void response.write(`data: ${text}\n\n`);
  });
  const { port } = await startRouter([entry([app.port])]);
  const client = await RawClient.connect(port);
  client.write(GET);
  await client.until('\r\n\r\n');
  tick('one');
  await client.until('one');
  tick('two');
  await client.until('two');
});

describe('a page', () => {
  test('tells a browser why there is no answer, and asks again by itself', async () => {
    const { port } = await startRouter([
      entry([], {
        state: 'crashed',
        reason: 'exited with code 1, next try in 30 s',
        lastLogLines: () => ['<script>alert(1)</script>'],
      }),
    ]);
    const reply = await ask(port, { headers: { Accept: 'text/html' } });
    expect(reply.status).toBe(503);
    expect(reply.headers['x-cf-routererror']).toBe('no_endpoints');
    expect(reply.body).toContain('exited with code 1, next try in 30 s');
    expect(reply.body).toContain('&lt;script&gt;');
    expect(reply.body).toContain('http-equiv="refresh"');
    expect(reply.headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('says how to start a stopped app', async () => {
    const { port } = await startRouter([entry([], { state: 'stopped' })]);
    const reply = await ask(port);
    expect(reply.status).toBe(503);
    expect(reply.headers['x-cf-routererror']).toBe('no_endpoints');
    expect(reply.body).toContain('paas-local start app');
  });
});

test('an unreachable instance is not asked for ever while its client is gone', async () => {
  const { port, record } = await startRouter([entry([await allocatePort()])]);
  const request = http.get({ host: '127.0.0.1', port, headers: { Host: 'app.localhost' }, agent: false });
  request.on('error', () => {});
  await once(request, 'finish');
  await ask(port, { host: 'other.localhost' });
  request.destroy();
  expect(await record((one) => one.app === 'app')).toMatchObject({ status: 499 });
});
