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
  readonly #sockets = new Set<Socket>();
  /** Requests under way on each client connection. */
  readonly #busy = new Map<Socket, number>();
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
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #plain(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#enter(socket);
    const read = this.#readTarget(request);
    const exchange = new PlainExchange(request, response, read.target, this, this.#connections);
    response.once('close', () => this.#leave(socket));
    if (this.#closing) response.shouldKeepAlive = false;
    if (read.fault) exchange.answer(read.fault);
    else this.#dispatcher.accept(exchange);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#enter(socket);
    const read = this.#readTarget(request);
    const exchange = new UpgradeExchange(request, socket, head, read.target, this, this.#tunnels);
    socket.once('close', () => this.#leave(socket));
    if (read.fault) exchange.answer(read.fault);
    else this.#dispatcher.accept(exchange);
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
    if (rejection === undefined || !socket.writable || this.#busy.has(socket)) {
      socket.destroy();
      return;
    }
    socket.write(rejection);
    socket.destroySoon();
  }

  #enter(socket: Socket): void {
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
  }

  #leave(socket: Socket): void {
    const left = (this.#busy.get(socket) ?? 1) - 1;
    if (left > 0) {
      this.#busy.set(socket, left);
      return;
    }
    this.#busy.delete(socket);
    if (!this.#closing) return;
    socket.destroySoon();
    if (this.#busy.size === 0) this.#idle?.();
  }

  async #close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((done) => server.close(done)));
    this.#dispatcher.close();
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
    if (this.#busy.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_MS);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const socket of this.#sockets) socket.destroy();
    this.#connections.destroy();
    await Promise.all(closed);
  }
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
