/** What is asked of both servers, and how much of memcached's speed we want at least. */
export interface Workload {
  readonly name: string;
  readonly connections: number;
  /** Requests written at once; all their answers are awaited before the next. */
  readonly depth: number;
  readonly protocol?: 'text' | 'meta' | 'bin';
  /** Bytes of a value; 100 unless given. */
  readonly valueBytes?: number;
  /** Share of gets; 0.9 unless given. */
  readonly getShare?: number;
  readonly keysPerGet?: number;
  /** Different keys; all are stored before. */
  readonly keys?: number;
  /** Requests a second in all, by the clock; as fast as answers come unless given. */
  readonly rate?: number;
  /** Seconds of this load before the first round. What is compiled meanwhile competes for the server's only core. */
  readonly settle?: number;
  /** What is compared: requests a second (more is better), or the 99th percentile of waiting (less is better). */
  readonly measure?: 'throughput' | 'p99';
  /** What ours is divided by: memcached's unless given, else ours in the text protocol. */
  readonly against?: 'our text';
  /** Ours divided by memcached's: the least (for `p99` the most) that will do, and the goal. */
  readonly least: number;
  readonly goal: number;
}

const LARGE = { connections: 10, depth: 1, valueBytes: 100_000, keys: 500 };
const HUGE = { connections: 10, depth: 1, valueBytes: 1_000_000, keys: 50 };
const AS_TEXT = { connections: 50, depth: 16, against: 'our text', least: 0.85, goal: 1 } as const;

export const WORKLOADS: readonly Workload[] = [
  { name: '1 connection', connections: 1, depth: 1, least: 0.9, goal: 1 },
  { name: '10 connections', connections: 10, depth: 1, least: 0.8, goal: 1 },
  { name: '50 connections', connections: 50, depth: 1, least: 0.8, goal: 1 },
  { name: '50 × 16 pipelined', connections: 50, depth: 16, least: 5, goal: 6 },
  { name: '50 × 64 pipelined', connections: 50, depth: 64, least: 8, goal: 10 },
  {
    name: '50-key multiget, 10 connections',
    connections: 10,
    depth: 1,
    keysPerGet: 50,
    getShare: 1,
    least: 1.5,
    goal: 2,
  },
  { name: '100 KB get', ...LARGE, getShare: 1, least: 0.8, goal: 1 },
  { name: '100 KB set', ...LARGE, getShare: 0, least: 0.7, goal: 1 },
  { name: '1 MB get', ...HUGE, getShare: 1, least: 0.9, goal: 1 },
  { name: '1 MB set', ...HUGE, getShare: 0, least: 0.9, goal: 1 },
  { name: 'meta, 50 × 16', ...AS_TEXT, protocol: 'meta' },
  { name: 'binary, 50 × 16', ...AS_TEXT, protocol: 'bin' },
  {
    name: 'p99 at 20,000 requests/s, after 6 s of it',
    connections: 50,
    depth: 1,
    rate: 20_000,
    settle: 6,
    measure: 'p99',
    least: 1.3,
    goal: 1,
  },
];
