/**
 * Offers to leave HTTP that we do not take, such as the `Upgrade: h2c` which Java's client and `curl --http2` add
 * to their first request: HTTP allows to ignore them (RFC 9110, 7.8). Node, however, hands out the bare socket of
 * every request that offers (before 24.9, which asks), so the request is put back in front of it as one that does not.
 */
import type { IncomingMessage } from 'node:http';

/** Only a WebSocket handshake is taken: GET without a body. */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';
}

const OFFER = new Set(['upgrade', 'connection', 'http2-settings']);

/** The bytes of the request's head without the offer. */
export function withoutOffer(request: IncomingMessage): Buffer {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!OFFER.has(name.toLowerCase())) head += `${name}: ${rawHeaders[at + 1] ?? ''}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}
