/** Which ports the processes of an app listen on, to tell a user who waits for another one. */
import { listeningSockets } from './sockets.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}

/** In order of port, each host and port once. */
export function listeningPorts(pids: readonly number[]): readonly Listening[] {
  const seen = new Map<string, Listening>();
  for (const { host, port, pid } of listeningSockets(pids)) {
    const key = `${host} ${port}`;
    if (pid !== undefined && !seen.has(key)) seen.set(key, { host, port, pid });
  }
  return [...seen.values()].toSorted((a, b) => a.port - b.port || a.host.localeCompare(b.host));
}

const LOOPBACK = /^(127\.|::1$)/;

/** The loopback address on which alone these processes have the port; undefined where others can reach it too. */
export function loopbackOnly(pids: readonly number[], port: number): string | undefined {
  const hosts = listeningPorts(pids).flatMap((found) => (found.port === port ? found.host : []));
  return hosts.every((host) => LOOPBACK.test(host)) ? hosts[0] : undefined;
}
