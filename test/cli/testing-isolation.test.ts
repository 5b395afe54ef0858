/** Many platforms at once, from many processes, one of which is killed: nothing is shared, and nothing is left. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { pidsGone, until } from '../helpers/alive.ts';
import { appFolder } from '../helpers/cli.ts';
import { cacheApp } from '../runtime/testing/helpers.ts';

const library = fileURLToPath(new URL('../../dist/runtime/testing/index.js', import.meta.url));
const WORKERS = 8;
const PLATFORMS_EACH = 4;

const WORKER = `
import { startPlatform } from ${JSON.stringify(library)};
const [folder, worker] = process.argv.slice(2);
const platforms = await Promise.all(
  Array.from({ length: ${PLATFORMS_EACH} }, () => startPlatform({ folder, readyTimeout: 150_000 })),
);
const text = async (answer) => (await answer).text();
for (const [index, platform] of platforms.entries()) await platform.fetch('/set?who=' + worker + '-' + index);
const told = await Promise.all(platforms.map(async (platform) => ({
  who: await text(platform.fetch('/get?who')),
  pid: Number(await text(platform.fetch('/pid'))),
  home: await text(platform.fetch('/cwd')),
  url: platform.url,
  cache: platform.service('cache').port,
})));
console.log(JSON.stringify(told));
process.stdin.once('data', async () => {
  await Promise.all(platforms.map((platform) => platform.stop()));
  process.exit(0);
});`;

interface Told {
  readonly who: string;
  readonly pid: number;
  readonly home: string;
  readonly url: string;
  readonly cache: number;
}

async function firstLine(child: ChildProcess): Promise<Told[]> {
  for await (const line of createInterface(child.stdout!)) return JSON.parse(line) as Told[];
  throw new Error('a worker ended before it said anything');
}

test(
  `${WORKERS * PLATFORMS_EACH} platforms from ${WORKERS} workers, one of them killed`,
  { timeout: 240_000 },
  async () => {
    const folder = cacheApp();
    const program = `${appFolder({ 'worker.mjs': WORKER })}/worker.mjs`;
    const workers = Array.from({ length: WORKERS }, (_, worker) => {
      const child = spawn(process.execPath, [program, folder, `w${worker}`], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    });
    const told = await Promise.all(workers.map(firstLine));
    const all = told.flat();
    expect(all.map(({ who }) => who)).toEqual(
      workers.flatMap((_, worker) =>
        Array.from({ length: PLATFORMS_EACH }, (__, index) => `w${worker}-${index}`),
      ),
    );
    for (const facts of ['pid', 'home', 'url', 'cache'] as const)
      expect(new Set(all.map((one) => one[facts])).size, facts).toBe(WORKERS * PLATFORMS_EACH);

    const exits = workers.map(
      (child) => new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal))),
    );
    workers[0]!.kill('SIGKILL');
    for (const child of workers.slice(1)) child.stdin.write('stop\n');
    expect(await Promise.all(exits)).toEqual(['SIGKILL', ...Array.from({ length: WORKERS - 1 }, () => 0)]);
    await pidsGone(all.map(({ pid }) => pid));
    await until('all folders to be removed', () => !all.some(({ home }) => existsSync(home)), {
      state: () => all.filter(({ home }) => existsSync(home)),
    });
  },
);
