/** The system's processes as rows: from /proc where there is one, from `ps` elsewhere. */
import { existsSync, readdirSync } from 'node:fs';
import { ask } from './ask.ts';
import { readProcFile } from './proc-file.ts';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** 0 where the system does not tell. */
  readonly session: number;
  /** One letter: R running, S sleeping, D in the kernel, T stopped, Z dead but not yet collected. */
  readonly state: string;
  /** Tells a process from a later one with the same number. Comparable within one boot. */
  readonly startTime: string;
  /** Memory in use, shared pages included. Lags a little behind on Linux. */
  readonly residentBytes: number;
  /** Processor time it has used so far. */
  readonly cpuSeconds: number;
}

const KIB = 1024;
const USUAL_PAGE_BYTES = 4096;
/** In which Linux tells times to programs, whatever it uses inside. */
const TICKS_PER_SECOND = 100;

/** Linux: everything can be read from files. */
export const hasProc = existsSync('/proc/self/stat');

/** Every process, dead ones that nobody has collected included. About 25 µs per process on Linux. */
export function processTable(): readonly ProcessRow[] {
  return hasProc ? allPids().flatMap((pid) => readRow(pid) ?? []) : askRows(['-A']);
}

/** One process, or undefined where there is none. */
export function processRow(pid: number): ProcessRow | undefined {
  return hasProc ? readRow(pid) : askRows(['-p', String(pid)])[0];
}

/** A zombie is dead: only its parent's collecting it is missing. */
export const isAlive = (row: ProcessRow): boolean => row.state !== 'Z' && row.state !== 'X';

/** Numbers of all processes of this machine (or container). Linux only. */
export function allPids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function readRow(pid: number): ProcessRow | undefined {
  const stat = readProcFile(`/proc/${pid}/stat`);
  return stat && parseStat(stat.toString('latin1'));
}

/** Fields as in proc(5). The second, the name, may hold spaces and brackets, so counting begins after its last bracket. */
export function parseStat(stat: string): ProcessRow | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', FIELDS);
  const startTime = fields[19];
  if (startTime === undefined) return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    state: fields[0]!,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime,
    // The page's size takes a program to be found, and few ask for it.
    get residentBytes() {
      return Number(fields[21] ?? 0) * pageBytes();
    },
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

/** Nobody asks for those behind. */
const FIELDS = 22;

let pageSize: number | undefined;

function pageBytes(): number {
  pageSize ??= Number(ask('getconf', ['PAGESIZE'])) || USUAL_PAGE_BYTES;
  return pageSize;
}

function askRows(which: readonly string[]): readonly ProcessRow[] {
  const columns = [
    '-o',
    'pid=',
    '-o',
    'ppid=',
    '-o',
    'pgid=',
    '-o',
    'stat=',
    '-o',
    'rss=',
    '-o',
    'time=',
    '-o',
    'lstart=',
  ];
  const answer = ask('ps', [...which, ...columns]) ?? '';
  return answer.split('\n').flatMap((line) => parsePs(line) ?? []);
}

/** `pid ppid pgid stat rss time lstart…`; rss is in KiB, time `[[dd-]hh:]mm:ss[.cc]`, the start time is five words. */
export function parsePs(line: string): ProcessRow | undefined {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(\d+)\s+([\d:.-]+)\s+(\S.*\S)\s*$/.exec(line);
  if (!match) return undefined;
  const [, pid, parent, group, state, rss, time, startTime] = match;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: 0,
    state: state!,
    startTime: startTime!.replaceAll(/\s+/g, ' '),
    residentBytes: Number(rss) * KIB,
    cpuSeconds: time!.split(/[-:]/).reduceRight(
      ({ sum, unit }, part, index, all) => ({
        sum: sum + Number(part) * unit,
        unit: unit * (index === all.length - 3 ? 24 : 60),
      }),
      { sum: 0, unit: 1 },
    ).sum,
  };
}
