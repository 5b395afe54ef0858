/** Clients people use, each a small program that goes through what it can do and checks every answer. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.ts';
import { createServer, type CacheServer } from '../../../services/memcached/server.ts';

const programs = fileURLToPath(new URL('./clients/', import.meta.url));
const python = fileURLToPath(
  new URL('../../../node_modules/.cache/cache-clients/bin/python', import.meta.url),
);
const LOGIN = ['somebody', 'a secret'] as const;
const CLIENT_MS = 180_000;
/** Where everything is there, nothing may be left out. */
const required = process.env.CI === 'true';

const pythonObstacle = existsSync(python)
  ? undefined
  : 'install them with test/services/memcached/clients/install.sh';
if (pythonObstacle && !required) console.log(`Python clients skipped: ${pythonObstacle}`);

const memccapable = spawnSync('memccapable', ['-h', '127.0.0.1', '-p', '1']).error
  ? 'memccapable is not installed (apt-get install libmemcached-tools)'
  : undefined;
if (memccapable && !required) console.log(`memccapable skipped: ${memccapable}`);

let open: CacheServer;
let closed: CacheServer;
beforeAll(async () => {
  open = await createServer({ memoryBytes: 64 * 2 ** 20 });
  closed = await createServer({ sasl: true, users: [LOGIN] });
});
afterAll(async () => {
  await open.stop();
  await closed.stop();
});

/** Runs a program to its end; the server is in this process, so it cannot be waited for in the meantime. */
function run(file: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: CLIENT_MS });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const client = async (file: string, program: string, server: CacheServer, login: readonly string[] = []) => {
  const ran = await run(file, [`${programs}${program}`, `${server.host}:${server.port}`, ...login]);
  expect(ran, ran.output).toMatchObject({ code: 0, output: expect.stringMatching(/(^|\n)ok\n$/) });
};

describe.skipIf(pythonObstacle && !required)('Python', { timeout: CLIENT_MS }, () => {
  test.each([
    ['python-memcached', 'python_memcached.py'],
    ['pymemcache', 'pymemcache_client.py'],
    ['pylibmc, text and binary', 'pylibmc_client.py'],
    ['python-binary-memcached', 'binary_memcached.py'],
    ["Django's two backends", 'django_backends.py'],
  ])('%s', (_, program) => client(python, program, open));

  test.each([
    ['pylibmc', 'pylibmc_client.py'],
    ['python-binary-memcached', 'binary_memcached.py'],
  ])('%s logs in with SASL', (_, program) => client(python, program, closed, LOGIN));
});

describe('Node', () => {
  test('memcached', () => client(process.execPath, 'node-memcached.mjs', open));
  test('memjs', () => client(process.execPath, 'memjs-client.mjs', open));
  test('memjs logs in with SASL', () => client(process.execPath, 'memjs-client.mjs', closed, LOGIN));
});

test.skipIf(memccapable && !required)(
  'memccapable passes everything, text and binary',
  { timeout: CLIENT_MS },
  async () => {
    const { code, output } = await run('memccapable', ['-h', open.host, '-p', String(open.port)]);
    expect(output.match(/\[pass\]/g)?.length, output).toBe(54);
    expect(output).toContain('All tests passed');
    expect(output).not.toContain('[FAIL]');
    expect(code).toBe(0);
  },
);

describe.skipIf(memccapable && !required)('the tools of libmemcached', { timeout: CLIENT_MS }, () => {
  test.each([['text'], ['binary']])('%s', async (protocol) => {
    const folder = tempDir();
    const file = join(folder, `tool-${protocol}`);
    writeFileSync(file, 'a value of theirs\n');
    const key = basename(file);
    const tool = (name: string, ...args: string[]) =>
      run(name, [
        `--servers=${open.host}:${open.port}`,
        ...(protocol === 'binary' ? ['--binary'] : []),
        ...args,
      ]);

    expect(await tool('memccp', file)).toEqual({ code: 0, output: '' });
    expect(await tool('memccat', key)).toEqual({ code: 0, output: 'a value of theirs\n\n' });
    expect(await tool('memcexist', key)).toMatchObject({ code: 0 });
    expect(await tool('memctouch', '--expire=100', key)).toMatchObject({ code: 0 });
    expect((await tool('memcstat')).output).toMatch(/curr_items: [1-9]/);
    expect(await tool('memcrm', key)).toMatchObject({ code: 0 });
    expect(await tool('memcexist', key)).toMatchObject({ code: 1 });
    expect(await tool('memcslap', '--concurrency=4', '--execute-number=200', '--test=get')).toMatchObject({
      code: 0,
    });
    expect(await tool('memcflush')).toMatchObject({ code: 0 });
    expect(await tool('memccat', key)).toMatchObject({ code: 1 });
  });

  test('memcping and memcdump', async () => {
    const server = `--servers=${open.host}:${open.port}`;
    expect(await run('memcping', [server])).toEqual({ code: 0, output: '' });
    open.set('dumped', 'x');
    // The command behind it lists what is cold, which an item becomes when the maintainer comes by.
    const dumped = async (): Promise<readonly string[]> =>
      (await run('memcdump', [server])).output.split('\n');
    await expect.poll(dumped, { timeout: CLIENT_MS }).toContain('dumped');
  });
});
