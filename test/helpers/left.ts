/** What of a home is still there: processes, sockets, locks. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Home } from './cli.ts';
import { survivors } from './survivors.ts';

/** After at most this, nothing of ours may be left: TERM, 10 s of grace, KILL, and what a slow machine takes. */
const BOUND_MS = 40_000;

export const guardians = (home: Home): number[] =>
  survivors(home.folder)
    .filter((line) => line.includes('paas-local-guardian'))
    .map((line) => Number.parseInt(line, 10));

export function socketsAndLocks(home: Home): string[] {
  const space = join(home.folder, 'state/spaces/default');
  return (readdirSync(space, { recursive: true }) as string[]).filter((name) =>
    /\.sock$|^host\.lock.|^run\/./.test(name),
  );
}

export async function untilNothingIsLeft(home: Home): Promise<void> {
  const until = performance.now() + BOUND_MS;
  while (survivors(home.folder).length > 0 || socketsAndLocks(home).length > 0) {
    if (performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect({ processes: survivors(home.folder), files: socketsAndLocks(home) }).toEqual({
    processes: [],
    files: [],
  });
}
