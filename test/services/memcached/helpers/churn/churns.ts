/** The kinds of episodes `npm run fuzz` goes through; each is told a seed and gives how many values came back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketEpisode } from './sockets.ts';
import { stillEpisode } from './still.ts';

const STEPS = 6000;
const ACTIONS = 3000;

/** Half of them over a unix socket, which holds much less of what is not read. */
async function overSockets(seed: number, readIntoArena: boolean): Promise<number> {
  if (seed % 2 === 0) return socketEpisode(seed, ACTIONS, { readIntoArena });
  const folder = mkdtempSync(join(tmpdir(), 'paas-local-'));
  try {
    return await socketEpisode(seed, ACTIONS, { readIntoArena, path: join(folder, 'cache.sock') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const CHURNS: Readonly<Record<string, (seed: number) => number | Promise<number>>> = {
  'slow readers get whole values, step by step': (seed) => stillEpisode(seed, STEPS),
  'slow readers get whole values, past the streams': (seed) => overSockets(seed, true),
  'slow readers get whole values, with documented means only': (seed) => overSockets(seed, false),
};
