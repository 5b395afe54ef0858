/** Runs the load generator: `mcload` in C where it and a compiler are at hand, else ours, which takes the same arguments. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE, pinned, type Server } from './servers.ts';
import type { Workload } from './workloads.ts';

const SOURCE = fileURLToPath(new URL('../../../shared/bench/mcload.c', import.meta.url));
const OWN = fileURLToPath(new URL('./load.ts', import.meta.url));
/** A run that takes so much longer than it was told to is ended. */
const GRACE_MS = 60_000;

export interface LoadResult {
  /** Requests a second; a multiget is one. */
  readonly ops: number;
  readonly p50us: number;
  readonly p99us: number;
  readonly errs: number;
  readonly misses: number;
  /** CPU seconds used per second. */
  readonly clicpu: number;
  /** The same of the server, where the generator can tell. */
  readonly srvcpu?: number;
}

export interface Generator {
  readonly name: string;
  /** Stores all of a workload's keys once. */
  fill(port: number, workload: Workload): Promise<void>;
  run(server: Server, workload: Workload, seconds: number, warmUp: number): Promise<LoadResult>;
  dispose(): void;
}

export function createGenerator(): Generator {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-cache-'));
  const compiled = join(folder, 'mcload');
  const inC = existsSync(SOURCE) && spawnSync('cc', ['-O2', '-o', compiled, SOURCE]).status === 0;
  const command = inC ? [compiled] : [process.execPath, '--import', 'tsx', OWN];
  return {
    name: inC ? 'mcload, in C' : "the project's own, in JavaScript",
    async fill(port, workload) {
      await output([...command, ...argumentsOf(port, workload), '-F'], GRACE_MS);
    },
    async run({ port, pid }, workload, seconds, warmUp) {
      const times = [
        '-n',
        '-j',
        '-t',
        String(seconds),
        '-w',
        String(warmUp),
        ...(inC ? ['-x', String(pid)] : []),
      ];
      const timeout = (seconds + warmUp) * 1000 + GRACE_MS;
      const text = await output([...command, ...argumentsOf(port, workload), ...times], timeout);
      const result = JSON.parse(text) as LoadResult;
      if (result.errs > 0) throw new Error(`${workload.name}: ${result.errs} requests failed: ${text}`);
      return result;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function argumentsOf(port: number, workload: Workload): string[] {
  const { connections, depth, protocol = 'text', valueBytes = 100, getShare = 0.9 } = workload;
  const { keysPerGet = 1, keys = 100_000, rate = 0 } = workload;
  const flags = { p: port, c: connections, d: depth, v: valueBytes, r: getShare, m: keysPerGet, k: keys };
  return [
    ...Object.entries({ ...flags, P: protocol }).flatMap(([flag, value]) => [`-${flag}`, String(value)]),
    ...(rate > 0 ? ['-R', String(rate)] : []),
  ];
}

async function output(command: readonly string[], timeout: number): Promise<string> {
  const [file, ...args] = pinned(LOAD_CORE, command);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout });
  let text = '';
  let complaint = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  child.stderr.on('data', (chunk) => (complaint += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code)}: ${complaint}`);
  return text;
}
