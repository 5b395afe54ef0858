/** What of a home is still there: processes, sockets, locks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Home } from './cli.ts';

/** Neither gone nor waiting to be reaped by whoever inherited it. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** After at most this, nothing of ours may be left (TERM, 10 s of grace, KILL, and a little). */
const BOUND_MS = 12_000;

/** Processes that carry this home in their environment or arguments: app, host, guardian, all. */
function survivors(home: Home): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const [environ, command] = ['environ', 'cmdline'].map((file) =>
        readFileSync(`/proc/${name}/${file}`, 'latin1'),
      );
      const ours = `${environ}${command}`.includes(home.folder) && isRunning(Number(name));
      return ours ? [`${name} ${command!.replaceAll('\0', ' ')}`] : [];
    } catch {
      return []; // gone while we looked
    }
  });
}

export const guardians = (home: Home): number[] =>
  survivors(home)
    .filter((line) => line.includes('paas-local-guardian'))
    .map((line) => Number.parseInt(line, 10));

function socketsAndLocks(home: Home): string[] {
  const space = join(home.folder, 'state/spaces/default');
  return (readdirSync(space, { recursive: true }) as string[]).filter((name) =>
    /\.sock$|^host\.lock.|^run\/./.test(name),
  );
}

export async function untilNothingIsLeft(home: Home): Promise<void> {
  const until = performance.now() + BOUND_MS;
  while (survivors(home).length > 0 || socketsAndLocks(home).length > 0) {
    if (performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect({ processes: survivors(home), files: socketsAndLocks(home) }).toEqual({ processes: [], files: [] });
}
