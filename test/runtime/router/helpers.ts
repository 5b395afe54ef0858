/** Real routers, real backends, real sockets; everything is closed when its test ends. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { onTestFinished } from 'vitest';
import { createRouter } from '../../../runtime/router/server.ts';
import type {
  RequestRecord,
  RouteEndpoint,
  RouteEntry,
  Router,
  RouterOptions,
} from '../../../runtime/router/types.ts';

export const APP_GUID = '0b7a1f6e-5a3c-4c53-8c1d-1f2e3d4c5b6a';

export interface TestRouter {
  readonly router: Router;
  readonly port: number;
  readonly records: RequestRecord[];
  /** Resolves with the first record that fits, also a past one. */
  readonly record: (fits?: (record: RequestRecord) => boolean) => Promise<RequestRecord>;
}

export async function startRouter(
  entries: readonly RouteEntry[] = [],
  options: Partial<RouterOptions> = {},
): Promise<TestRouter> {
  const records: RequestRecord[] = [];
  const watchers = new Set<(record: RequestRecord) => void>();
  const router = await createRouter({
    port: 0,
    strictPort: false,
    onRequest: (record) => {
      records.push(record);
      for (const watcher of watchers) watcher(record);
    },
    ...options,
  });
  onTestFinished(() => router[Symbol.asyncDispose]());
  router.update(entries);
  return {
    router,
    port: router.port,
    records,
    record: (fits = () => true) => {
      const past = records.find(fits);
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => {
        const watcher = (record: RequestRecord): void => {
          if (!fits(record)) return;
          watchers.delete(watcher);
          resolve(record);
        };
        watchers.add(watcher);
      });
    },
  };
}

export function endpoint(port: number, index = 0, host = '127.0.0.1'): RouteEndpoint {
  return { instanceId: `instance-${index}`, instanceIndex: index, host, port };
}

/** An entry for `app.localhost`, running on the given ports unless said otherwise. */
export function entry(ports: readonly number[], changes: Partial<RouteEntry> = {}): RouteEntry {
  return {
    host: 'app.localhost',
    path: '',
    app: 'app',
    appId: APP_GUID,
    state: ports.length > 0 ? 'running' : 'starting',
    reason: '',
    endpoints: ports.map((port, index) => endpoint(port, index)),
    loadBalancing: 'round-robin',
    dialect: 'cloud-foundry',
    lastLogLines: () => [],
    ...changes,
  };
}

export interface Backend {
  readonly port: number;
  readonly sockets: Set<net.Socket>;
  /** Connections accepted so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** An app as Node would serve it. */
export function httpBackend(
  handler: http.RequestListener,
  options: http.ServerOptions = {},
): Promise<Backend> {
  return serve(http.createServer({ keepAliveTimeout: 60_000, ...options }, handler));
}

/** An app that is nothing but a socket. */
export function rawBackend(handler: (socket: net.Socket) => void): Promise<Backend> {
  return serve(
    net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      handler(socket);
    }),
  );
}

async function serve(server: net.Server): Promise<Backend> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  server.on('connection', (socket: net.Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  onTestFinished(close);
  return { port: (server.address() as net.AddressInfo).port, sockets, connections: () => connections, close };
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: readonly string[];
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
}

/** One request to `app.localhost` through the router, over a connection of its own. */
export async function ask(port: number, options: Ask = {}): Promise<Reply> {
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: options.method ?? 'GET',
    path: options.path ?? '/',
    agent: options.agent ?? false,
    headers: { Host: `${options.host ?? 'app.localhost'}:${port}`, ...options.headers },
  });
  request.end(options.body);
  return reply(request);
}

export async function reply(request: http.ClientRequest): Promise<Reply> {
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  // An early answer ends the connection under an upload.
  request.on('error', () => {});
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    rawTrailers: response.rawTrailers,
    body: Buffer.concat(chunks).toString('latin1'),
  };
}

/** A client that is nothing but a socket. */
export class RawClient {
  readonly socket: net.Socket;
  received = '';
  ended = false;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended = true;
    });
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = net.connect({ port, host });
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    return new RawClient(socket);
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with everything received as soon as it contains `what`; rejects when the connection ends before. */
  async until(what: string | RegExp): Promise<string> {
    const found = (): boolean =>
      typeof what === 'string' ? this.received.includes(what) : what.test(this.received);
    while (!found()) {
      if (this.ended) throw new Error(`Connection ended before ${String(what)}; received:\n${this.received}`);
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
    return this.received;
  }

  async untilClosed(): Promise<string> {
    if (!this.ended) await once(this.socket, 'close');
    return this.received;
  }
}

/** Reads a raw socket until its request head is complete; hands back head and what followed. */
export async function readHead(socket: net.Socket): Promise<{ head: string; rest: Buffer }> {
  let seen = Buffer.alloc(0);
  return new Promise((resolve) => {
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.removeListener('data', onData);
      socket.pause();
      resolve({ head: seen.subarray(0, end + 4).toString('latin1'), rest: seen.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.resume();
  });
}
