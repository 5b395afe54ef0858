/**
 * Processes found by a variable in their environment. A child may leave its group and its session and lose
 * its parent; what it was started with stays readable, unless it cleared its environment on purpose.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
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
  const marker = `${variable}=${value}`;
  const pids = hasProc ? findInProc(marker) : findWithPs(marker);
  return pids.filter((pid) => pid !== process.pid);
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

function findInProc(marker: string): number[] {
  const first = Buffer.from(`${marker}\0`);
  const later = Buffer.from(`\0${marker}\0`);
  return allPids().filter((pid) => {
    let environ: Buffer;
    try {
      environ = readFileSync(`/proc/${pid}/environ`);
    } catch {
      return false; // gone, or of another user
    }
    const found = environ.subarray(0, first.length).equals(first) || environ.includes(later);
    const row = found ? processRow(pid) : undefined;
    return row !== undefined && isAlive(row);
  });
}

/** `ps` prints environments behind the command, separated by blanks. */
function findWithPs(marker: string): number[] {
  const lines = (ask('ps', ['axEww', '-o', 'pid=,command=']) ?? '').split('\n');
  return lines.filter((line) => `${line} `.includes(` ${marker} `)).map((line) => Number.parseInt(line, 10));
}
