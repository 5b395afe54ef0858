/**
 * The built-in cache next to `memcached -t 1`: speed, waiting, memory.
 * `BENCH_ROWS` picks rows by a part of their name, `BENCH_ROUNDS` and `BENCH_SECONDS` set how long each takes.
 */
import { createGenerator, type Generator, type LoadResult } from './cache/generator.ts';
import { watchCores } from './cache/cores.ts';
import * as servers from './cache/servers.ts';
import { WORKLOADS, type Workload } from './cache/workloads.ts';
import { median, printTable } from './measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 1);
const ROWS = process.env['BENCH_ROWS'] ?? '';
const WARM_UP_SECONDS = 0.3;
const MEGABYTES = 1024;
/** A pair of runs during which others took more of the two cores is done again, so often at most in all. */
const OTHERS_MOST = 0.04;
const REPEATS = 3;
const ITEMS = 1_000_000;
/** Both give some memory back, and take some, in the seconds after so many items. */
const SETTLING_MS = 5_000;

interface Pair {
  readonly ours: LoadResult;
  readonly theirs: LoadResult;
  /** What ours is divided by. */
  readonly against: LoadResult;
  readonly others: number;
}

export async function runCacheBench(): Promise<void> {
  const version = servers.memcachedVersion();
  if (!version) {
    console.log('memcached is not installed: there is nothing to compare with (apt-get install memcached).');
    return;
  }
  const generator = createGenerator();
  try {
    const rows: string[][] = [];
    const wanted = WORKLOADS.filter(({ name }) => name.includes(ROWS));
    for (const workload of wanted) rows.push(await compare(generator, workload));
    if ('resident memory'.includes(ROWS)) rows.push(await memory(generator));
    printTable(
      `cache, ours ÷ ${version} -t 1 (Node ${process.versions.node})`,
      [
        'workload',
        'ours',
        'memcached',
        'ratio',
        'at least',
        'goal',
        '',
        'by CPU',
        'p50, p99 ours',
        'p50, p99 memcached',
      ],
      rows,
    );
    const pinning = servers.canPin ? 'server and load on a core each' : 'not pinned: taskset is missing';
    console.log(
      `\n100-byte values, 90 % get unless said; medians of ${ROUNDS} alternated rounds of ${SECONDS} s; ${pinning};`,
      `load generator: ${generator.name}. µs of waiting.`,
      '"by CPU": ratio of requests per CPU second of the server. * others took part of the cores in most rounds.',
    );
  } finally {
    generator.dispose();
  }
}

async function compare(generator: Generator, workload: Workload): Promise<string[]> {
  const ours = await servers.startOurs(MEGABYTES);
  const theirs = await servers.startMemcached(MEGABYTES);
  try {
    await generator.fill(ours.port, workload);
    await generator.fill(theirs.port, workload);
    if (workload.settle) {
      await generator.run(ours, workload, workload.settle, 0);
      await generator.run(theirs, workload, workload.settle, 0);
    }
    const pairs: Pair[] = [];
    for (let round = 0; round < ROUNDS + REPEATS; round++) {
      const a = await measure(generator, ours, workload);
      const b = await measure(generator, theirs, workload);
      const c = workload.against ? await measure(generator, ours, { ...workload, protocol: 'text' }) : b;
      const others = Math.max(a.others, b.others, c.others);
      pairs.push({ ours: a.result, theirs: b.result, against: c.result, others });
      if (pairs.filter(({ others }) => others <= OTHERS_MOST).length >= ROUNDS) break;
    }
    const kept = pairs.toSorted((a, b) => a.others - b.others).slice(0, ROUNDS);
    return describe(workload, kept);
  } finally {
    await ours.stop();
    await theirs.stop();
  }
}

async function measure(
  generator: Generator,
  server: servers.Server,
  workload: Workload,
): Promise<{ result: LoadResult; others: number }> {
  const othersShare = watchCores(server.pid);
  const result = await generator.run(server, workload, SECONDS, WARM_UP_SECONDS);
  return { result, others: othersShare(result.clicpu * (SECONDS + WARM_UP_SECONDS)) };
}

function describe(workload: Workload, pairs: readonly Pair[]): string[] {
  const byWaiting = workload.measure === 'p99';
  const of = (side: 'ours' | 'theirs', value: 'ops' | 'p50us' | 'p99us') =>
    median(pairs.map((pair) => pair[side][value]));
  const value = byWaiting ? 'p99us' : 'ops';
  const ratio = median(pairs.map(({ ours, against }) => ours[value] / against[value]));
  const disturbed = pairs.filter(({ others }) => others > OTHERS_MOST).length > ROUNDS / 2;
  const shown = (side: 'ours' | 'theirs') =>
    byWaiting
      ? `${of(side, 'p99us').toFixed(0)} µs`
      : `${Math.round(of(side, 'ops')).toLocaleString('en')}/s`;
  const waiting = (side: 'ours' | 'theirs') =>
    `${of(side, 'p50us').toFixed(0)}, ${of(side, 'p99us').toFixed(0)}`;
  return [
    workload.name + (workload.against ? `, ÷ ${workload.against}` : '') + (disturbed ? ' *' : ''),
    shown('ours'),
    shown('theirs'),
    ratio.toFixed(2),
    String(workload.least),
    String(workload.goal),
    verdict(ratio, workload.least, workload.goal, byWaiting),
    byWaiting ? '' : byCpu(pairs),
    waiting('ours'),
    waiting('theirs'),
  ];
}

/** The ratio of requests per CPU second of the server: steadier than the ratio where others take part of the cores. */
function byCpu(pairs: readonly Pair[]): string {
  const perSecond = ({ ops, srvcpu = 0 }: LoadResult): number => ops / srvcpu;
  const ratio = median(pairs.map(({ ours, against }) => perSecond(ours) / perSecond(against)));
  return Number.isFinite(ratio) ? ratio.toFixed(2) : '';
}

/** Memory above the empty server's, once a million items are in. */
async function memory(generator: Generator): Promise<string[]> {
  const workload: Workload = { name: 'memory', connections: 1, depth: 64, keys: ITEMS, least: 1.1, goal: 1 };
  const ratios: number[] = [];
  const taken = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < Math.min(ROUNDS, 3); round++) {
    const growth = async (start: (megabytes: number) => Promise<servers.Server>): Promise<number> => {
      const server = await start(MEGABYTES);
      const empty = servers.residentMib(server.pid);
      await generator.fill(server.port, workload);
      await new Promise((resolve) => setTimeout(resolve, SETTLING_MS)); // for the tables that were outgrown
      const full = servers.residentMib(server.pid);
      await server.stop();
      return full - empty;
    };
    taken.ours.push(await growth(servers.startOurs));
    taken.theirs.push(await growth(servers.startMemcached));
    ratios.push(taken.ours.at(-1)! / taken.theirs.at(-1)!);
  }
  const ratio = median(ratios);
  return [
    'resident memory, 1 million 100-byte items',
    `${median(taken.ours).toFixed(0)} MiB`,
    `${median(taken.theirs).toFixed(0)} MiB`,
    ratio.toFixed(2),
    '1.1',
    '1',
    verdict(ratio, workload.least, workload.goal, true),
    '',
    '',
    '',
  ];
}

function verdict(ratio: number, least: number, goal: number, lessIsBetter: boolean): string {
  const reaches = (bound: number) => (lessIsBetter ? ratio <= bound : ratio >= bound);
  if (reaches(goal)) return 'goal';
  return reaches(least) ? 'ok' : 'MISSED';
}
