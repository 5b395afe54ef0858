/** Requests per second and waiting through the router, next to the app reached directly and to other proxies. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { median, printTable, stopChild } from './measure.ts';
import { load } from './router/load.ts';

const NGINX = 'nginx';
const CONNECTIONS = 64;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const ROUND_MS = 3_000;
const WARM_UP_MS = 1_500;
const MEMORY_REQUESTS = 1_000_000;

interface Door {
  readonly name: string;
  readonly port: number;
  /** CPU used so far in microseconds, where the process tells. */
  readonly usage?: () => Promise<{ readonly cpuUs: number; readonly rssMiB: number }>;
  readonly stop: () => Promise<void>;
}

export async function runRouterBench(): Promise<void> {
  const backend = await forkDoor('backend', new URL('./router/backend.ts', import.meta.url), []);
  const doors: Door[] = [{ ...backend, name: 'backend, direct' }];
  try {
    doors.push(
      await forkDoor('http-proxy + keep-alive agent', new URL('./router/proxy.ts', import.meta.url), [
        'http-proxy',
        backend.port,
      ]),
    );
    doors.push(await forkOurs(backend.port));
    const nginx = await startNginx(backend.port);
    if (nginx) doors.push(nginx);
    else console.log('nginx is not installed; its row is left out.');
    await compare(doors);
  } finally {
    for (const door of doors) await door.stop();
  }
}

/** A million requests on one router: what grows, grows with them. */
export async function runRouterMemoryBench(): Promise<void> {
  const backend = await forkDoor('backend', new URL('./router/backend.ts', import.meta.url), []);
  const ours = await forkOurs(backend.port);
  try {
    await memory(ours);
  } finally {
    await ours.stop();
    await backend.stop();
  }
}

const forkOurs = (backendPort: number): Promise<Door> =>
  forkDoor('paas-local router', new URL('./router/proxy.ts', import.meta.url), ['ours', backendPort]);

async function compare(doors: readonly Door[]): Promise<void> {
  const results = doors.map(() => ({
    rate: [] as number[],
    p50: [] as number[],
    p99: [] as number[],
    cpu: [] as number[],
  }));
  for (const door of doors) await load(door.port, CONNECTIONS, { ms: WARM_UP_MS });
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, door] of doors.entries()) {
      const before = await door.usage?.();
      const run = await load(door.port, CONNECTIONS, { ms: ROUND_MS });
      const after = await door.usage?.();
      if (run.failures > 0) throw new Error(`${door.name}: ${run.failures} failed requests`);
      const result = results[at]!;
      result.rate.push(run.requests / run.seconds);
      result.p50.push(run.p50Ms);
      result.p99.push(run.p99Ms);
      if (before && after) result.cpu.push((after.cpuUs - before.cpuUs) / run.requests);
    }
  }
  const reference = median(results[1]!.rate);
  printTable(
    `router, ${CONNECTIONS} keep-alive connections, 1 KiB answers (medians of ${ROUNDS} alternated rounds)`,
    ['', 'requests/s', '÷ http-proxy', 'p50 ms', 'p99 ms', 'CPU µs/request'],
    doors.map((door, at) => {
      const { rate, p50, p99, cpu } = results[at]!;
      return [
        door.name,
        median(rate).toFixed(0),
        (median(rate) / reference).toFixed(2),
        median(p50).toFixed(1),
        median(p99).toFixed(1),
        cpu.length > 0 ? median(cpu).toFixed(0) : '',
      ];
    }),
  );
  console.log('goal: paas-local router ≥ 1.00 × http-proxy, with all headers and log lines');
}

async function memory(ours: Door): Promise<void> {
  const rows: string[][] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    if (share > 0) await load(ours.port, CONNECTIONS, { requests: MEMORY_REQUESTS / 4 });
    const usage = await ours.usage?.();
    rows.push([(share * MEMORY_REQUESTS).toLocaleString('en'), `${usage?.rssMiB.toFixed(0)} MiB`]);
  }
  printTable('router, resident memory over requests (goal: flat)', ['requests', 'memory'], rows);
}

async function forkDoor(name: string, file: URL, args: readonly unknown[]): Promise<Door> {
  const child = fork(built(file), args.map(String), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const usage = async (): Promise<{ cpuUs: number; rssMiB: number }> => {
    child.send('usage');
    const [told] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage; rss: number }];
    return { cpuUs: told.cpu.user + told.cpu.system, rssMiB: told.rss / 2 ** 20 };
  };
  return { name, port, ...(args.length > 0 ? { usage } : {}), stop: () => stopChild(child) };
}

/** As it is shipped: what runs sources directly gives every function its name each time it is made. */
function built(file: URL): string {
  const path = fileURLToPath(file);
  const outfile = fileURLToPath(
    new URL(`../node_modules/.cache/paas-local-bench/${basename(path, '.ts')}.mjs`, import.meta.url),
  );
  buildSync({
    entryPoints: [path],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}

/** One worker with keep-alive to the app and an access log, as the router has one; undefined without nginx. */
async function startNginx(backendPort: number): Promise<Door | undefined> {
  if (spawnSync(NGINX, ['-v']).error) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-nginx-'));
  const port = await freePort();
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
  upstream app { server 127.0.0.1:${backendPort}; keepalive 128; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 1000000000;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`,
  );
  const child: ChildProcess = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'inherit',
  });
  for (let tries = 0; tries < 100; tries++) {
    if (await load(port, 1, { requests: 1, ms: 1_000 }).then((run) => run.requests > 0)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const stop = async (): Promise<void> => {
    await stopChild(child);
    rmSync(folder, { recursive: true, force: true });
  };
  return { name: 'nginx, one worker', port, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
