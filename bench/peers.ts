/**
 * Other test harnesses beside ours, as far as they can be had: installed by npm into a temporary folder (or the one that
 * `BENCH_PEERS` names), never into the project. What is not to be had is said.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, freePort, median, printTable, run } from './measure.ts';

const ROUNDS = 7;
const PACKAGES = { miniflare: '4', 'start-server-and-test': '2', testcontainers: '11' } as const;
const root = fileURLToPath(new URL('..', import.meta.url));
const app = join(root, 'examples/hello-cache');
const program = join(root, 'dist/cli/main.cjs');

interface Timing {
  readonly start: number;
  readonly stop: number;
}

export async function runPeersBench(): Promise<void> {
  const given = process.env['BENCH_PEERS'];
  const folder = given ?? mkdtempSync(join(tmpdir(), 'paas-local-bench-peers-'));
  const missing: string[] = [];
  const has = (name: keyof typeof PACKAGES): boolean => {
    const problem = install(folder, name);
    if (problem) missing.push(`${name}: ${problem}`);
    return problem === undefined;
  };
  try {
    const rows = [
      ...(await timed('paas-local, an app and its cache', 'ours.mjs', [app, String(ROUNDS)])),
      ...(await timed('paas-local, the cache alone', 'ours.mjs', [app, String(ROUNDS), 'services'])),
    ];
    if (has('miniflare'))
      rows.push(
        ...(await timed('miniflare, a worker and its KV', 'miniflare.mjs', [folder, String(ROUNDS)])),
      );
    const engine = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' });
    if (engine.status !== 0) missing.push('testcontainers: no container engine answers here');
    else if (has('testcontainers'))
      rows.push(
        ...(await timed('testcontainers, a memcached', 'testcontainers.mjs', [folder, String(ROUNDS)])),
      );
    printTable(
      `test harnesses in process (medians of ${ROUNDS}, the first left out)`,
      ['', 'start until the first answer, ms', 'stop, ms'],
      rows,
    );
    await around(folder, has('start-server-and-test'));
    for (const line of missing) console.log(`\nNot measured: ${line}`);
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns why it cannot be had */
function install(folder: string, name: keyof typeof PACKAGES): string | undefined {
  if (existsSync(join(folder, 'node_modules', name))) return undefined;
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json')))
    writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const { status, stderr } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--fetch-retries=0', `${name}@${PACKAGES[name]}`],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status === 0) return undefined;
  const reason = stderr
    .split('\n')
    .findLast((line) => line.includes('npm error') && !line.includes('log of this'));
  return `npm cannot install it (${reason?.replace('npm error ', '') ?? `exit code ${String(status)}`})`;
}

async function timed(name: string, script: string, args: readonly string[]): Promise<string[][]> {
  const file = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  const results = JSON.parse(await run(process.execPath, [file, ...args])) as Timing[];
  const of = (key: keyof Timing) => median(results.map((result) => result[key])).toFixed(0);
  return [[name, of('start'), of('stop')]];
}

/** Around a command that does nothing: all of it, from the shell and back. */
async function around(folder: string, hasPeer: boolean): Promise<void> {
  const timedRun = async (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const began = performance.now();
    await run(file, args, { cwd: app, env: { ...process.env, ...env } });
    return performance.now() - began;
  };
  const peer = join(folder, 'node_modules/.bin/start-server-and-test');
  const times = await alternate(ROUNDS, {
    'paas-local exec, an app and its cache': () =>
      timedRun(process.execPath, [program, 'exec', '--', 'true']),
    'paas-local exec --services-only': () =>
      timedRun(process.execPath, [program, 'exec', '--services-only', '--', 'true']),
    ...(hasPeer
      ? {
          'start-server-and-test, the app alone': async () => {
            const port = await freePort();
            const url = `http-get://127.0.0.1:${port}/`;
            return timedRun(peer, ['node server.js', url, 'true'], { PORT: String(port) });
          },
        }
      : {}),
  });
  printTable(
    `around a command that does nothing (medians of ${ROUNDS})`,
    ['', 'from the shell and back, ms'],
    Object.entries(times).map(([name, ms]) => [name, ms.toFixed(0)]),
  );
}
