/** Facts about processes, waited for with a bound. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findMarked } from '../../services/kit/marked.ts';
import { isAlive, processRow } from '../../services/kit/process-table.ts';

/** For what hangs: an engine's 10 s of grace, and as much again and again on a machine that is slow or busy. */
const BOUND_MS = 40_000;
const LOOK_MS = 20;

/** Waits until `look` gives something. A timeout says what was waited for, and what `state` shows. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly boundMs?: number; readonly state?: () => unknown } = {},
): Promise<T> {
  const boundMs = options.boundMs ?? BOUND_MS;
  const giveUpAt = performance.now() + boundMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) {
      const state = options.state ? `; now: ${JSON.stringify(options.state())}` : '';
      throw new Error(`Waited ${boundMs} ms for ${what}${state}`);
    }
    await sleep(LOOK_MS);
  }
}

/** Whether this process lives; one that is dead but not collected does not. */
export function alive(pid: number): boolean {
  const row = processRow(pid);
  return row !== undefined && isAlive(row);
}

export function pidsGone(pids: readonly number[], boundMs = BOUND_MS): Promise<true> {
  return until(`processes ${pids.join(', ')} to be gone`, () => !pids.some(alive), {
    boundMs,
    state: () => pids.filter(alive).map(processRow),
  });
}

export function markedGone(variable: string, value: string, boundMs = BOUND_MS): Promise<true> {
  return until(
    `processes with ${variable}=${value} to be gone`,
    () => findMarked(variable, value).length === 0,
    {
      boundMs,
      state: () => findMarked(variable, value).map(processRow),
    },
  );
}

/** Whether a process ignores TERM, which tells how far a shell script has come. Linux only. */
export function ignoresTerm(pid: number): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n;
}
