/** `paas-local/testing` as its users have it: built, and in a process of their own. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { pidsGone, until } from '../helpers/alive.ts';
import { appFolder, echoApp } from '../helpers/cli.ts';

const library = fileURLToPath(new URL('../../dist/runtime/testing/index.js', import.meta.url));

/** A program of its own that has `startPlatform`, and the folder of an app as its first argument. */
function program(body: string): string {
  const folder = appFolder({
    'program.mjs': `import { startPlatform } from ${JSON.stringify(library)};\nconst folder = process.argv[2];\n${body}\n`,
  });
  return `${folder}/program.mjs`;
}

const STARTED = `
const platform = await startPlatform({ folder });
const pid = Number(await (await platform.fetch('/pid')).text());
const home = (await platform.exec(['pwd'])).stdout.trim();
console.log(JSON.stringify({ pid, home }));`;

interface Told {
  readonly pid: number;
  readonly home: string;
}

test('a platform that was never stopped: its process is told where it was started, and nothing of it is left', async () => {
  const file = program(`${STARTED}\nprocess.exit(0);`);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, echoApp('forgotten')]);
  const { pid, home } = JSON.parse(stdout) as Told;
  expect(stderr).toMatch(
    /the platform started at file:\/\/.*program\.mjs:4:\d+ was never stopped\. Start it with/,
  );
  await pidsGone([pid]);
  await until('the folder to be removed', () => !existsSync(home));
});

test('a process that is killed leaves nothing', async () => {
  const child = spawn(
    process.execPath,
    [program(`${STARTED}\nsetInterval(() => {}, 1000);`), echoApp('killed')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  // When nobody holds its end any more: not before what outlives it has said what it has to say.
  const silent = new Promise((resolve) => child.stderr.once('close', resolve));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { pid, home } = JSON.parse(String((await lines.next()).value)) as Told;
  child.kill('SIGKILL');
  await pidsGone([pid]);
  await until('the folder to be removed', () => !existsSync(home));
  await silent;
  // It cannot say so itself any more.
  expect(said).toMatch(
    /^paas-local: the platform started at file:\/\/.*program\.mjs:4:\d+ was never stopped\. .*\n$/,
  );
});

test('one that stops what it started ends by itself, with nothing said', async () => {
  const file = program('const platform = await startPlatform({ folder });\nawait platform.stop();');
  const { stderr } = await promisify(execFile)(process.execPath, [file, echoApp('tidy')]);
  expect(stderr).toBe('');
});

test('a static site is served by the server of the package', async () => {
  const site = appFolder({
    'manifest.yml': 'applications: [{name: site, memory: 128M}]',
    'index.html': '<p>page</p>',
  });
  const file = program(`
    const platform = await startPlatform({ folder });
    console.log(await (await platform.fetch('/')).text());
    await platform.stop();`);
  const { stdout } = await promisify(execFile)(process.execPath, [file, site]);
  expect(stdout).toContain('<p>page</p>');
  expect(readFileSync(`${site}/index.html`, 'utf8')).toBe('<p>page</p>');
});

test('a failed start that nobody caught shows the call, and no line of ours', async () => {
  const file = program(
    `await startPlatform({ folder, manifest: { name: 'x', command: 'exit 3', mem: '64M' } });`,
  );
  const folder = appFolder({});
  const failed = await promisify(execFile)(process.execPath, [file, folder]).then(
    () => undefined,
    (error: { readonly code: number; readonly stderr: string }) => error,
  );
  expect(failed?.code).toBe(1);
  expect(failed!.stderr).toMatch(/^ +at async .*program\.mjs:3:1\b/m);
  expect(failed!.stderr).toContain('App "x" exited at once: exited with status 3');
  expect(failed!.stderr).toContain(`The platform was started at file://${file}:3:7`);
  expect(failed!.stderr).not.toContain('/dist/');
});
