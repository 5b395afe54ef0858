import { lookup } from 'node:dns/promises';
import { EXIT, Ending } from './ending.ts';
import { systemMessage } from './system-message.ts';
import { wantedAddresses } from './addresses.ts';
import type { CacheSockets, ListenAddress } from '../server/cache-sockets.ts';
import type { CommandLine } from './command-line.ts';

const ANY_PORT = -1;

/** A line of the port file: `TCP INET: 11211`. */
export type PortLine = string;

/**
 * Opens the sockets of a command line: the unix socket, or TCP and UDP.
 * @returns what `MEMCACHED_PORT_FILENAME` is told
 * @throws Ending
 */
export async function listen(sockets: CacheSockets, line: CommandLine): Promise<readonly PortLine[]> {
  const { socketPath, socketMask, interfaces } = line;
  if (socketPath !== undefined) {
    try {
      await sockets.listenUnix({ path: socketPath, mask: socketMask });
    } catch (error) {
      const why = systemMessage(error);
      const stderr = `bind(): ${why}\nfailed to listen on UNIX socket: ${socketPath}: ${why}\n`;
      throw new Ending(EXIT.osError, { stderr });
    }
    return [];
  }
  const ports: PortLine[] = [];
  for (const transport of ['TCP', 'UDP'] as const) {
    const port = transport === 'TCP' ? line.tcpPort : line.udpPort;
    if (port === 0) continue;
    const open = (address: ListenAddress) =>
      transport === 'TCP' ? sockets.listenTcp(address) : sockets.listenUdp(address);
    const where =
      interfaces === undefined ? `${transport} port ${port}` : `one of interface(s) ${interfaces}`;
    for (const wanted of wantedAddresses(interfaces, port)) {
      ports.push(...(await listenOn(wanted, transport, where, open)));
    }
    if (ports.length === 0) throw failed(where, 'Address already in use');
  }
  return ports;
}

async function listenOn(
  wanted: ReturnType<typeof wantedAddresses>[number],
  transport: 'TCP' | 'UDP',
  where: string,
  open: (address: ListenAddress) => Promise<number>,
): Promise<PortLine[]> {
  const { host, protocol } = wanted;
  const port = wanted.port === ANY_PORT ? 0 : wanted.port;
  if (port < 0) {
    const stderr = `getaddrinfo(): Servname not supported for ai_socktype\nfailed to listen on ${where}\n`;
    throw new Ending(EXIT.osError, { stderr });
  }
  const addresses = await resolve(host, where);
  const lines: PortLine[] = [];
  let taken: unknown;
  for (const { address, family } of addresses) {
    try {
      const bound = await open({ host: address, port, ipv6Only: family === 6, protocol });
      lines.push(`${transport} INET${family === 6 ? '6' : ''}: ${bound}`);
    } catch (error) {
      // Of several addresses one has to work. A machine without IPv6 has no ::1.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && host !== '::1') {
        throw failed(where, systemMessage(error), `bind(): ${systemMessage(error)}\n`);
      }
      taken = error;
    }
  }
  if (lines.length === 0 && host !== '::1') throw failed(where, systemMessage(taken));
  return lines;
}

async function resolve(host: string, where: string): Promise<readonly { address: string; family: number }[]> {
  try {
    return await lookup(host, { all: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOTFOUND' ? 'Name or service not known' : systemMessage(error);
    throw failed(where, why, `getaddrinfo(): ${why}\n`);
  }
}

function failed(where: string, why: string, before = ''): Ending {
  return new Ending(EXIT.osError, { stderr: `${before}failed to listen on ${where}: ${why}\n` });
}
