/** The real program under a wall clock that jumps, by days and back, as after a sleep or a wrong battery. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { appFolder, ECHO_SERVER, get, newHome } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const FAKETIME = (() => {
  try {
    const [folder] = readdirSync('/usr/lib').filter((name) => name.endsWith(`-linux-gnu`));
    const path = `/usr/lib/${folder}/faketime`;
    return readdirSync(path).includes('libfaketimeMT.so.1') ? `${path}/libfaketimeMT.so.1` : undefined;
  } catch {
    return undefined;
  }
})();
if (!FAKETIME) console.log('Skipped: the clock of a program cannot be set here (no libfaketime)');

interface Event {
  readonly at: number;
  readonly event: string;
  readonly description: string;
}

const DAY_MS = 24 * 60 * 60_000;

test.runIf(FAKETIME)('a clock that jumps moves no timer, no crash count and no order', async () => {
  const clock = join(tempDir(), 'clock');
  const set = (offset: string) => writeFileSync(clock, `${offset}\n`);
  set('+0');
  const home = newHome({
    LD_PRELOAD: FAKETIME!,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    // Time that only goes forward goes on as it does.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  });
  const folder = appFolder({
    'manifest.yml': 'name: app\nmem: 128M\ncommand: node server.js\n',
    'server.js': ECHO_SERVER,
  });
  const args = ['push', '--detach', '--no-watch', '--max-backoff', '200ms'];
  const { url, host } = await home.json<{ url: string; host: { pid: number } }>(args, { cwd: folder });
  const events = async () => (await home.json<{ events: Event[] }>(['events', 'app'])).events;
  const pid = async () => (await get(`${url}/pid`)).body;
  const crash = async () => {
    const before = await pid();
    process.kill(Number(before), 'SIGKILL');
    await until('another process', async () => {
      const { status, body } = await get(`${url}/pid`);
      return status === 200 && body !== before;
    });
  };

  await crash();
  set('+3d');
  await crash();
  // Neither the five minutes that clear a record of crashes have passed, nor has the wait before the third …
  await crash();
  set('-2h');
  // … and where the clock went back, nothing waits for it to come again.
  await crash();
  const happened = await events();
  expect(
    happened
      .filter(({ event }) => event === 'audit.app.process.rescheduling')
      .map(({ description }) => description),
  ).toEqual([
    'web/0 starts again at once (crash 1)',
    'web/0 starts again at once (crash 2)',
    'web/0 starts again in 200 ms (crash 3)',
    'web/0 starts again in 200 ms (crash 4)',
  ]);
  const times = happened.map(({ at }) => at);
  expect(Math.max(...times) - times[0]!).toBeGreaterThan(2 * DAY_MS);
  expect(times.at(-1)! - times[0]!).toBeLessThan(0);

  // Who holds the space is told by more than the time.
  const now = await home.json<{ apps: AppSnapshot[] }>(['apps']);
  expect(now.apps[0]).toMatchObject({ state: 'started' });
  expect((await home.json<{ host: { pid: number } }>(['doctor'])).host.pid).toBe(host.pid);
  process.kill(host.pid, 'SIGKILL');
  await pidsGone([host.pid]);
  set('+20y');
  expect((await home.run(['start'], { cwd: tempDir() })).stdout).toContain('Brought back app');
  expect((await home.run(['stop', 'app'])).code).toBe(0);
});
