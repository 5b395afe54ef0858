/**
 * HTTPS in front of the same routes: the certificate is chosen by the name a client asks for. HTTP/1.1 alone, since
 * what carries requests (`forward.ts`, and `http-proxy` for WebSockets) passes on HTTP/1.1's own framing and headers.
 */
import { createServer, type Server } from 'node:https';
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { handOver, SERVER_OPTIONS, type Incoming } from './http-server.ts';
import { HANDSHAKE_MS } from './limits.ts';
import type { TlsOptions } from './types.ts';

/** The first byte of every TLS connection: the record type of a handshake. No request line begins with it. */
const HANDSHAKE = 0x16;

/** What clients say, in OpenSSL's words, when they do not know who signed. */
const DISTRUST = /_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)$/;

/**
 * @param plain gets the connections on which no TLS is spoken
 * @param incoming `clientError` is told of failed handshakes too
 */
export function createTlsServer(
  { certificateFor, onDistrust }: Pick<TlsOptions, 'certificateFor' | 'onDistrust'>,
  incoming: Incoming,
  plain: (socket: Socket) => void,
): Server {
  let shown = certificateFor(undefined);
  const server = createServer({
    ...SERVER_OPTIONS,
    cert: shown.cert,
    key: shown.key,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    SNICallback: (name, done) => {
      try {
        done(null, certificateFor(name).context);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const speakTls = server.listeners('connection').map((listener) => listener.bind(server));
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // Clients that name no host get no `SNICallback`.
    const current = certificateFor(undefined);
    if (current !== shown) server.setSecureContext({ cert: current.cert, key: current.key });
    shown = current;
    firstByte(socket, (byte) => {
      if (byte === HANDSHAKE) for (const listener of speakTls) listener(socket);
      else plain(socket);
    });
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    if (DISTRUST.test(error.code ?? '')) onDistrust();
  });
  handOver(server as HttpServer, 'secureConnection', incoming);
  return server;
}

/** Looks at it and puts it back. Not called where a client leaves, or says nothing in time. */
function firstByte(socket: Socket, found: (byte: number) => void): void {
  const end = (): void => void socket.destroy();
  socket.setTimeout(HANDSHAKE_MS);
  socket.once('timeout', end);
  socket.once('end', end);
  socket.once('error', end);
  socket.once('data', (chunk: Buffer) => {
    socket.pause();
    socket.setTimeout(0);
    for (const event of ['timeout', 'end', 'error']) socket.removeListener(event, end);
    socket.unshift(chunk);
    found(chunk[0] ?? 0);
  });
}
