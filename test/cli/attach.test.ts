import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { BIN, echoApp, get, newHome } from '../helpers/cli.ts';

/** Asks on its terminal before it listens, as a debugger does; and again at `/ask`. */
const ASKING = `
const { createInterface } = require('readline');
const reader = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
const ask = (prompt) => new Promise((resolve) => reader.question(prompt, resolve));
ask('terminal ' + process.stdin.isTTY + ' (app) > ').then((answer) => {
  console.log('answered ' + answer);
  require('http').createServer(async (req, res) => {
    if (req.url === '/ask') res.end(await ask('again (app) > '));
    else res.end('up');
  }).listen(process.env.PORT, '127.0.0.1');
});
`;

test.skipIf(!hasScript())('push --attach gives a process the terminal, and Ctrl-C ends both', async () => {
  const home = newHome();
  const folder = echoApp('shop', '', ASKING);
  const command = `${process.execPath} ${BIN} push --attach web`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: folder, env: home.env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const said = (text: string) => until(text, () => output.includes(text), { state: () => output });

  await said('terminal true (app) > ');
  child.stdin.write('first words\n');
  await said('answered first words');
  await said('shop runs');
  const [url] = (await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps[0]!.urls;
  const asked = get(`${url}/ask`);
  await said('again (app) > ');
  child.stdin.write('second words\n');
  expect((await asked).body).toBe('second words');
  child.stdin.write('\u0003');
  expect(await exited).toBe(130);
  expect((await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps[0]).toMatchObject({ state: 'stopped' });
});

/** `script` of util-linux gives a command a terminal. */
function hasScript(): boolean {
  const found = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
  if (!found) process.stderr.write('skipped: push --attach (no "script" of util-linux here)\n');
  return found === true;
}

test.each([
  [['--attach', 'web'], 'standard input is no terminal'],
  [['--attach', 'web', '--detach'], 'leaves its terminal'],
])('push %j is refused', async (args, words) => {
  const refused = await newHome().run(['push', ...args], { cwd: echoApp('shop') });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(words);
});

const STDIN = `
process.stdin.on('data', (chunk) => console.log('read ' + chunk)).on('end', () => console.log('end of input'));
require('http').createServer((_, res) => res.end('terminal ' + !!process.stdin.isTTY)).listen(process.env.PORT, '127.0.0.1');
`;

test.skipIf(!hasScript())(
  'an app that outlives the terminal it was given starts again without it',
  async () => {
    const home = newHome();
    const folder = echoApp('shop', '', STDIN);
    const first = await home.json<{ url: string }>(['push', '--detach'], { cwd: folder });
    const command = `${process.execPath} ${BIN} push --attach web`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: folder, env: home.env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = new Promise((resolve) => child.once('close', resolve));
    await until('it runs', () => output.includes('shop runs'), { state: () => output });
    expect((await get(first.url)).body).toBe('terminal true');

    child.kill('SIGKILL');
    await exited;
    await until('it has no terminal', async () => (await get(first.url)).body === 'terminal false');
    expect(await home.run(['restart', 'shop'])).toMatchObject({ code: 0 });
    expect((await home.run(['events', 'shop'])).stdout).toContain('web/0 starts again without its terminal');
  },
);
