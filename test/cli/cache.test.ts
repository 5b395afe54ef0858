/** `paas-local cache`: what a cache holds and what happens in it, for people. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../helpers/alive.ts';
import { echoApp, newHome, type Home } from '../helpers/cli.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { exchange } from '../services/memcached/helpers/exchange.ts';

async function pushed(home: Home): Promise<number> {
  await home.json(['push', '--detach'], { cwd: echoApp('shop', 'services: {shelf: memcached}\n') });
  return (await home.json<{ service: { port: number } }>(['service', 'shelf'])).service.port;
}

test('keys, get, set, delete, flush and stats', async () => {
  const home = newHome();
  const port = await pushed(home);
  const shelf = (...words: string[]) => home.run(['cache', 'shelf', ...words]);

  expect(await shelf('keys')).toMatchObject({ code: 0, stdout: 'Service shelf holds nothing.\n' });
  expect(await shelf('set', 'greeting', 'hello\nyou', '--flags', '5')).toMatchObject({ code: 0, stdout: '' });
  expect(await shelf('set', 'two words', 'ключ', '--ttl', '1000')).toMatchObject({ code: 0 });
  expect((await exchange(port, ['get greeting\r\n'])).toString()).toBe(
    'VALUE greeting 5 9\r\nhello\nyou\r\nEND\r\n',
  );
  await exchange(port, [Buffer.from('set ключ 0 0 3\r\n\x00\xff\n\r\n', 'utf8').subarray(0, -1)]);

  expect(await shelf('get', 'greeting')).toMatchObject({ code: 0, stdout: 'hello\nyou' });
  expect(JSON.parse((await shelf('get', 'two words', '--json')).stdout)).toMatchObject({
    value: 'ключ',
    flags: 0,
    ttlSeconds: expect.any(Number),
  });
  const { keys } = await home.json<{ keys: { key: string; expires: string | null }[] }>([
    'cache', 'shelf', 'keys',
  ]); // prettier-ignore
  expect(keys.map(({ key }) => key)).toEqual(['greeting', 'two words']);
  expect(keys[0]!.expires).toBeNull();
  expect((await shelf('keys')).stdout).toMatch(/^key +bytes +expires +last used\ngreeting +\d+ +never/);

  expect(await shelf('delete', 'greeting')).toMatchObject({ code: 0 });
  for (const verb of ['get', 'delete']) {
    expect(await shelf(verb, 'greeting')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[CACHE_KEY_NOT_FOUND]'),
    });
  }
  expect((await shelf('stats')).stdout).toMatch(/^curr_items: +1$/m);
  expect((await shelf('stats', 'settings')).stdout).toMatch(/^maxbytes: +16777216$/m);
  const figures = (await home.run(['service', 'shelf'])).stdout;
  for (const figure of ['hit ratio', 'curr_items', 'bytes', 'curr_connections', 'evictions'])
    expect(figures).toMatch(new RegExp(`^ +${figure}: +[\\d.]+`, 'm'));
  expect(await shelf('flush')).toMatchObject({ code: 0 });
  expect((await shelf('keys')).stdout).toBe('Service shelf holds nothing.\n');
});

test('what it cannot do it says, with the way to do it', async () => {
  const home = newHome();
  await pushed(home);
  const refused = async (...words: string[]) => {
    const { code, stderr } = await home.run(['cache', ...words]);
    return `${code} ${stderr}`;
  };
  expect(await refused('shelf', 'shake')).toMatch(/^2 .*no such action[\s\S]*cache shelf keys/);
  expect(await refused('shelf', 'set', 'a')).toMatch(/^2 [\s\S]*set KEY VALUE/);
  expect(await refused('shelf', 'get', 'k'.repeat(251))).toMatch(/^2 .*a key of 251 bytes: it has 1 to 250/);
  expect(await refused('shelf', 'stats', 'nothing')).toMatch(/^4 .*refused "stats": ERROR/);
  expect(await refused('shelf', 'stats', 'reset\r\nflush_all')).toMatch(/^2 /);
  expect(await refused('shell', 'keys')).toMatch(/^2 .*SERVICE_NOT_FOUND/s);
  await home.run(['stop', 'shop']);
  expect(await refused('shelf', 'keys')).toMatch(/^4 .*is not running/);
});

test('watch shows what happens until it is ended', async () => {
  const home = newHome();
  const port = await pushed(home);
  const watching = home.start(['cache', 'shelf', 'watch']);
  // It listens once it shows something.
  await until('it to show something', async () => {
    await exchange(port, ['ms dHdvIHdvcmRz 1 b\r\nx\r\n']);
    return /item_store/.test(watching.output);
  });
  await watching.readUntil(/item_store key=two words status=stored/);
  watching.child.kill('SIGINT');
  expect(await watching.exited).toMatchObject({ code: 130 });
});

test('works the same when clients must log in', async () => {
  const home = newHome();
  await home.run(['kato', 'config', 'set', 'memcached_node', 'sasl_enabled', 'true']);
  await home.run(['kato', 'restart', 'memcached_node']);
  await pushed(home);
  await home.run(['cache', 'shelf', 'set', 'a', 'x']);
  expect((await home.run(['cache', 'shelf', 'get', 'a'])).stdout).toBe('x');
});

test('is reached where the path of its socket is longer than an address holds', async () => {
  const folder = join(tempDir(), 'a-home-with-a-name-of-some-length');
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  const home = newHome({
    PAAS_LOCAL_HOME: state,
    PAAS_LOCAL_SPACE: 'a-space-of-forty-characters-and-not-less',
  });
  await pushed(home);
  for (let round = 0; round < 2; round++) {
    expect(await home.run(['cache', 'shelf', 'set', 'a', `x${round}`])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await home.run(['cache', 'shelf', 'get', 'a'])).stdout).toBe(`x${round}`);
  }
  const sockets = () =>
    (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
      statSync(join(folder, name), { throwIfNoEntry: false })?.isSocket(),
    );
  expect(
    sockets()
      .map((name) => basename(name))
      .toSorted(),
  ).toEqual(['con-1.sock', 'control.sock']);
  expect(Buffer.byteLength(join(folder, sockets()[0]!))).toBeGreaterThan(108);
  await home.run(['stop', 'shop']);
  // The host leaves soon, and takes along what is being listed.
  await until('the console to be gone', () => {
    try {
      return !sockets().some((name) => basename(name) === 'con-1.sock');
    } catch {
      return undefined;
    }
  });
});
