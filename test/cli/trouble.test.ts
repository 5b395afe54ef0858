/** The programs of fixtures/apps under the real program: what its user sees of each, and that nothing of it stays. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../runtime/logs/types.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { appFolder, ECHO_SERVER, get, newHome, type Home } from '../helpers/cli.ts';
import { untilNothingIsLeft } from '../helpers/left.ts';

/** Some of it waits for the platform's ten seconds of grace. */
const LONG = { timeout: 180_000 };

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/apps/${name}`, import.meta.url));

const push = async (home: Home, name: string, ...more: string[]) =>
  (await home.json<{ url: string }>(['push', '--detach', '--no-watch', ...more], { cwd: fixture(name) })).url;

const appOf = async (home: Home, name: string) =>
  (await home.json<{ app: AppSnapshot }>(['app', name])).app.processes[0]!.instances[0]!;

const linesOf = async (home: Home, name: string): Promise<string[]> =>
  (await home.run(['logs', name, '--json'])).stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as LogLine).text);

const eventsOf = async (home: Home, name: string) =>
  (await home.json<{ events: { event: string; description: string }[] }>(['events', name])).events;

const WELL = {
  'closes-stdout': { page: 'silent', log: 'last words' },
  'slow-start': { page: 'at last', more: ['--env', 'START_MS=400'] },
  'ipv6-only': { page: 'over six' },
  'changes-group': { page: 'elsewhere' },
  'invalid-utf8': { page: 'bytes', log: 'a\u{fffd}\u{fffd}b' },
  'slow-stop': { page: 'no hurry' },
  'ignores-term': { page: 'still here' },
  'forks-a-child': { page: 'parent' },
  'setsid-grandchild': { page: 'grandparent' },
} as const;

test('all that serves in spite of what it does lives side by side, and one stop ends it', LONG, async () => {
  const home = newHome();
  for (const [name, expected] of Object.entries(WELL)) {
    const { page, log, more = [] }: { page: string; log?: string; more?: readonly string[] } = expected;
    const url = await push(home, name, ...more);
    const { status, body } = await get(url);
    expect({ name, status }).toEqual({ name, status: 200 });
    expect(body).toContain(page);
    if (log !== undefined)
      await until(`"${log}" in the log of ${name}`, async () => (await linesOf(home, name)).includes(log));
  }
  // The slow one is let finish, within the ten seconds; who ignores them is killed.
  expect(await home.run(['stop', '--all'])).toMatchObject({ code: 0 });
  await untilNothingIsLeft(home);
  expect((await linesOf(home, 'slow-stop')).slice(-2)).toEqual(['stopped', 'Exit status 0']);
  expect((await linesOf(home, 'ignores-term')).at(-1)).toMatch(/^Exit status 137/);
});

describe('a push fails, says why, and leaves nothing, of an app that', () => {
  test.each([
    ['daemonizes', /gone to the background as (\d+)[^]*exited at once: exited with status 0/],
    ['exit-zero', /all done[^]*exited at once: exited with status 0/],
    ['wrong-port', /did not become ready[^]*It listens on 127\.0\.0\.1:\d+ instead/],
    ['no-port', /did not become ready[^]*Nothing of it listens/],
  ])('%s', async (name, said) => {
    const home = newHome();
    const { code, stderr } = await home.run(['push', '--detach', '-t', '5'], { cwd: fixture(name) });
    expect(code).toBe(3);
    expect(stderr).toMatch(said);
    const pid = Number(said.exec(stderr)?.[1] ?? 0);
    if (pid > 0) await pidsGone([pid]);
    await untilNothingIsLeft(home);
  });
});

test('one that listens on 127.0.0.1 alone works, and is told that the platform would not reach it', async () => {
  const home = newHome();
  const command = `node ${fixture('loopback-only')}/server.mjs`;
  const folder = appFolder({
    'manifest.yml': `applications:\n- name: local\n  memory: 128M\n  command: ${command}\n`,
  });
  const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: folder });
  expect((await get(url)).body).toBe('local\n');
  await until('the warning', async () =>
    (await linesOf(home, 'local')).some((line) => line.startsWith('Listening on 127.0.0.1 only')),
  );
});

test('one that crashes every 100 ms is started again each time, told of, and stopped like any other', async () => {
  const home = newHome();
  const folder = appFolder({
    'manifest.yml': 'name: ill\nmem: 128M\ncommand: node server.js\n',
    'server.js': `${ECHO_SERVER}
      if (require('fs').existsSync('ill')) setTimeout(() => process.exit(3), 100);`,
  });
  await home.json(['push', '--detach', '--no-watch', '--max-backoff', '100ms'], { cwd: folder });
  writeFileSync(join(folder, 'ill'), '');
  process.kill((await appOf(home, 'ill')).pid!, 'SIGKILL');
  const crashes = async () =>
    (await eventsOf(home, 'ill')).filter(({ event }) => event === 'audit.app.process.crash');
  await until('ten crashes', async () => (await crashes()).length >= 10);
  expect((await crashes()).at(-1)!.description).toContain('Exited with status ');
  expect((await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps).toHaveLength(1);
  await home.json(['stop', 'ill']);
  await untilNothingIsLeft(home);
});

test(
  'a process that holds its port after its end is ended before its successor starts, on another',
  LONG,
  async () => {
    const home = newHome();
    await home.json(['push', '--detach', '--no-watch'], { cwd: fixture('holds-port') });
    const { pid, port } = await appOf(home, 'holds-port');
    process.kill(pid!, 'SIGKILL');
    const next = await until('the next one', async () => {
      const now = await appOf(home, 'holds-port');
      return now.state === 'running' && now.pid !== pid && now;
    });
    expect(next.port).not.toBe(port);
    await home.run(['stop', '--all']);
    await untilNothingIsLeft(home);
  },
);
