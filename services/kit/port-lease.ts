/**
 * A port that was chosen for a program is the program's only once it listens there. Until then it is leased, so that no
 * other process of ours chooses it as well: by a socket of another kind on the same number, which the system lets go
 * with its owner, however that ends. Nothing is written down, and nothing is left behind.
 */
import { lazily } from './lazily.ts';

/** Nobody's own address, so that programs that speak UDP on the port as well seldom meet it. */
const ADDRESS = '127.80.76.65';
/** A program that listens by then needs no lease; for one that does not, chance has to do. */
const LEASE_MS = 30_000;
const loadDgram = lazily(() => import('node:dgram'));

export interface Lease {
  release(): void;
}

const NO_LEASE: Lease = { release: () => {} };

/** @returns undefined where another process has it */
export async function takeLease(port: number): Promise<Lease | undefined> {
  const { createSocket } = await loadDgram();
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      socket.close();
      // Some systems have one loopback address only: there chance has to do at once.
      resolve(code === 'EADDRINUSE' ? undefined : NO_LEASE);
    });
    socket.bind({ address: ADDRESS, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      socket.unref();
      const timer = setTimeout(() => socket.close(), LEASE_MS).unref();
      resolve({
        release() {
          clearTimeout(timer);
          socket.close();
        },
      });
    });
  });
}
