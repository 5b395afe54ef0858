/** What outages and recording cost the cache while nobody uses them: against the same cache built without them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { createGenerator } from './cache/generator.ts';
import { pinned, SERVER_CORE, type Server } from './cache/servers.ts';
import type { Workload } from './cache/workloads.ts';
import { median, printTable, stopChild } from './measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 9);
const SECONDS = 1;
const WARM_UP_SECONDS = 0.3;
const GOAL = 0.97;
const source = fileURLToPath(new URL('../services/memcached/index.ts', import.meta.url));
const program = fileURLToPath(new URL('./hooks/server.mjs', import.meta.url));

const WORKLOADS: readonly Workload[] = [
  { name: '10 connections', connections: 10, depth: 1, least: GOAL, goal: 1 },
  { name: '50 × 16 pipelined', connections: 50, depth: 16, least: GOAL, goal: 1 },
];

/** The one place where a command passes them. */
const WITH = 'tap === undefined ? this.step(this, at, end) : tap.step(this, at, end)';
const WITHOUT = 'this.step(this, at, end)';

const withoutHooks: Plugin = {
  name: 'without-hooks',
  setup: ({ onLoad }) =>
    onLoad({ filter: /protocol\/session\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes(WITH)) throw new Error(`${path} has no such line any more: ${WITH}`);
      return { contents: text.replace(WITH, WITHOUT), loader: 'ts' };
    }),
};

interface Variant {
  readonly name: string;
  readonly bundle: string;
  readonly state: 'plain' | 'outage-over' | 'recording';
}

export async function runHooksBench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-hooks-'));
  const generator = createGenerator();
  try {
    const [bare, shipped] = [join(folder, 'without.mjs'), join(folder, 'with.mjs')];
    const common = { bundle: true, platform: 'node', target: 'node20.19', format: 'esm' } as const;
    await build({
      ...common,
      entryPoints: [source],
      outfile: bare,
      plugins: [withoutHooks],
      logLevel: 'warning',
    });
    await build({ ...common, entryPoints: [source], outfile: shipped, logLevel: 'warning' });
    const variants: readonly Variant[] = [
      { name: 'built without them', bundle: bare, state: 'plain' },
      { name: 'unused', bundle: shipped, state: 'plain' },
      { name: 'after an outage that is over', bundle: shipped, state: 'outage-over' },
      { name: 'recording every command', bundle: shipped, state: 'recording' },
    ];
    const rows: string[][] = [];
    for (const workload of WORKLOADS) {
      // Requests per CPU second of the server where the generator can tell: steadier beside others.
      const results = new Map(variants.map(({ name }) => [name, [] as number[]]));
      const servers = await Promise.all(variants.map(startServer));
      try {
        for (const { port } of servers) await generator.fill(port, workload);
        for (let round = 0; round < ROUNDS; round++) {
          for (const [index, { name }] of variants.entries()) {
            const { ops, srvcpu } = await generator.run(servers[index]!, workload, SECONDS, WARM_UP_SECONDS);
            results.get(name)!.push(srvcpu ? ops / srvcpu : ops);
          }
        }
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
      const [reference = []] = results.values();
      for (const [name, values] of results) {
        const ratio = median(values.map((value, round) => value / reference[round]!));
        const goal = name === 'unused' || name.startsWith('after') ? `≥ ${GOAL}` : '';
        rows.push([
          workload.name,
          name,
          Math.round(median(values)).toLocaleString('en'),
          ratio.toFixed(3),
          goal,
        ]);
      }
    }
    printTable(
      `the cache with outages and recording (requests per CPU second, medians of ${ROUNDS} alternated rounds)`,
      ['workload', 'outages and recording', 'requests', 'ratio', 'goal'],
      rows,
    );
  } finally {
    generator.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer({ bundle, state }: Variant): Promise<Server> {
  const [file, ...args] = pinned(SERVER_CORE, [process.execPath, program, bundle, state]);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid!, port: Number(line.toString()), stop: () => stopChild(child) };
}
