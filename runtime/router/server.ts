/** The front door: sockets in, exchanges out, and everything closed again. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as answers from './answers.ts';
import { Connections } from './connections.ts';
import { isWebSocket, withoutOffer } from './declined-upgrade.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Exchange, ExchangeContext } from './exchange.ts';
import { PlainExchange } from './forward.ts';
import { readTarget, type RequestTarget } from './host.ts';
import {
  CLOSE_MS,
  FRONT_IDLE_MS,
  HEADERS_TIMEOUT_MS,
  HOLD_BYTES,
  HOLD_MS,
  HOLD_REQUESTS,
  MAX_HEADER_BYTES,
  REFUSED_MS,
  REQUEST_TIMEOUT_MS,
} from './limits.ts';
import { listenOnLoopback } from './listen.ts';
import { Loads } from './loads.ts';
import { NO_FORWARD_PROXY, rejectionFor } from './reject.ts';
import type { Router, RouterOptions } from './types.ts';
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

class FrontDoor implements Router, ExchangeContext {
  readonly loads = new Loads();
  readonly requestTimeoutMs: number;
  readonly onRequest: RouterOptions['onRequest'];
  readonly #options: RouterOptions;
  readonly #servers: readonly [Server, Server];
  readonly #connections = new Connections();
  readonly #tunnels = new Tunnels();
  /** Every client connection, and how many requests are under way on it. */
  readonly #clients = new Map<Socket, Client>();
  /** Connections with any. */
  #busy = 0;
  #dispatcher: Dispatcher;
  #port = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.onRequest = options.onRequest;
    this.requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#servers = [this.#createServer(), this.#createServer()];
    this.#dispatcher = this.#createDispatcher();
  }

  get port(): number {
    return this.#port;
  }

  get busy(): boolean {
    return this.#busy > 0;
  }

  async listen(): Promise<void> {
    const [v4, v6] = this.#servers;
    this.#port = await listenOnLoopback(v4, v6, this.#options);
    this.#dispatcher = this.#createDispatcher();
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

  #createDispatcher(): Dispatcher {
    return new Dispatcher(this.loads, {
      port: this.#port,
      holdMs: this.#options.holdMs ?? HOLD_MS,
      holdRequests: this.#options.holdRequests ?? HOLD_REQUESTS,
      holdBytes: this.#options.holdBytes ?? HOLD_BYTES,
      refusedMs: this.#options.refusedMs ?? REFUSED_MS,
    });
  }

  #createServer(): Server {
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: FRONT_IDLE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // An upload may take as long as the whole request; that bound is kept per exchange.
      requestTimeout: 0,
      requireHostHeader: false,
      noDelay: true,
    });
    // Bounded by bytes, not by number: a header that is not counted would not be passed on.
    server.maxHeadersCount = 0;
    server.on('connection', (socket) => this.#connected(socket));
    server.on('request', (request, response) => this.#plain(request, response));
    server.on('checkContinue', (request, response) => this.#plain(request, response));
    server.on('upgrade', (request, socket, head) => {
      if (isWebSocket(request)) {
        this.#upgrade(request, socket as Socket, head);
        return;
      }
      socket.unshift(Buffer.concat([withoutOffer(request), head]));
      server.emit('connection', socket);
    });
    server.on('connect', (_request, socket) => socket.end(NO_FORWARD_PROXY));
    server.on('clientError', (error, socket) => this.#clientError(error, socket));
    return server;
  }

  #connected(socket: Socket): void {
    if (this.#clients.has(socket)) return;
    this.#clients.set(socket, { underWay: 0, upgraded: false });
    socket.once('close', () => this.#clients.delete(socket));
  }

  #plain(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const client = this.#enter(socket);
    const read = this.#readTarget(request);
    const exchange = new PlainExchange(request, response, read.target, this, this.#connections);
    response.once('close', () => this.#leave(socket, client));
    if (this.#closing) response.shouldKeepAlive = false;
    if (read.fault) exchange.answer(read.fault);
    else this.#accept(exchange, socket);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
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
    else if (disturbance.abort) socket.resetAndDestroy();
    else setTimeout(() => exchange.over || this.#dispatcher.accept(exchange), disturbance.delayMs);
  }

  #readTarget(request: IncomingMessage): { readonly target: RequestTarget; readonly fault?: answers.Answer } {
    const { headers, url = '/' } = request;
    const target = readTarget(url, this.#hostOf(request));
    const nowhere = { authority: headers.host ?? '', hostname: '', path: url };
    if (!target) return { target: nowhere, fault: answers.badRequest('Request target is not a path') };
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
    if (!host && request.httpVersion === '1.0') return `localhost:${this.#port}`;
    return host;
  }

  #clientError(error: NodeJS.ErrnoException, stream: Duplex): void {
    const socket = stream as Socket;
    const rejection = rejectionFor(error);
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
    for (const socket of this.#clients.keys()) socket.destroy();
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
