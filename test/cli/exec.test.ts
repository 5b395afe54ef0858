import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findTool } from '../../services/kit/find-tool.ts';
import { pidsGone } from '../helpers/alive.ts';
import { appFolder, echoApp, newHome } from '../helpers/cli.ts';
import { cacheApp } from '../runtime/testing/helpers.ts';

/** The last thing the command does is to write down what it was given. */
const TELL = 'process.stdout.write(JSON.stringify({ env: process.env, cwd: process.cwd() }))';

interface Told {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

describe('exec', () => {
  test("gives the command the app's variables over the user's own, and every app's URL", async () => {
    const home = newHome({ MINE: 'kept' });
    const folder = cacheApp('my-shop', 'env: {DATA: "$HOME/data", MODE: test}\n');
    const { code, stdout, stderr } = await home.run(['exec', '-e', 'EXTRA=a b', '--', 'node', '-e', TELL], {
      cwd: folder,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { env, cwd } = JSON.parse(stdout) as Told;
    expect(cwd).toBe(folder);
    expect(env).toMatchObject({ MINE: 'kept', HOME: home.folder, MODE: 'test', EXTRA: 'a b' });
    expect(env.DATA).toMatch(/\/paas-local-.*\/apps\/my-shop\/app-1\/data$/);
    expect(env.PAAS_LOCAL_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(env.PAAS_LOCAL_MY_SHOP_URL).toBe(env.PAAS_LOCAL_URL);
    expect(env.PAAS_LOCAL_SPACE).toMatch(/^test-/);
    expect(env.MEMCACHE_URL).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(JSON.parse(env.VCAP_SERVICES!)).toHaveProperty('memcached');
    expect(env.PORT).toBeUndefined();
  });

  test("ends with the command's exit code, and shows what happened only when it failed or -v was given", async () => {
    const home = newHome();
    const folder = cacheApp();
    const script =
      'fetch(process.env.PAAS_LOCAL_URL + "/say?something").then(() => process.exit(Number(process.argv[1])))';
    const run = (code: string, ...flags: string[]) =>
      home.run(['exec', ...flags, '--', 'node', '-e', script, code], { cwd: folder });
    expect(await run('0')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const failed = await run('7');
    expect(failed).toMatchObject({ code: 7, stdout: '' });
    expect(failed.stderr).toMatch(/request {2}GET 127\.0\.0\.1:\d+\/say\?something → 200/);
    expect(failed.stderr).toContain('[APP/PROC/WEB/0] OUT said something');
    const verbose = await run('0', '-v');
    expect(verbose).toMatchObject({ code: 0, stdout: '' });
    expect(verbose.stderr).toContain('[APP/PROC/WEB/0] OUT said something');
  });

  test('--services-only starts no app', async () => {
    const home = newHome();
    const folder = appFolder({ 'manifest.yml': 'name: lib\nservices: {cache: memcached}\n' });
    const { code, stdout } = await home.run(['exec', '--services-only', '--', 'node', '-e', TELL], {
      cwd: folder,
    });
    const { env } = JSON.parse(stdout) as Told;
    expect(code).toBe(0);
    expect(env.MEMCACHE_URL).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(env.PAAS_LOCAL_URL).toBeUndefined();
  });

  test('the services a Cloud Foundry manifest only names are given their types', async () => {
    const home = newHome();
    const folder = appFolder({ 'manifest.yml': 'applications:\n- name: lib\n  services: [cache]\n' });
    const args = ['--services-only', '--', 'node', '-e', TELL];
    const untold = await home.run(['exec', ...args], { cwd: folder });
    expect(untold.code).toBe(2);
    expect(untold.stderr).toContain('manifest.yml:3:14: error: The service is asked for here');
    expect(untold.stderr).toContain('Say its type: --service cache=TYPE\n');
    const { code, stdout } = await home.run(['exec', '--service', 'cache=memcached', ...args], {
      cwd: folder,
    });
    expect(code).toBe(0);
    const { env } = JSON.parse(stdout) as Told;
    expect(JSON.parse(env.VCAP_SERVICES!)).toMatchObject({ memcached: [{ name: 'cache' }] });
  });

  test('mistakes are told in the words of its flags', async () => {
    const home = newHome();
    const nowhere = await home.run(['exec', '--path', 'nope', '--', 'true']);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain(`Cannot use --path "${join(home.folder, 'nope')}": it does not exist`);
    const folder = appFolder({ 'manifest.yml': 'name: lib\nservices: {db: oracledb}\n' });
    const missing = await home.run(['exec', '--services-only', '--', 'true'], { cwd: folder });
    expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('--bind db=URL') });
    expect(missing.stderr).not.toContain('--allow-missing-services');
    const args = ['--timeout', '2s', '--', 'true'];
    const slow = await home.run(['exec', ...args], {
      cwd: appFolder({ 'manifest.yml': 'name: slow\nmem: 128M\ncommand: sleep 100\n' }),
    });
    expect(slow.stderr).toContain('A slow start needs more time: --timeout\n');
  });

  test('that it does not heed the lines of paas-local.yml is said', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml': 'name: lib\nservices: {cache: memcached}\n',
      'paas-local.yml': 'bind:\n  cache: memcached://127.0.0.1:1\n  other: redis://127.0.0.1:1\n',
    });
    const command = ['--', 'node', '-e', TELL];
    const { stdout, stderr } = await home.run(['exec', '--services-only', ...command], { cwd: folder });
    expect(stderr).toBe(
      'paas-local.yml: "bind" is for pushes and not heeded here, so cache gets an engine of this run alone. To bind for this run: --bind cache=URL\n',
    );
    expect((JSON.parse(stdout) as Told).env.MEMCACHE_URL).not.toBe('127.0.0.1:1');
    const bind = ['--bind', 'cache=memcached://127.0.0.1:1'];
    const bound = await home.run(['exec', '--services-only', ...bind, ...command], { cwd: folder });
    expect(bound.stderr).not.toContain('not heeded');
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('passes %s on to the command, and takes everything down after it', async (signal, code) => {
    const home = newHome();
    const folder = echoApp('shop');
    const wait = `
      fetch(process.env.PAAS_LOCAL_URL + '/pid').then((r) => r.text()).then((pid) => console.log('app ' + pid));
      process.on('${signal}', () => { console.log('got ${signal}'); process.exit(${code}); });
      setInterval(() => {}, 1000);`;
    const running = home.start(['exec', '--', 'node', '-e', wait], { cwd: folder });
    const [, pid] = await running.readUntil(/app (\d+)/);
    running.child.kill(signal);
    expect(await running.exited).toMatchObject({ code });
    expect(running.stdout).toContain(`got ${signal}`);
    await pidsGone([Number(pid)]);
  });

  test('what the command left in the background is ended too', async () => {
    const home = newHome();
    const { code, stdout } = await home.run(
      ['exec', '--', 'sh', '-c', 'sleep 1000 >/dev/null 2>&1 & echo $!'],
      {
        cwd: echoApp('shop'),
      },
    );
    expect(code).toBe(0);
    await pidsGone([Number(stdout)]);
  });

  test('a signal while it starts ends it; an app that is not ready in time is exit code 3', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml': 'name: slow\nmem: 128M\ncommand: "echo thinking $$; exec sleep 100"\n',
    });
    const running = home.start(['exec', '-v', '--', 'true'], { cwd: folder });
    const [, pid] = await running.readUntil(/thinking (\d+)/);
    running.child.kill('SIGTERM');
    expect(await running.exited).toMatchObject({ code: 143 });
    await pidsGone([Number(pid)]);
    const late = await home.run(['exec', '--timeout', '4s', '--', 'true'], { cwd: folder });
    expect(late.code).toBe(3);
    expect(late.stderr).toContain('Not ready within 4 s: waited for app "slow"');
    expect(late.stderr).toMatch(/thinking \d+/);
    // All of it once: code, hint and log lines.
    expect(late.stderr.match(/\[READY_TIMEOUT\]|A slow start needs|lines? of its log/g)).toHaveLength(3);
  });

  test('killed outright, it leaves neither the command nor the app', async () => {
    const home = newHome();
    const wait = `fetch(process.env.PAAS_LOCAL_URL + '/pid').then((r) => r.text())
      .then((pid) => console.log('pids ' + pid + ' ' + process.pid)); setInterval(() => {}, 1000);`;
    const running = home.start(['exec', '--', 'node', '-e', wait], { cwd: echoApp('shop') });
    const [, app, command] = await running.readUntil(/pids (\d+) (\d+)/);
    running.child.kill('SIGKILL');
    await pidsGone([Number(app), Number(command)]);
  });

  test('--keep-on-failure leaves everything up until it is told to go', async () => {
    const home = newHome();
    const running = home.start(['exec', '--keep-on-failure', '--', 'false'], { cwd: cacheApp() });
    const [, url] = await running.readUntil(/Kept for a look: shop at (\S+), cache at/);
    expect(await (await fetch(url!)).text()).toBe('hello from shop');
    running.child.kill('SIGINT');
    expect(await running.exited).toMatchObject({ code: 1 });
    await expect(fetch(url!)).rejects.toThrow();
  });

  test('mistakes of the user are said, with exit code 2', async () => {
    const home = newHome();
    const folder = cacheApp();
    expect(await home.run(['exec'], { cwd: folder })).toMatchObject({ code: 2 });
    expect(await home.run(['exec', '--json', '--', 'true'], { cwd: folder })).toMatchObject({ code: 2 });
    const bad = await home.run(['exec', '-e', 'x', '--', 'true'], { cwd: folder });
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('it is not NAME=VALUE') as string });
    const nothing = await home.run(['exec', '--', 'no-such-program'], { cwd: folder });
    expect(nothing.code).toBe(127);
  });
});

describe('around test runners', () => {
  test("node's own", async () => {
    const home = newHome();
    const folder = cacheApp();
    mkdirSync(join(folder, 'test'));
    writeFileSync(
      join(folder, 'test/shop.test.mjs'),
      `import { test } from 'node:test';
       import assert from 'node:assert/strict';
       const url = process.env.PAAS_LOCAL_URL;
       test('says hello', async () => assert.equal(await (await fetch(url)).text(), 'hello from shop'));
       test('keeps', async () => {
         await fetch(url + '/set?k=v');
         assert.equal(await (await fetch(url + '/get?k')).text(), process.env.EXPECTED ?? 'v');
       });`,
    );
    const passed = await home.run(['exec', '--', 'node', '--test'], { cwd: folder });
    expect(passed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 2|ℹ pass 2/m) as string });
    const failed = await home.run(['exec', '-e', 'EXPECTED=w', '--', 'node', '--test'], { cwd: folder });
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/^# fail 1|ℹ fail 1/m) as string });
  });

  test('pytest', async () => {
    const home = newHome();
    const folder = cacheApp();
    writeFileSync(
      join(folder, 'test_shop.py'),
      `import os, urllib.request
def get(path):
    return urllib.request.urlopen(os.environ["PAAS_LOCAL_URL"] + path).read().decode()
def test_hello():
    assert get("/") == "hello from shop"
def test_keeps():
    get("/set?k=v")
    assert get("/get?k") == os.environ.get("EXPECTED", "v")
`,
    );
    const passed = await home.run(['exec', '--', 'pytest', '-p', 'no:cacheprovider'], { cwd: folder });
    expect(passed).toMatchObject({ code: 0, stdout: expect.stringContaining('2 passed') as string });
    const failed = await home.run(['exec', '-e', 'EXPECTED=w', '--', 'pytest', '-p', 'no:cacheprovider'], {
      cwd: folder,
    });
    expect(failed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('1 failed, 1 passed') as string,
    });
  });

  const go = findTool('go', process.env as Record<string, string>);
  if (!go) console.log('go test is not tested: there is no go on PATH');
  test.skipIf(!go)('go test', { timeout: 240_000 }, async () => {
    // What was compiled for others serves this too: a home of its own would begin with the standard library.
    const cache = execFileSync(go!, ['env', 'GOCACHE'], { encoding: 'utf8' }).trim();
    const home = newHome({ GOCACHE: cache, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' });
    const folder = cacheApp('shop', '', {
      'go.mod': 'module shop\n\ngo 1.18\n',
      'shop_test.go': `package shop

import (
	"bufio"
	"net"
	"os"
	"strings"
	"testing"
)

func ask(t *testing.T, address string, request string) string {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.Write([]byte(request))
	line, err := bufio.NewReader(connection).ReadString('\\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func TestAppAnswers(t *testing.T) {
	address := strings.TrimPrefix(os.Getenv("PAAS_LOCAL_URL"), "http://")
	if got := ask(t, address, "GET /set?k=v HTTP/1.0\\r\\n\\r\\n"); !strings.Contains(got, "200") {
		t.Fatal(got)
	}
}

func TestCacheHasIt(t *testing.T) {
	wanted := os.Getenv("WANTED")
	if got := ask(t, os.Getenv("MEMCACHE_URL"), "get k\\r\\n"); got != wanted {
		t.Fatal(got)
	}
}
`,
    });
    const run = (wanted: string) =>
      home.run(['exec', '-e', `WANTED=${wanted}`, '--', 'go', 'test', '-count=1', './...'], { cwd: folder });
    expect(await run('VALUE k 0 1')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok\s+shop\s/m) as string,
    });
    const failed = await run('END');
    expect(failed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAIL: TestCacheHasIt') as string,
    });
    expect(failed.stderr).toContain('/set?k=v → 200');
  });

  test('npm test', async () => {
    const home = newHome();
    const folder = cacheApp('shop', '', {
      'package.json': JSON.stringify({
        name: 'shop',
        scripts: {
          start: 'node server.js',
          test: 'node -e "fetch(process.env.PAAS_LOCAL_URL).then((r) => process.exit(r.status === 200 ? 0 : 1))"',
        },
      }),
    });
    expect(await home.run(['exec', '--', 'npm', 'test', '--silent'], { cwd: folder })).toMatchObject({
      code: 0,
    });
  });
});
