/** Finds a port nobody listens on: the preferred one where that is free, else one of a quiet range. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { takeLease } from '../../services/kit/port-lease.ts';
import { FIRST_PORT, LAST_PORT } from '../../services/kit/ports.ts';
import { PaasError } from '../kernel/errors.ts';

const MAX_PORT = 65_535;

/** Neither may be held: an app may listen on either, and clients try both. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;
/** So that two platforms (homes, spaces) asking at the same moment seldom meet. */
const MAX_TRIES = 200;

export interface AllocateOptions {
  /** An address that must be free as well as both loopback ones, where an app listens elsewhere. */
  readonly host?: string;
  /** Taken where it is free, wherever it lies. */
  readonly preferred?: number;
  /** Promised to others, though nobody listens there now. */
  readonly taken?: ReadonlySet<number>;
  readonly signal?: AbortSignal;
}

/** Handed out lately in this process: an app needs a moment between being told its port and listening on it. */
const recent = new Set<number>();
const RECENT_PORTS = 1000;

/** @throws PaasError `PORTS_EXHAUSTED` */
export async function allocatePort(options: AllocateOptions = {}): Promise<number> {
  const { preferred, taken, signal } = options;
  const hosts = options.host === undefined ? LOOPBACKS : [...new Set([...LOOPBACKS, options.host])];
  const usable = (port: number): boolean => port > 0 && port <= MAX_PORT && !taken?.has(port);
  if (preferred !== undefined && usable(preferred) && (await isFree(preferred, hosts)))
    return remember(preferred);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    signal?.throwIfAborted();
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (!usable(port) || recent.has(port)) continue;
    // On record before the look is waited for: two askers at the same moment get two ports.
    remember(port);
    const lease = await takeLease(port);
    if (!lease) continue;
    if (await isFree(port, hosts)) return port;
    lease.release();
  }
  throw new PaasError('PORTS_EXHAUSTED', { from: FIRST_PORT, to: LAST_PORT, tries: MAX_TRIES });
}

/** Whether nobody listens on the port on any of these addresses. */
export async function isFree(port: number, hosts: readonly string[] = LOOPBACKS): Promise<boolean> {
  const free = await Promise.all(hosts.map((host) => canListen(host, port)));
  return free.every(Boolean);
}

function remember(port: number): number {
  recent.delete(port);
  recent.add(port);
  for (const oldest of recent) {
    if (recent.size <= RECENT_PORTS) break;
    recent.delete(oldest);
  }
  return port;
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 has no ::1 that could be held.
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
    });
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(true)));
  });
}
