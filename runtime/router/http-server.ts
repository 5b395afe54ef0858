/** A server of Node's with the router's bounds; what comes in is handed to whoever routes it. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isWebSocket, withoutOffer } from './declined-upgrade.ts';
import { FRONT_IDLE_MS, HEADERS_TIMEOUT_MS, MAX_HEADER_BYTES } from './limits.ts';
import { NO_FORWARD_PROXY } from './reject.ts';

export interface Incoming {
  /** A connection that may bring requests: with TLS, after the handshake. Told again of one that was put back. */
  connected(socket: Socket): void;
  plain(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  clientError(error: NodeJS.ErrnoException, socket: Socket): void;
}

/** `shouldUpgradeCallback`: from Node 24.9 on an offer can be declined at once; before, it is put back, see below. */
export const SERVER_OPTIONS: ServerOptions & {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
} = {
  shouldUpgradeCallback: isWebSocket,
  maxHeaderSize: MAX_HEADER_BYTES,
  keepAliveTimeout: FRONT_IDLE_MS,
  headersTimeout: HEADERS_TIMEOUT_MS,
  // An upload may take as long as the whole request; that bound is kept per exchange.
  requestTimeout: 0,
  requireHostHeader: false,
  noDelay: true,
};

export function createHttpServer(incoming: Incoming): Server {
  const server = createServer(SERVER_OPTIONS);
  handOver(server, 'connection', incoming);
  return server;
}

/** @param connection the event that brings a connection on which HTTP is spoken */
export function handOver(
  server: Server,
  connection: 'connection' | 'secureConnection',
  incoming: Incoming,
): void {
  // Bounded by bytes, not by number: a header that is not counted would not be passed on.
  server.maxHeadersCount = 0;
  server.on(connection, (socket: Socket) => incoming.connected(socket));
  server.on('request', (request, response) => incoming.plain(request, response));
  server.on('checkContinue', (request, response) => incoming.plain(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isWebSocket(request)) {
      incoming.upgrade(request, socket as Socket, head);
      return;
    }
    socket.unshift(Buffer.concat([withoutOffer(request), head]));
    server.emit(connection, socket);
  });
  server.on('connect', (_request, socket: Duplex) => socket.end(NO_FORWARD_PROXY));
  server.on('clientError', (error, socket: Duplex) => incoming.clientError(error, socket as Socket));
}
