/** The two servers that are compared, each alone on a core where the system can pin it. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stopChild } from '../measure.ts';

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const ANSWERS_WITHIN_MS = 10_000;

/** Whether processes can be pinned to cores here. */
export const canPin = spawnSync('taskset', ['-V']).status === 0;

export interface Server {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** A command that runs on one core only, if that is possible. */
export function pinned(core: number, command: readonly string[]): readonly [string, ...string[]] {
  const all = canPin ? ['taskset', '-c', String(core), ...command] : command;
  return all as readonly [string, ...string[]];
}

export function memcachedVersion(): string | undefined {
  const { status, stdout } = spawnSync('memcached', ['-V'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export async function startMemcached(megabytes: number): Promise<Server> {
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const flags = ['-t', '1', '-l', '127.0.0.1', '-p', String(port), '-m', String(megabytes)];
  const [file, ...args] = pinned(SERVER_CORE, ['memcached', ...user, ...flags]);
  const child = spawn(file, args, { stdio: 'ignore' });
  await untilOpen(port);
  return { pid: child.pid!, port, stop: () => stopChild(child) };
}

export async function startOurs(megabytes: number): Promise<Server> {
  const program = fileURLToPath(new URL('./ours.mjs', import.meta.url));
  const [file, ...args] = pinned(SERVER_CORE, [process.execPath, program, String(megabytes)]);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid!, port: Number(line.toString()), stop: () => stopChild(child) };
}

/** Resident memory of a process in MiB. Linux only. */
export function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function untilOpen(port: number): Promise<void> {
  const until = performance.now() + ANSWERS_WITHIN_MS;
  while (performance.now() < until) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`memcached did not listen on port ${port} within ${ANSWERS_WITHIN_MS} ms`);
}
