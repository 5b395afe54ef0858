/** Ports of services: a free one where any will do, and a taken one told before an engine stumbles over it. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { takeLease } from './port-lease.ts';
import { ServiceError } from './service-error.ts';

/**
 * Below the ranges from which systems take ports of outgoing connections (Linux from 32768, macOS from 49152), so that
 * no connection sits down on a port between our look and the `listen` of a program, and above the well-known.
 */
export const FIRST_PORT = 20_000;
export const LAST_PORT = 29_999;

const MAX_TRIES = 200;

/**
 * A port that was free a moment ago, and that no process of ours gives to another program meanwhile.
 * @param leased false where UDP is to be spoken there, which a lease may be in the way of
 */
export async function freePort(host: string, leased = true): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const lease = await takeLease(port);
    if (!lease) continue;
    const free = await listenOnce(host, port).catch(() => undefined);
    if (free === undefined || !leased) lease.release();
    if (free !== undefined) return free;
  }
  return listenOnce(host, 0);
}

/** @throws ServiceError `SERVICE_PORT_TAKEN` */
export async function requirePort(host: string, port: number): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    throw listenFailure(host, port, error);
  }
}

/** What the system said of a port that was to be listened on, in our words. */
export function listenFailure(host: string, port: number, error: unknown): ServiceError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return portTaken(host, port, error);
  return new ServiceError('SERVICE_START_FAILED', message, { port, host }, { cause: error });
}

export function portTaken(host: string, port: number, cause?: unknown): ServiceError {
  return new ServiceError('SERVICE_PORT_TAKEN', `port ${port} is taken`, { port, host }, { cause });
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const { port: found } = server.address() as { port: number };
      server.close(() => resolve(found));
    });
  });
}
