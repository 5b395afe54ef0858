/** How much memory an app takes with all it started, and an eye on its limit. */
import { readFileSync } from 'node:fs';
import { recentSnapshot } from '../../services/kit/process-snapshot.ts';
import { hasProc, type ProcessRow } from '../../services/kit/process-table.ts';

/** A look at all processes costs some milliseconds, so it is seldom, and all instances look at the same moment. */
const SAMPLE_MS = 2000;
const SNAPSHOT_AGE_MS = 500;
const KIB = 1024;

export interface MemoryWatchOptions {
  /** Leaders of the groups and sessions. */
  readonly pids: readonly number[];
  readonly limitBytes: number;
  readonly sampleMs?: number;
  /** Called once. */
  readonly onExceeded: (bytes: number) => void;
}

/** Looks until disposed, or until the limit was passed. */
export function watchMemory(options: MemoryWatchOptions): Disposable {
  const { pids, limitBytes, sampleMs = SAMPLE_MS, onExceeded } = options;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(look, sampleMs - (performance.now() % sampleMs)).unref();
  };
  const look = (): void => {
    const bytes = memoryOver(groupMembers(pids, Math.min(sampleMs, SNAPSHOT_AGE_MS)), limitBytes);
    if (bytes === undefined) next();
    else onExceeded(bytes);
  };
  next();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Living members of groups or sessions and all their descendants. */
export function groupMembers(leaders: readonly number[], maxAgeMs = 0): readonly ProcessRow[] {
  const snapshot = recentSnapshot(0, maxAgeMs);
  return snapshot.family(leaders.flatMap((leader) => snapshot.ledBy(leader)));
}

/** Bytes in use, pages shared among several processes counted once where the system tells. */
export function memoryOf(rows: readonly ProcessRow[]): number {
  return sum(rows.map((row) => (hasProc ? proportionalBytes(row.pid) : undefined) ?? row.residentBytes));
}

/** What is taken, if that is more than the limit. Exact counting is dear: only who seems to be over is counted so. */
function memoryOver(rows: readonly ProcessRow[], limitBytes: number): number | undefined {
  if (sum(rows.map((row) => row.residentBytes)) <= limitBytes) return undefined;
  const bytes = memoryOf(rows);
  return bytes > limitBytes ? bytes : undefined;
}

/** A process of a pre-forking server shares most pages with its brothers: each is charged its part. */
function proportionalBytes(pid: number): number | undefined {
  try {
    const kib = /^Pss:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1];
    return kib === undefined ? undefined : Number(kib) * KIB;
  } catch {
    return undefined; // gone, or not ours to see
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
