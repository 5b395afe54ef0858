/** Edits under the real program: many at once, and those that an app makes itself. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogLine } from '../../runtime/logs/types.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';

const restarts = async (home: Home, name: string) =>
  (await home.json<{ events: { event: string; description: string }[] }>(['events', name])).events.filter(
    ({ event }) => event === 'audit.app.restart',
  );

const linesOf = async (home: Home, name: string): Promise<string[]> =>
  (await home.run(['logs', name, '--json'])).stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as LogLine).text);

test('200 changes of files in one second are one restart', async () => {
  const home = newHome();
  const folder = echoApp('app');
  mkdirSync(join(folder, 'src'));
  const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: folder });
  const first = (await get(`${url}/pid`)).body;
  for (let change = 0; change < 200; change++)
    writeFileSync(join(folder, 'src', `${change % 100}.js`), String(change));
  await until('the restart', async () => (await get(`${url}/pid`)).body !== first);
  // Another edit shows that nothing of them was still to come.
  const second = (await get(`${url}/pid`)).body;
  writeFileSync(join(folder, 'server.js'), `${ECHO_SERVER}// edited`);
  await until('the restart for that', async () => (await get(`${url}/pid`)).body !== second);
  expect((await restarts(home, 'app')).map(({ description }) => description)).toEqual([
    expect.stringMatching(/^src\/\d+\.js changed$/),
    'server.js changed',
  ]);
});

test('the file a push itself writes into the folder is no edit, nor is its going', async () => {
  const home = newHome();
  const folder = echoApp('app');
  const push = ['push', '--detach', '--ready-file', 'ready.json'];
  const { url } = await home.json<{ url: string }>(push, { cwd: folder });
  // All that is seen until the restart for the edit is in its batch or before.
  for (const pushes of [1, 2]) {
    const pid = (await get(`${url}/pid`)).body;
    writeFileSync(join(folder, 'ready.json'), String(pushes));
    rmSync(join(folder, 'ready.json'));
    writeFileSync(join(folder, 'server.js'), `${ECHO_SERVER}// edited ${pushes}`);
    await until('the restart', async () => (await get(`${url}/pid`)).body !== pid);
    if (pushes === 1) await home.json(push, { cwd: folder });
  }
  expect((await restarts(home, 'app')).map(({ description }) => description)).toEqual([
    'server.js changed',
    'server.js changed',
  ]);
});

/** Writes into its own folder at each start. */
const writer = (file: string) =>
  appFolder({
    'manifest.yml': 'name: app\nmem: 128M\ncommand: node server.js\n',
    'server.js': `require('fs').writeFileSync(${file}, String(Date.now()));${ECHO_SERVER}`,
    'state.json': '',
  });

test.each([
  ['a file', `'state.json'`, /^"state\.json" changes after every restart/, 7],
  ['new files', `'session-' + Date.now() + '.json'`, /^New files in "\." come after every restart/, 10],
])(
  'an app that writes %s into its own folder is told of, and left alone',
  async (_what, file, said, most) => {
    const home = newHome();
    const folder = writer(file);
    const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: folder });
    await until('the message', async () => (await linesOf(home, 'app')).some((line) => said.test(line)));
    const pid = (await get(`${url}/pid`)).body;
    expect((await restarts(home, 'app')).length).toBeLessThanOrEqual(most);
    // Anything else is heeded as ever.
    writeFileSync(join(folder, 'server.js'), ECHO_SERVER);
    await until('the edit', async () => (await get(`${url}/pid`)).body !== pid);
    expect((await restarts(home, 'app')).at(-1)!.description).toBe('server.js changed');
  },
);
