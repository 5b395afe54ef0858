import { connect, type NetConnectOpts } from 'node:net';

/** How long an exchange may take before it is given up. */
const EXCHANGE_MS = 60_000;

/**
 * Sends the chunks one by one, each in a packet of its own, ends the writing side and gives everything that
 * came back until the server closed.
 */
export function exchange(to: NetConnectOpts | number, chunks: readonly (Buffer | string)[]): Promise<Buffer> {
  const options = typeof to === 'number' ? { port: to, host: '127.0.0.1' } : to;
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ ...options, noDelay: true } as NetConnectOpts);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(
          `No end after ${EXCHANGE_MS} ms; received: ${Buffer.concat(received).toString('latin1').slice(-300)}`,
        ),
      );
    }, EXCHANGE_MS);
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', () => {}); // a server that closes early may reset; what it said counts
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received));
    });
    socket.on('connect', () => {
      let at = 0;
      const next = () => {
        if (socket.destroyed) return;
        if (at === chunks.length) {
          socket.end();
          return;
        }
        socket.write(chunks[at++]!, 'latin1' as never, () => setImmediate(next));
      };
      next();
    });
  });
}

/** Cuts bytes into chunks of one. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** Cuts bytes at the given places, in any order. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const chunks: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > from) chunks.push(bytes.subarray(from, cut));
    from = cut;
  }
  return chunks;
}
