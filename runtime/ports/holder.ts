/** Who holds a port: for the message that says why it cannot be had. */
import { readFileSync } from 'node:fs';
import { ask } from '../../services/kit/ask.ts';
import { hasProc } from '../../services/kit/process-table.ts';
import { listeningSockets } from './sockets.ts';

export interface PortHolder {
  /** Undefined where the holder is another user's process. */
  readonly pid?: number;
  /** Its command line, cut to 80 characters, control characters replaced. */
  readonly command?: string;
}

const MAX_COMMAND = 80;

/** Undefined where nobody listens on it. A holder that can be seen is preferred to one that cannot. */
export function portHolder(port: number): PortHolder | undefined {
  const holders = listeningSockets().filter((socket) => socket.port === port);
  const pid = holders.find((holder) => holder.pid !== undefined)?.pid;
  if (pid === undefined) return holders.length > 0 ? {} : undefined;
  const command = commandOf(pid);
  return command === undefined ? { pid } : { pid, command };
}

/** `node server.js (pid 812)`, or `a process of another user`; undefined where nobody listens. */
export async function describeHolder(port: number): Promise<string | undefined> {
  const holder = portHolder(port);
  if (!holder) return undefined;
  if (holder.pid === undefined) return 'a process of another user';
  return holder.command ? `${holder.command} (pid ${holder.pid})` : `process ${holder.pid}`;
}

function commandOf(pid: number): string | undefined {
  const raw = hasProc ? readCommand(pid) : ask('ps', ['-p', String(pid), '-o', 'command=']);
  // A command line is text of a stranger: it must not reach a terminal as more than text.
  const text = raw?.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  if (!text) return undefined;
  return text.length > MAX_COMMAND ? `${text.slice(0, MAX_COMMAND - 1)}…` : text;
}

function readCommand(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return undefined;
  }
}
