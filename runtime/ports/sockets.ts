/** The system's listening TCP sockets and who owns them: from /proc on Linux, from `lsof` elsewhere. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { ask } from '../../services/kit/ask.ts';
import { hasProc } from '../../services/kit/process-table.ts';

export interface ListeningSocket {
  /** `127.0.0.1`, `0.0.0.0`, `::`, `::1` … */
  readonly host: string;
  readonly port: number;
  /** Undefined where the owner cannot be seen (another user's process). */
  readonly pid?: number;
}

/** State column of /proc/net/tcp. */
const LISTEN = '0A';

/**
 * @param pids whose sockets; undefined for everyone's. Owners are looked for among these only.
 * Costs about 12 ms on a large machine (the kernel walks its whole table): for messages, not for polling.
 */
export function listeningSockets(pids?: readonly number[]): readonly ListeningSocket[] {
  return hasProc ? fromProc(pids) : fromLsof(pids);
}

function fromProc(pids: readonly number[] | undefined): readonly ListeningSocket[] {
  const listening = ['tcp', 'tcp6'].flatMap((table) => {
    try {
      return parseTcpTable(readFileSync(`/proc/net/${table}`, 'latin1'));
    } catch {
      return []; // no IPv6 here
    }
  });
  const owners = socketOwners(pids ?? readdirSync('/proc').map(Number).filter(Number.isInteger));
  return listening.flatMap(({ host, port, inode }) => {
    const pid = owners.get(inode);
    if (pid === undefined) return pids ? [] : [{ host, port }];
    return [{ host, port, pid }];
  });
}

/** Listening sockets of one /proc/net/tcp or tcp6, with the number by which descriptors name them. */
export function parseTcpTable(text: string): readonly { host: string; port: number; inode: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = local?.split(':') ?? [];
    if (state !== LISTEN || !address || !port || !inode) return [];
    return [{ host: parseAddress(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** Addresses are printed as 32-bit words in the machine's byte order, which is little-endian wherever Node runs. */
function parseAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return bytes.subarray(12).join('.');
  // The URL parser knows how such addresses are shortened.
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
}

function socketOwners(pids: readonly number[]): ReadonlyMap<string, number> {
  const owners = new Map<string, number>();
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    for (const fd of attempt(() => readdirSync(folder)) ?? []) {
      const inode = /^socket:\[(\d+)\]$/.exec(attempt(() => readlinkSync(`${folder}/${fd}`)) ?? '')?.[1];
      // A socket may be shared after a fork; the first to be found stands for all.
      if (inode && !owners.has(inode)) owners.set(inode, pid);
    }
  }
  return owners;
}

/** Processes and descriptors vanish while they are read, and those of others are closed to us. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function fromLsof(pids: readonly number[] | undefined): readonly ListeningSocket[] {
  if (pids?.length === 0) return [];
  const who = pids ? ['-a', '-p', pids.join(',')] : [];
  return parseLsof(ask('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-Fpn', ...who]) ?? '');
}

/** `p812` begins a process, `n127.0.0.1:8080` is a socket of it; `*` stands for any address. */
export function parseLsof(text: string): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  let pid = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    const name = /^n(.+):(\d+)$/.exec(line);
    if (!name) continue;
    const host = name[1] === '*' ? '0.0.0.0' : name[1]!.replaceAll(/[[\]]/g, '');
    sockets.push({ host, port: Number(name[2]), pid });
  }
  return sockets;
}
