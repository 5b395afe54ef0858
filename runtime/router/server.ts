/** The front door: sockets in, exchanges out, and everything closed again. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import * as answers from './answers.ts';
import { Connections } from './connections.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Exchange, ExchangeContext } from './exchange.ts';
import { PlainExchange } from './forward.ts';
import { isLocalName, readTarget, type RequestTarget } from './host.ts';
import { createHttpServer, type Incoming } from './http-server.ts';
import {
  CLOSE_MS,
  DIAL_MS,
  HOLD_BYTES,
  HOLD_MS,
  HOLD_REQUESTS,
  REFUSED_MS,
  REQUEST_TIMEOUT_MS,
} from './limits.ts';
import { listenOnLoopback } from './listen.ts';
import { Loads } from './loads.ts';
import { rejectionFor } from './reject.ts';
import type { Router, RouterOptions, TlsOptions } from './types.ts';
import { Tunnels, UpgradeExchange } from './upgrade.ts';

/**
 * Starts the router on loopback, both families, with an empty table.
 * Throws `PaasError` `PORT_TAKEN` when no port can be had.
 */
export async function createRouter(options: RouterOptions): Promise<Router> {
  const front = new FrontDoor(options);
  await front.listen();
  return front;
}

class FrontDoor implements Router, ExchangeContext, Incoming {
  readonly loads = new Loads();
  readonly requestTimeoutMs: number;
  readonly dialMs: number;
  readonly onRequest: RouterOptions['onRequest'];
  readonly #options: RouterOptions;
  readonly #servers: Server[];
  readonly #connections: Connections;
  readonly #tunnels = new Tunnels();
  /** Every client connection, and how many requests are under way on it. */
  readonly #clients = new Map<Socket, Client>();
  /** Connections with any. */
  #busy = 0;
  readonly #dispatcher: Dispatcher;
  /** Connections to the HTTPS port, from before anything is agreed on. */
  readonly #unsecured = new Set<Socket>();
  /** Those of them that speak no TLS. */
  readonly #wrongScheme = new WeakSet<Socket>();
  #port = 0;
  #tls: Promise<void> | undefined;
  #tlsPort: number | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.onRequest = options.onRequest;
    this.requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.dialMs = options.dialMs ?? DIAL_MS;
    this.#connections = new Connections(this.dialMs);
    this.#servers = [createHttpServer(this), createHttpServer(this)];
    this.#dispatcher = new Dispatcher(this.loads, {
      portOf: (proto) => (proto === 'https' ? (this.#tlsPort ?? 0) : this.#port),
      holdMs: options.holdMs ?? HOLD_MS,
      holdRequests: options.holdRequests ?? HOLD_REQUESTS,
      holdBytes: options.holdBytes ?? HOLD_BYTES,
      refusedMs: options.refusedMs ?? REFUSED_MS,
    });
  }

  get port(): number {
    return this.#port;
  }

  get busy(): boolean {
    return this.#busy > 0;
  }

  async listen(): Promise<void> {
    const [v4, v6] = this.#servers;
    this.#port = await listenOnLoopback(v4!, v6!, this.#options);
  }

  get tlsPort(): number | undefined {
    return this.#tlsPort;
  }

  async listenTls(options: TlsOptions): Promise<void> {
    this.#tls ??= this.#listenTls(options);
    await this.#tls;
  }

  async #listenTls(options: TlsOptions): Promise<void> {
    try {
      const { createTlsServer } = await import('./tls-server.ts');
      const create = (): Server => {
        const server = createTlsServer(options, this, (socket) => this.#withoutTls(socket));
        return server.on('connection', (socket: Socket) => {
          this.#unsecured.add(socket);
          socket.once('close', () => this.#unsecured.delete(socket));
        });
      };
      const [v4, v6] = [create(), create()];
      this.#tlsPort = await listenOnLoopback(v4, v6, options);
      this.#servers.push(v4, v6);
    } catch (error) {
      this.#tls = undefined;
      throw error;
    }
  }

  /** Whoever wrote `http://` with this port is told, by the server that speaks it. */
  #withoutTls(socket: Socket): void {
    this.#wrongScheme.add(socket);
    this.#servers[0]!.emit('connection', socket);
    socket.resume();
  }

  update(entries: Parameters<Router['update']>[0]): void {
    this.#connections.keepOnly(this.#dispatcher.update(entries));
  }

  drained(instanceId: string, boundMs: number): Promise<void> {
    return this.loads.drained(instanceId, boundMs);
  }

  failed(...about: Parameters<ExchangeContext['failed']>): void {
    this.#dispatcher.failed(...about);
  }

  ended(exchange: Exchange): void {
    this.#dispatcher.ended(exchange);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  connected(socket: Socket): void {
    if (this.#clients.has(socket)) return;
    this.#clients.set(socket, { underWay: 0, upgraded: false });
    socket.once('close', () => this.#clients.delete(socket));
  }

  plain(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const client = this.#enter(socket);
    const read = this.#readTarget(request);
    const exchange = new PlainExchange(request, response, read.target, this, this.#connections);
    response.once('close', () => this.#leave(socket, client));
    if (this.#closing) response.shouldKeepAlive = false;
    if (read.fault) exchange.answer(read.fault);
    else this.#accept(exchange, socket);
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const client = this.#enter(socket);
    const read = this.#readTarget(request);
    client.upgraded = true;
    const exchange = new UpgradeExchange(request, socket, head, read.target, this, this.#tunnels);
    socket.once('close', () => this.#leave(socket, client));
    if (read.fault) exchange.answer(read.fault);
    else this.#accept(exchange, socket);
  }

  #accept(exchange: Exchange, socket: Socket): void {
    const disturbance = this.#options.disturbance?.();
    if (!disturbance) this.#dispatcher.accept(exchange);
    // A connection under TLS cannot be reset from here.
    else if (disturbance.abort)
      void (exchange.proto === 'https' ? socket.destroy() : socket.resetAndDestroy());
    else setTimeout(() => exchange.over || this.#dispatcher.accept(exchange), disturbance.delayMs);
  }

  #readTarget(request: IncomingMessage): { readonly target: RequestTarget; readonly fault?: answers.Answer } {
    const { headers, url = '/' } = request;
    const target = readTarget(url, this.#hostOf(request));
    const nowhere = { authority: headers.host ?? '', hostname: '', path: url };
    if (!target) return { target: nowhere, fault: answers.badRequest('Request target is not a path') };
    if (this.#wrongScheme.has(request.socket)) {
      const { authority, hostname, path } = target;
      const url = isLocalName(hostname) ? `https://${authority}${path}` : undefined;
      return { target, fault: answers.httpsOnly(url) };
    }
    if (target.authority === '') return { target, fault: answers.emptyHost() };
    if (hasTwoHosts(request.rawHeaders)) {
      return { target, fault: answers.badRequest('Request has more than one Host header') };
    }
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
      return { target, fault: answers.notImplemented(`Transfer coding '${coding}' is not supported`) };
    }
    return { target };
  }

  /** HTTP/1.0 knows no Host; such a client means this machine. */
  #hostOf(request: IncomingMessage): string | undefined {
    const { host } = request.headers;
    if (!host && request.httpVersion === '1.0') return `localhost:${request.socket.localPort ?? this.#port}`;
    return host;
  }

  clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    // One that agreed on no keys is none of our clients.
    const rejection = this.#clients.has(socket) ? rejectionFor(error) : undefined;
    // In the middle of an answer any text of ours would look like a part of it.
    if (rejection === undefined || !socket.writable || this.#isBusy(socket)) {
      socket.destroy();
      return;
    }
    socket.write(rejection);
    socket.destroySoon();
  }

  #isBusy(socket: Socket): boolean {
    return (this.#clients.get(socket)?.underWay ?? 0) > 0;
  }

  #enter(socket: Socket): Client {
    let client = this.#clients.get(socket);
    // A connection can be gone before the request it brought is read.
    if (!client) client = { underWay: 0, upgraded: false };
    if (client.underWay === 0) this.#busy += 1;
    client.underWay += 1;
    return client;
  }

  #leave(socket: Socket, client: Client): void {
    client.underWay -= 1;
    if (client.underWay > 0) return;
    this.#busy -= 1;
    if (!this.#closing) return;
    socket.destroySoon();
    if (this.#busy === 0) this.#idle?.();
  }

  async #close(): Promise<void> {
    await this.#tls?.catch(() => {});
    const closed = this.#servers.map((server) => new Promise((done) => server.close(done)));
    this.#dispatcher.close();
    for (const [socket, client] of this.#clients) {
      if (client.underWay === 0 || client.upgraded) socket.destroySoon();
    }
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_MS);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const socket of [...this.#clients.keys(), ...this.#unsecured]) socket.destroy();
    this.#connections.destroy();
    await Promise.all(closed);
  }
}

/** One client connection. */
interface Client {
  /** Requests that wait for their answer, or one WebSocket. */
  underWay: number;
  /** It left HTTP and will not end by itself. */
  upgraded: boolean;
}

/** Router and app might believe different ones. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let seen = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
