/** The test platform: start next to the app's own, reset, stop, services alone; what the unused hooks cost the cache. */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { startPlatform as Start } from '../runtime/testing/index.ts';
import { alternate, freePort, median, printTable, stopChild, untilOk } from './measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples/hello-cache');
const ROUNDS = 11;
const RESETS = 50;

export async function runTestingBench(): Promise<void> {
  // Built, as its users have it; the name is no literal, for the compiler does not know of what is built.
  const library: string = join(root, 'dist/runtime/testing/index.js');
  const { startPlatform } = (await import(library)) as { startPlatform: typeof Start };
  const stops: number[] = [];
  const timed = async (options: Parameters<typeof Start>[0], after?: typeof stops) => {
    const began = performance.now();
    const platform = await startPlatform(options);
    const ms = performance.now() - began;
    const stopping = performance.now();
    await platform.stop();
    after?.push(performance.now() - stopping);
    return ms;
  };
  await timed({ folder });
  const times = await alternate(ROUNDS, {
    bare,
    platform: () => timed({ folder }, stops),
    inPlace: () => timed({ folder, staged: false }),
    services: () => timed({ folder, apps: [] }),
  });
  const platform = await startPlatform({ folder });
  const cache = platform.service('hello-cache');
  const resets: number[] = [];
  for (let round = 0; round < RESETS; round++) {
    await cache.set('k', 'v');
    const began = performance.now();
    await platform.reset();
    resets.push(performance.now() - began);
  }
  await platform.stop();
  const above = (ms: number) => `+${(ms - times.bare!).toFixed(0)} ms`;
  printTable(
    `a platform for a test, hello-cache (${cpus().length} cores, medians of ${ROUNDS})`,
    ['', 'median ms', 'above the app alone', 'goal'],
    [
      ['node server.js until its first 200', times.bare!.toFixed(0), '', ''],
      ['startPlatform, in a copy', times.platform!.toFixed(0), above(times.platform!), '≤ +60 ms'],
      ['startPlatform, in place', times.inPlace!.toFixed(0), above(times.inPlace!), '≤ +60 ms'],
      ['startPlatform, services only', times.services!.toFixed(1), '', '≤ 15 ms'],
      [`reset(), of ${RESETS}`, median(resets).toFixed(2), '', '≤ 5 ms'],
      ['stop(), the app obeys TERM', median(stops).toFixed(0), '', '≤ 50 ms'],
    ],
  );
}

async function bare(): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: 'ignore',
  });
  await untilOk(`http://127.0.0.1:${port}/`);
  const ms = performance.now() - began;
  await stopChild(child);
  return ms;
}
