/** Ports of services: a free one where any will do, and a taken one told before an engine stumbles over it. */
import { createServer } from 'node:net';
import { ServiceError } from './service-error.ts';

/** A port that was free a moment ago. */
export function freePort(host: string): Promise<number> {
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
