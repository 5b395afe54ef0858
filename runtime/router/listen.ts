/** Finding a port that is free on both loopback families, and binding it. */
import type { Server } from 'node:net';
import { PaasError } from '../kernel/errors.ts';
import { PORT_TRIES } from './limits.ts';

export interface ListenOptions {
  readonly port: number;
  readonly strictPort: boolean;
  readonly describeHolder?: (port: number) => string | undefined | Promise<string | undefined>;
}

/** Ports browsers refuse to open (the fetch standard's "bad ports" from 1024 upwards). */
const BLOCKED_BY_BROWSERS = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
]);

const MAX_PORT = 65_535;

/**
 * Binds `v4` to 127.0.0.1 and `v6` to ::1 on the same port and resolves to it; on a machine without ::1 only
 * the first. A taken port makes the next one be tried, unless `strictPort`.
 * Throws `PORT_TAKEN`, or `USAGE` when the system does not let us have the port at all; any other error of the system's
 * as it is. Then neither listens.
 */
export async function listenOnLoopback(v4: Server, v6: Server, options: ListenOptions): Promise<number> {
  for (let attempt = 0; attempt < PORT_TRIES; attempt++) {
    const wanted = options.port === 0 ? 0 : options.port + attempt;
    if (wanted > MAX_PORT) break;
    if (attempt > 0 && BLOCKED_BY_BROWSERS.has(wanted)) continue;
    const port = await tryPort(v4, v6, wanted);
    if (port !== undefined) return port;
    if (options.strictPort && options.port !== 0) break;
  }
  const holder = await options.describeHolder?.(options.port);
  throw new PaasError('PORT_TAKEN', { port: options.port, ...(holder === undefined ? {} : { holder }) });
}

async function tryPort(v4: Server, v6: Server, wanted: number): Promise<number | undefined> {
  const first = await listen(v4, '127.0.0.1', wanted);
  if (first === 'forbidden') {
    throw new PaasError('USAGE', {
      message: `Cannot listen on port ${wanted}: permission denied`,
      hint: 'Choose a port of 1024 or more',
    });
  }
  if (first !== 'listening') return undefined;
  const address = v4.address();
  const port = typeof address === 'object' && address ? address.port : wanted;
  const second = await listen(v6, '::1', port).catch(async (error: unknown) => {
    await new Promise((closed) => v4.close(closed));
    throw error;
  });
  if (second === 'listening' || second === 'no-such-address') return port;
  await new Promise((closed) => v4.close(closed));
  return undefined;
}

type ListenOutcome = 'listening' | 'taken' | 'forbidden' | 'no-such-address';

async function listen(server: Server, host: string, port: number): Promise<ListenOutcome> {
  return new Promise((resolve, reject) => {
    const unlisten = (): void => {
      server.removeListener('error', failed);
      server.removeListener('listening', listening);
    };
    const done = (outcome: ListenOutcome): void => {
      unlisten();
      resolve(outcome);
    };
    const listening = (): void => done('listening');
    const failed = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') done('taken');
      else if (error.code === 'EACCES' || error.code === 'EPERM') done('forbidden');
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') done('no-such-address');
      else {
        unlisten();
        reject(error);
      }
    };
    server.on('error', failed);
    server.on('listening', listening);
    server.listen({ host, port, exclusive: true });
  });
}
