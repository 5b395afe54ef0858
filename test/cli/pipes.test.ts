/** Output that nobody reads, or that cannot be written: what is done stays done, and the exit code tells of it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { BIN, echoApp, ECHO_SERVER, get, newHome, type Home } from '../helpers/cli.ts';
import { untilNothingIsLeft } from '../helpers/left.ts';

const BOUND_MS = 120_000;

/** A bash script in which `pl` is the program. @returns its exit code and what it printed */
async function bash(home: Home, script: string, cwd = home.folder) {
  const child = spawn('bash', ['-c', `pl() { "${process.execPath}" "${BIN}" "$@"; }\n${script}`], {
    cwd,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BOUND_MS,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

async function appsOf(home: Home) {
  const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
  return apps.map(({ name, requestedState, state, processes }) => ({
    name,
    requestedState,
    state,
    instances: processes.flatMap(({ instances }) => instances).length,
  }));
}

/** Writes on and on, so that a reader that has left is noticed. */
const TALKS = `setInterval(() => console.log('tick'), 100);${ECHO_SERVER}`;
const UP = [{ name: 'shop', requestedState: 'started', state: 'started', instances: 1 }];

test.each([
  ['a push with --detach', 'push -d'],
  ['a rolling push', 'push -d --strategy rolling'],
  ['restart', 'restart'],
  ['a rolling restart', 'restart --strategy rolling'],
  ['restage', 'restage'],
  ['set-env', 'set-env A b'],
  ['env-add', 'env-add B c'],
  ['scale', 'scale -m 100M'],
])('%s is done whole though nobody reads more than its first line', async (_, words) => {
  const home = newHome();
  const folder = echoApp('shop', 'env: {GREETING: hi}\n');
  const { url, apps } = await home.json<{ url: string; apps: AppSnapshot[] }>(['push', '-d', '--no-watch'], {
    cwd: folder,
  });
  const pid = (await get(`${url}/pid`)).body;
  expect(pid).toBe(String(apps[0]!.processes[0]!.instances[0]!.pid));
  const piped = await bash(home, `pl ${words} 2>&1 | head -1; exit \${PIPESTATUS[0]}`, folder);
  expect(piped).toMatchObject({ code: 0, stderr: '' });
  expect(await appsOf(home)).toEqual(UP);
  const page = await get(`${url}/pid`);
  expect(page.status).toBe(200);
  expect(page.body).not.toBe(pid);
});

test('what came of a push is told though nobody read on', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', "console.log('up'); setTimeout(() => process.exit(7), 50);");
  const { code } = await bash(home, 'pl push -d -t 20 2>&1 | head -1; exit ${PIPESTATUS[0]}', folder);
  expect(code).toBe((await home.run(['push', '-d', '-t', '20'], { cwd: folder })).code);
  expect(code).not.toBe(0);
});

test('standard error that nobody reads undoes nothing either', async () => {
  const home = newHome();
  const folder = echoApp('shop', 'memry: 1\n');
  const { code, stdout } = await bash(home, 'pl push -d 2> >(exec 0<&-; sleep 0)', folder);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('shop runs') });
  expect(await appsOf(home)).toEqual(UP);
});

test('a push that holds its app lets go of it when its reader leaves, and ends as SIGPIPE would', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', TALKS);
  const piped = await bash(home, "pl push | sed '/shop runs/q'; exit ${PIPESTATUS[0]}", folder);
  expect(piped.code).toBe(141);
  expect(piped.stdout).toContain('shop runs');
  await untilNothingIsLeft(home);
});

test('of an app that is pushed with --detach too, it only lets go', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', TALKS);
  await home.json(['push', '-d', '--no-watch'], { cwd: folder });
  const { code } = await bash(home, "pl push --no-watch | sed '/shop runs/q'; exit ${PIPESTATUS[0]}", folder);
  expect(code).toBe(141);
  expect(await appsOf(home)).toEqual(UP);
});

test.each(['logs -f', 'attach', 'tail ticks.log'])(
  '%s ends with its reader, and the app runs on',
  async (words) => {
    const home = newHome();
    const folder = echoApp(
      'shop',
      '',
      `require('fs').writeFileSync('ticks.log', 'tick\\n');
      setInterval(() => require('fs').appendFileSync('ticks.log', 'tick\\n'), 100);${TALKS}`,
    );
    await home.json(['push', '-d', '--no-watch'], { cwd: folder });
    const { code } = await bash(home, `pl ${words} | grep -m1 tick; exit \${PIPESTATUS[0]}`, folder);
    expect(code).toBe(141);
    expect(await appsOf(home)).toEqual(UP);
  },
);

test.skipIf(!existsSync('/dev/full'))(
  'output that cannot be written is told, once, and the work is done',
  async () => {
    const home = newHome();
    const folder = echoApp('shop', '', TALKS);
    const FULL = 'error: Cannot write the output: there is no space left on its disk\n';
    expect(await bash(home, 'pl push -d --no-watch > /dev/full', folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: FULL,
    });
    expect(await appsOf(home)).toEqual(UP);
    for (const words of ['restart', 'logs', 'logs -f', '--version', 'help'])
      expect(await bash(home, `pl ${words} > /dev/full`, folder)).toMatchObject({ code: 1, stderr: FULL });
    expect(await appsOf(home)).toEqual(UP);
    expect(await bash(home, 'pl restart 2> /dev/full', folder)).toMatchObject({ code: 0 });
  },
);
