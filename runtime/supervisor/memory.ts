/** How much memory an app takes with all it started, and an eye on its limit. */
import { readFileSync } from 'node:fs';
import { ask } from '../../services/kit/ask.ts';
import { recentSnapshot } from '../../services/kit/process-snapshot.ts';
import { hasProc } from '../../services/kit/process-table.ts';

/** A look at the whole table costs a few milliseconds, so it is seldom, and shared by all instances. */
const SAMPLE_MS = 2000;
const SNAPSHOT_AGE_MS = 500;
const KIB = 1024;

export interface MemoryWatchOptions {
  /** Leader of the group and session. */
  readonly pid: number;
  readonly limitBytes: number;
  readonly sampleMs?: number;
  /** Called once. */
  readonly onExceeded: (bytes: number) => void;
}

/** Looks until disposed, or until the limit was passed. */
export function watchMemory(options: MemoryWatchOptions): Disposable {
  const timer = setInterval(() => {
    const bytes = memoryOver(groupMembers(options.pid), options.limitBytes);
    if (bytes === undefined) return;
    clearInterval(timer);
    options.onExceeded(bytes);
  }, options.sampleMs ?? SAMPLE_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Bytes resident, pages shared among several processes counted once where the system tells. */
export function memoryOf(pids: readonly number[]): number {
  return pids.length === 1 ? residentBytes(pids) : proportionalBytes(pids);
}

/** Living members of a group or session and all their descendants. */
export function groupMembers(leader: number): readonly number[] {
  const snapshot = recentSnapshot(0, SNAPSHOT_AGE_MS);
  return snapshot.family(snapshot.ledBy(leader)).map((row) => row.pid);
}

/** What is taken, if that is more than the limit. Exact counting is dear: only who seems to be over is counted exactly. */
function memoryOver(pids: readonly number[], limitBytes: number): number | undefined {
  if (residentBytes(pids) <= limitBytes) return undefined;
  const bytes = memoryOf(pids);
  return bytes > limitBytes ? bytes : undefined;
}

function residentBytes(pids: readonly number[]): number {
  if (hasProc) return sum(pids.map((pid) => kibField(`/proc/${pid}/status`, 'VmRSS') ?? 0)) * KIB;
  const answer = pids.length > 0 ? ask('ps', ['-o', 'rss=', '-p', pids.join(',')]) : undefined;
  return sum((answer ?? '').split('\n').map(Number)) * KIB;
}

/** A process of a pre-forking server shares most pages with its brothers: each is charged its part. */
function proportionalBytes(pids: readonly number[]): number {
  if (!hasProc) return residentBytes(pids);
  const kib = pids.map(
    (pid) => kibField(`/proc/${pid}/smaps_rollup`, 'Pss') ?? kibField(`/proc/${pid}/status`, 'VmRSS') ?? 0,
  );
  return sum(kib) * KIB;
}

function kibField(file: string, name: string): number | undefined {
  try {
    const value = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync(file, 'latin1'))?.[1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined; // gone, or not ours to see
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
