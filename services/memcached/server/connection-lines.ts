import type { Socket } from 'node:net';

/** A client's address as `stats conns` shows it. */
export function addressOf(socket: Socket, listenAddress: string): string {
  if (listenAddress.startsWith('unix:')) return listenAddress;
  const { remoteAddress = '', remotePort = 0, remoteFamily } = socket;
  return remoteFamily === 'IPv6'
    ? `tcp6:[${remoteAddress}]:${remotePort}`
    : `tcp:${remoteAddress}:${remotePort}`;
}

/** The same as `watch connevents` shows it. */
export function endpointOf(address: string): string {
  if (address.startsWith('unix:')) return 'rip=unix rport=0 transport=local';
  const [, host = '', port = ''] = /^tcp6?:\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return `rip=${host} rport=${port} transport=tcp`;
}

/** A listening address as `stats conns` shows it. */
export function listenAddressOf(host: string, port: number): string {
  return host.includes(':') ? `tcp6:[${host}]:${port}` : `tcp:${host}:${port}`;
}
