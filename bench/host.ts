/** Living with a host: how long a command takes that only asks, and what 100 apps cost while nothing happens. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { alternate, printTable, run } from './measure.ts';

const bin = fileURLToPath(new URL('../dist/cli/main.cjs', import.meta.url));
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const APPS = Number(process.env.BENCH_APPS ?? 100);
/** After the last command V8 tidies up what it left, once; then nothing happens. */
const SETTLE_MS = 30_000;
const IDLE_MS = 30_000;
/** What the kernel counts CPU time in. */
const TICKS_PER_SECOND = 100;

export async function runHostBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-'));
  // Costs Node 50 ms at every start where it is set; not what is measured here.
  const { NODE_EXTRA_CA_CERTS: _, ...clean } = process.env;
  const env = { ...clean, PAAS_LOCAL_HOME: join(folder, 'home'), PAAS_LOCAL_PORT: '0' };
  const cli = (...args: string[]) => run(process.execPath, [bin, ...args], { env, cwd: folder });
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const asking = () =>
    alternate(ROUNDS, {
      node: () => timed(() => run(process.execPath, ['-e', '0'], { env })),
      apps: () => timed(() => cli('apps')),
    });
  try {
    writeManifest(folder, 1);
    await cli('push', '--detach', '--no-watch');
    const one = await asking();
    writeManifest(folder, APPS);
    const pushMs = await timed(() => cli('push', '--detach', '--no-watch'));
    const many = await asking();
    const { host } = JSON.parse(await cli('push', 'app-0', '--detach', '--no-watch', '--json')) as {
      host: { pid: number };
    };
    await sleep(SETTLE_MS);
    const before = cpuSeconds(host.pid);
    const processes = processCount();
    await sleep(IDLE_MS);
    const idle = (cpuSeconds(host.pid) - before) / (IDLE_MS / 1000);
    const row = (name: string, { node = 0, apps = 0 }: Record<string, number>) => [
      name,
      node.toFixed(0),
      apps.toFixed(0),
      `+${(apps - node).toFixed(0)} ms`,
      '≤ +60 ms',
    ];
    printTable(
      `paas-local apps, there and back (medians of ${ROUNDS} alternated rounds, ms)`,
      ['', "node -e '0'", 'paas-local apps', 'above it', 'goal'],
      [row('1 app', one), row(`${APPS} apps`, many)],
    );
    printTable(
      `${APPS} apps, one instance each (a Node server of three lines)`,
      ['', 'measured', 'goal'],
      [
        ['push to all healthy', `${(pushMs / 1000).toFixed(1)} s`, ''],
        ['resident memory of the host', `${residentMiB(host.pid).toFixed(0)} MiB`, ''],
        [
          `CPU of the host when idle, ${processes} processes on the machine`,
          `${(idle * 100).toFixed(1)} % of a core`,
          '≤ 1 %',
        ],
      ],
    );
  } finally {
    await cli('stop', '--all').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeManifest(folder: string, count: number): void {
  const app = join(folder, 'app');
  mkdirSync(app, { recursive: true });
  writeFileSync(
    join(app, 'server.js'),
    `require('http').createServer((q, r) => r.end('hello')).listen(process.env.PORT, '127.0.0.1');\n`,
  );
  const apps = Array.from(
    { length: count },
    (_, at) => `- {name: app-${at}, path: app, memory: 128M, command: node server.js}\n`,
  );
  writeFileSync(join(folder, 'manifest.yml'), `applications:\n${apps.join('')}`);
}

const processCount = (): number => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;
}
