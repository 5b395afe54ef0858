/**
 * From `push` to the first 200, next to `node server.js` alone; the host's memory, next to a Node that does nothing;
 * requests during restarts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, mkdtempSync, rmSync, cpSync, writeFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, median, printTable, run, stopChild, untilOk } from './measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'dist/cli/main.cjs');
const example = join(root, 'examples/hello-cache');
const ROUNDS = 9;
const RESTARTS = 20;
/** A host keeps the thread of its caches for ten seconds after the last one. */
const ROUNDS_WITHOUT_CACHE = 3;
const THREAD_KEPT_MS = 10_500;

export async function runPushBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-'));
  // Costs Node 50 ms at every start where it is set; not what is measured here.
  const { NODE_EXTRA_CA_CERTS: _, ...clean } = process.env;
  const env = { ...clean, PAAS_LOCAL_HOME: join(folder, 'home') };
  const cli = (...args: string[]) => run(process.execPath, [bin, ...args], { env, cwd: example });
  try {
    const resident: number[] = [];
    const times = await alternate(ROUNDS, {
      bare: () => bareStart(clean),
      cold: async () => {
        const { ms, hostPid } = await pushToOk(env, await freePort());
        resident.push(residentMiB(hostPid));
        await cli('stop', '--all');
        return ms;
      },
    });
    const warm = await withWarmHost(env, cli, folder, clean);
    printTable(
      'push to first 200, hello-cache',
      ['', 'median ms', 'above bare', 'goal'],
      [
        ['node server.js alone', times.bare!.toFixed(0), '', ''],
        [
          'push, cold host',
          times.cold!.toFixed(0),
          `+${(times.cold! - times.bare!).toFixed(0)} ms`,
          '≤ +250 ms',
        ],
        ['node server.js alone (second series)', warm.bare.toFixed(0), '', ''],
        ['push, warm host', warm.warm.toFixed(0), `+${(warm.warm - warm.bare).toFixed(0)} ms`, '≤ +60 ms'],
        [
          'push, warm host that had no cache for a while',
          warm.withoutCache.toFixed(0),
          `+${(warm.withoutCache - warm.bare).toFixed(0)} ms`,
          '',
        ],
      ],
    );
    printTable(
      'host',
      ['', 'measured', 'goal'],
      [
        ['resident memory of `node` that does nothing', `${(await emptyNodeMiB(clean)).toFixed(0)} MiB`, ''],
        ['of the host, one app and one cache, first push', `${median(resident).toFixed(0)} MiB`, '≤ 60 MiB'],
        [`the same after ${ROUNDS * 2} pushes`, `${warm.rssMiB.toFixed(0)} MiB`, '≤ 60 MiB'],
        [`failed requests during ${RESTARTS} restarts under load`, `${warm.failed} of ${warm.sent}`, '0'],
      ],
    );
  } finally {
    await cli('stop', '--all').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bareStart(env: NodeJS.ProcessEnv): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ['server.js'], {
    cwd: example,
    env: { ...env, PORT: String(port) },
    stdio: 'ignore',
  });
  await untilOk(`http://127.0.0.1:${port}/`);
  const ms = performance.now() - began;
  await stopChild(child);
  return ms;
}

/** From the command's start to the first 200 of the URL; the command itself is then waited for. */
async function pushToOk(
  env: NodeJS.ProcessEnv,
  port: number,
  cwd = example,
  app = 'hello-cache',
): Promise<{ readonly ms: number; readonly hostPid: number }> {
  const began = performance.now();
  const ended = run(process.execPath, [bin, 'push', '--detach', '--json', '--port', String(port)], {
    env,
    cwd,
  });
  await untilOk(`http://127.0.0.1:${port}/`, `${app}.localhost`);
  const ms = performance.now() - began;
  const { host } = JSON.parse(await ended) as { host: { pid: number } };
  return { ms, hostPid: host.pid };
}

async function withWarmHost(
  env: NodeJS.ProcessEnv,
  cli: (...args: string[]) => Promise<string>,
  folder: string,
  clean: NodeJS.ProcessEnv,
) {
  // Another app keeps the host warm while the measured one comes and goes.
  const other = join(folder, 'other');
  cpSync(example, other, { recursive: true });
  await run(
    process.execPath,
    [
      '-e',
      `const f=require('fs');f.writeFileSync('manifest.yml',f.readFileSync('manifest.yml','utf8').replaceAll('hello-cache','other'))`,
    ],
    { cwd: other },
  );
  const port = await freePort();
  await pushToOk(env, port, other, 'other');
  const times = await alternate(ROUNDS, {
    bare: () => bareStart(clean),
    warm: async () => {
      const { ms } = await pushToOk(env, port);
      await cli('delete', '-f');
      return ms;
    },
  });
  writeFileSync(join(other, 'manifest.yml'), 'name: other\nmem: 128M\n');
  await run(process.execPath, [bin, 'push', '--detach'], { env, cwd: other });
  const { withoutCache } = await alternate(ROUNDS_WITHOUT_CACHE, {
    withoutCache: async () => {
      await sleep(THREAD_KEPT_MS);
      const { ms } = await pushToOk(env, port);
      await cli('delete', '-f');
      return ms;
    },
  });
  await run(process.execPath, [bin, 'delete', '-f', 'other'], { env, cwd: other });
  const { host, router } = JSON.parse(await cli('push', '--detach', '--json')) as {
    host: { pid: number };
    router: { port: number };
  };
  const rssMiB = median(Array.from({ length: 5 }, () => residentMiB(host.pid)));
  const load = startLoad(router.port, 'hello-cache.localhost');
  for (let restart = 0; restart < RESTARTS; restart++) await cli('restart');
  const { sent, failed } = await load.stop();
  return { bare: times.bare!, warm: times.warm!, withoutCache: withoutCache!, rssMiB, sent, failed };
}

async function emptyNodeMiB(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, ['-e', "setInterval(() => {}, 1e9); process.stdout.write('up')"], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const mib = residentMiB(child.pid!);
  await stopChild(child);
  return mib;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Four connections, each asking again as soon as it was answered, until stopped. */
function startLoad(port: number, host: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let [sent, failed, running] = [0, 0, true];
  const worker = async () => {
    while (running) {
      sent += 1;
      const status = await new Promise<number>((resolve) => {
        const asked = request({ port, host: '127.0.0.1', headers: { host }, agent }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
        });
        asked.on('error', () => resolve(0));
        asked.end();
      });
      if (status !== 200) failed += 1;
    }
  };
  const workers = Array.from({ length: 4 }, worker);
  return {
    async stop() {
      running = false;
      await Promise.all(workers);
      agent.destroy();
      return { sent, failed };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
