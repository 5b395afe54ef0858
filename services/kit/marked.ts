/**
 * Processes found by a variable in their environment. A child may leave its group and its session and lose
 * its parent; what it was started with stays readable, unless it cleared its environment on purpose.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import { readProcFile } from './proc-file.ts';
import { allPids, hasProc, isAlive, processRow } from './process-table.ts';

/** Carried by every process of a run (of a host's life). */
export const RUN_VARIABLE = 'PAAS_LOCAL_RUN';
/** Carried by one started process and by all that comes of it. */
export const INSTANCE_VARIABLE = 'PAAS_LOCAL_INSTANCE';

export interface Marker {
  readonly variable: string;
  readonly value: string;
}

const LOOK_MS = 50;
/** How long killed processes may take to be gone. */
const KILL_BOUND_MS = 5000;

/** Living processes started with `variable=value`, never this one. Those of other users cannot be seen (but by root). */
export function findMarked(variable: string, value: string): number[] {
  return [...(readMarkers(variable).get(value) ?? [])];
}

/** All values of a variable, and who was started with each. Never tells of this process. */
export function readMarkers(variable: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const [pid, value] of hasProc ? readProc(variable) : askPs(variable)) {
    if (pid === process.pid) continue;
    const pids = found.get(value);
    if (pids) pids.push(pid);
    else found.set(value, [pid]);
  }
  return found;
}

/**
 * Ends them: TERM, KILL after the grace.
 * @returns the processes that live on all the same, as a rule none
 */
export async function endMarked(
  variable: string,
  value: string,
  options: { readonly graceMs: number },
): Promise<readonly number[]> {
  const killAt = performance.now() + options.graceMs;
  const told = new Set<number>();
  for (;;) {
    const alive = findMarked(variable, value);
    const now = performance.now();
    if (alive.length === 0 || now > killAt + KILL_BOUND_MS) return alive;
    for (const pid of alive) {
      if (now >= killAt) sendSignal(pid, 'SIGKILL');
      else if (!told.has(pid)) sendSignal(pid, 'SIGTERM');
      told.add(pid);
    }
    await sleep(LOOK_MS);
  }
}

/** Sends to a process, or with a negative number to a group. Whoever is gone already needs no signal. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone, or no longer ours
  }
}

function* readProc(variable: string): Generator<[pid: number, value: string]> {
  const name = Buffer.from(`${variable}=`);
  for (const pid of allPids()) {
    const environ = readProcFile(`/proc/${pid}/environ`);
    const value = environ && valueIn(environ, name);
    if (value === undefined) continue; // not marked, or of another user
    const row = processRow(pid);
    if (row && isAlive(row)) yield [pid, value];
  }
}

/** An environment is `NAME=value` many times, each with a zero at its end. */
function valueIn(environ: Buffer, name: Buffer): string | undefined {
  for (let at = environ.indexOf(name); at >= 0; at = environ.indexOf(name, at + 1)) {
    if (at > 0 && environ[at - 1] !== 0) continue;
    const end = environ.indexOf(0, at);
    return environ.toString('utf8', at + name.length, end < 0 ? environ.length : end);
  }
  return undefined;
}

/** `ps` prints environments behind the command, separated by blanks: values with blanks are not told whole. */
function* askPs(variable: string): Generator<[pid: number, value: string]> {
  const lines = (ask('ps', ['axEww', '-o', 'pid=,command=']) ?? '').split('\n');
  for (const line of lines) {
    const begin = line.lastIndexOf(` ${variable}=`);
    if (begin < 0) continue;
    const value = line.slice(begin + variable.length + 2).split(' ')[0]!;
    yield [Number.parseInt(line, 10), value];
  }
}
