import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppEvent } from '../../runtime/platform/app-events.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import type { TaskRecord } from '../../runtime/state/record.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { appFolder, BIN, ECHO_SERVER, echoApp, get, newHome, type Home } from '../helpers/cli.ts';

const push = async (home: Home, cwd: string) =>
  (await home.json<{ url: string }>(['push', '--detach'], { cwd })).url;
const tasksOf = async (home: Home) => (await home.json<{ tasks: TaskRecord[] }>(['tasks', 'shop'])).tasks;
const eventsOf = async (home: Home) =>
  (await home.json<{ events: AppEvent[] }>(['events', 'shop'])).events.map(({ description }) => description);

const TASK = 'echo "$GREETING on ${PORT:-no port} with $MEMORY_LIMIT and $MEMCACHE_URL"';

describe('tasks', () => {
  test('run in the environment of the app, with its services and no port, and are listed', async () => {
    const home = newHome();
    await push(home, echoApp('shop', 'env: {GREETING: hello}\nservices: {c: memcached}\n'));
    const done = await home.run(['run-task', 'shop', '--command', TASK, '--name', 'greet', '--wait']);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/Task 1 has ended: SUCCEEDED\ntask name: +greet\ntask id: +1/);
    const logs = (await home.run(['logs', 'shop', '--recent'])).stdout;
    expect(logs).toMatch(
      /\[APP\/TASK\/greet\/0\] OUT hello on no port with 128m and 127\.0\.0\.1:\d+\n.*\[APP\/TASK\/greet\/0\] OUT Exit status 0/,
    );
    const failed = await home.run(['run-task', 'shop', 'exit 3', '--wait']);
    expect(failed.code).toBe(1);
    const [second, first] = await tasksOf(home);
    expect(first).toMatchObject({ sequence: 1, name: 'greet', state: 'SUCCEEDED', command: TASK });
    expect(second).toMatchObject({ sequence: 2, state: 'FAILED', failureReason: 'Exit status 3' });
    expect(second!.name).toMatch(/^[0-9a-f]{8}$/);
    expect((await home.run(['tasks', 'shop'])).stdout).toMatch(
      /^id +name +state +start time +command\n2 +[0-9a-f]{8} +FAILED +.* UTC +exit 3\n1 +greet/m,
    );
    expect(await eventsOf(home)).toContain('task 2 (' + second!.name + '): exit 3');
  });

  test('of a stopped app start its services, and are ended by hand', async () => {
    const home = newHome();
    await push(home, echoApp('shop', 'services: {c: memcached}\n'));
    await home.run(['stop', 'shop']);
    const { task } = await home.json<{ task: TaskRecord }>([
      'run-task',
      'shop',
      '-c',
      'echo "pid $$"; trap "" TERM; while :; do sleep 0.1; done',
    ]);
    const services = await home.json<{ services: { state: string }[] }>(['services']);
    expect(services.services[0]!.state).toBe('running');
    const pid = await until('its pid', async () => {
      const logs = (await home.run(['logs', 'shop', '--recent'])).stdout;
      return Number(/OUT pid (\d+)/.exec(logs)?.[1]) || false;
    });
    const ended = home.run(['terminate-task', 'shop', String(task.sequence)]);
    await until('it to be cancelled', async () => (await tasksOf(home))[0]!.state === 'CANCELING');
    process.kill(pid, 'SIGKILL');
    expect(await ended).toMatchObject({ code: 0 });
    expect((await tasksOf(home))[0]).toMatchObject({ state: 'FAILED', failureReason: 'terminated by hand' });
    const again = await home.run(['terminate-task', 'shop', String(task.sequence)]);
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain('it is FAILED already');
  });

  test('do not outlive the host, and are known to have failed after it', async () => {
    const home = newHome();
    const { host } = await home.json<{ host: { pid: number } }>(['push', '--detach'], {
      cwd: echoApp('shop'),
    });
    await home.run(['run-task', 'shop', '-c', 'echo "pid $$"; exec sleep 1000']);
    const pid = await until('its pid', async () => {
      const logs = (await home.run(['logs', 'shop', '--recent'])).stdout;
      return Number(/OUT pid (\d+)/.exec(logs)?.[1]) || false;
    });
    process.kill(host.pid, 'SIGKILL');
    await pidsGone([pid]);
    await home.run(['start', 'shop']);
    expect((await tasksOf(home))[0]).toMatchObject({
      state: 'FAILED',
      failureReason: 'the host process went away',
    });
  });

  test('over their memory are killed', async () => {
    const home = newHome();
    await push(home, echoApp('shop'));
    const eat = `node -e "globalThis.kept=Buffer.alloc(300<<20,1);setInterval(()=>{},1000)"`;
    const { code } = await home.run(['run-task', 'shop', '-c', eat, '-m', '96M', '--wait']);
    expect(code).toBe(1);
    expect((await tasksOf(home))[0]!.failureReason).toBe('Exit status 137 (out of memory)');
  });
});

describe('run and ssh', () => {
  test('one word is shell text, several are a program and its arguments; the code is the program’s', async () => {
    const home = newHome();
    const folder = echoApp('shop', 'env: {GREETING: hello}\n');
    await push(home, folder);
    const text = await home.run(['run', 'echo "$GREETING"; pwd'], { cwd: folder });
    expect(text).toMatchObject({ code: 0, stdout: `hello\n${folder}\n` });
    const words = await home.run(['run', '-a', 'shop', 'printf', '%s|', '$GREETING', "it's", '-n']);
    expect(words).toMatchObject({ code: 0, stdout: "$GREETING|it's|-n|" });
    expect((await home.run(['run', 'exit 7'], { cwd: folder })).code).toBe(7);
    expect((await home.run(['run', 'kill -KILL $$'], { cwd: folder })).code).toBe(137);
    const ssh = await home.run(['ssh', 'shop', '-c', 'echo $GREETING', '-c', 'echo twice']);
    expect(ssh).toMatchObject({ code: 0, stdout: 'hello\ntwice\n' });
  });

  test('ssh -i has what that running instance was given', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml':
        'version: 1\napplications:\n- {name: shop, memory: 128M, instances: 2, command: node server.js}\n',
      'server.js': ECHO_SERVER,
    });
    await push(home, folder);
    const { app } = await home.json<{ app: AppSnapshot }>(['app', 'shop']);
    const [, second] = app.processes[0]!.instances;
    const tell = ['-c', 'echo $CF_INSTANCE_INDEX $PORT'];
    const inside = await home.run(['ssh', 'shop', '-i', '1', ...tell]);
    expect(inside).toMatchObject({ code: 0, stdout: `1 ${second!.port}\n` });
    expect((await home.run(['ssh', 'shop', ...tell])).stdout).toBe('\n');
    const none = await home.run(['ssh', 'shop', '-i', '2', ...tell]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('Cannot find instance 2 of process "web" of app "shop"');
    const words = await home.run(['ssh', 'shop', '-i', 'two', ...tell]);
    expect(words.stderr).toContain('Cannot use "two" as the index of an instance');
  });

  test('of a stopped app the services run meanwhile', async () => {
    const home = newHome();
    await push(home, echoApp('shop', 'services: {c: memcached}\n'));
    await home.run(['stop', 'shop']);
    const ask = `node -e "const s=require('net').connect(process.env.MEMCACHE_URL.split(':')[1],'127.0.0.1');s.write('version\\r\\nquit\\r\\n');s.pipe(process.stdout)"`;
    const { stdout } = await home.run(['run', '-a', 'shop', ask]);
    expect(stdout).toMatch(/^VERSION /);
    await until('the cache to stop', async () => {
      const { services } = await home.json<{ services: { state: string }[] }>(['services']);
      return services[0]!.state === 'stopped';
    });
  });

  test('what runs in it ends with the terminal', async () => {
    const home = newHome();
    await push(home, echoApp('shop'));
    const running = home.start(['run', '-a', 'shop', 'echo "pid $$"; trap "" HUP; exec sleep 1000']);
    const [, pid] = await running.readUntil(/pid (\d+)/);
    running.child.kill('SIGKILL');
    await pidsGone([Number(pid)]);
  });

  test.skipIf(!hasScript())('a program has the terminal', async () => {
    const home = newHome();
    const folder = echoApp('shop');
    await push(home, folder);
    const typed = spawnSync(
      'script',
      [
        '-qec',
        `${process.execPath} ${BIN} run 'test -t 0 && test -t 1 && read line && echo "got $line"'`,
        '/dev/null',
      ],
      { cwd: folder, env: { ...home.env }, input: 'typed words\n', encoding: 'utf8' },
    );
    expect(typed.stdout).toContain('got typed words');
  });

  test.skipIf(!hasScript())('a shell leaves nothing in the app’s folder', async () => {
    const home = newHome();
    const folder = echoApp('shop');
    await push(home, folder);
    const before = readdirSync(folder).toSorted();
    const typed = spawnSync('script', ['-qec', `${process.execPath} ${BIN} ssh`, '/dev/null'], {
      cwd: folder,
      env: { ...home.env },
      input: 'echo "typed $((1 + 1))"; exit 5\n',
      encoding: 'utf8',
    });
    expect(typed.stdout).toContain('typed 2');
    expect(typed.status).toBe(5);
    expect(readdirSync(folder).toSorted()).toEqual(before);
  });
});

/** `script` of util-linux gives a command a terminal. */
function hasScript(): boolean {
  const found = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
  if (!found) process.stderr.write('skipped: a program has the terminal (no "script" of util-linux here)\n');
  return found === true;
}

describe('variables by hand', () => {
  const envOf = async (url: string) => JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;

  test('of a Stackato app are there after the restart that they cause, and outlive pushes', async () => {
    const home = newHome();
    const folder = echoApp('shop', 'env: {GREETING: hello}\n');
    const url = await push(home, folder);
    expect(await home.run(['set-env', 'GREETING', 'good day'], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await envOf(url)).toMatchObject({ GREETING: 'good day' });
    await home.run(['env-add', 'shop', 'MORE', '1']);
    expect((await home.run(['env', 'shop', '--why'])).stdout).toMatch(/^MORE: 1 +# set-env$/m);
    await push(home, folder);
    expect(await envOf(url)).toMatchObject({ GREETING: 'good day', MORE: '1' });
    await home.run(['env-del', 'shop', 'MORE']);
    expect(await envOf(url)).not.toHaveProperty('MORE');
    await home.run(['unset-env', 'shop', 'GREETING']);
    expect(await envOf(url)).not.toHaveProperty('GREETING');
    expect((await home.run(['unset-env', 'shop', 'GREETING'])).stdout).toContain('was not set');
  });

  test('of a Cloud Foundry app wait for a restart, as there', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml': 'version: 1\napplications:\n- name: shop\n  memory: 128M\n  command: node server.js\n',
      'server.js': ECHO_SERVER,
    });
    const url = await push(home, folder);
    const set = await home.run(['set-env', 'shop', 'MORE', '1']);
    expect(set.stdout).toContain("TIP: Use 'paas-local restart shop'");
    expect(await envOf(url)).not.toHaveProperty('MORE');
    await home.run(['restart', 'shop']);
    expect(await envOf(url)).toMatchObject({ MORE: '1' });
  });

  test.each(['PORT', 'VCAP_SERVICES', 'A=B'])('%s is refused', async (name) => {
    const home = newHome();
    await push(home, echoApp('shop'));
    const refused = await home.run(['set-env', 'shop', name, '1']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`"${name}"`);
  });
});

describe('routes by hand', () => {
  test('are mapped without a restart, listed, remembered, and unmapped', async () => {
    const home = newHome();
    const folder = echoApp('shop');
    const url = await push(home, folder);
    const { port } = new URL(url);
    await home.json(['map-route', 'shop', '*.shop.example']);
    for (const command of [['apps'], ['app', 'shop']])
      expect((await home.run(command)).stdout).toContain(`${url}, *.shop.example`);
    await home.json(['unmap-route', 'shop', '*.shop.example']);
    const pid = (await get(`${url}/pid`)).body;
    expect((await get(`http://www.shop.example:${port}/`)).status).toBe(404);
    await home.json(['map-route', 'shop', 'shop.example', '--hostname', 'www', '--path', 'store']);
    expect((await get(`http://www.shop.example:${port}/store/pid`)).status).toBe(200);
    expect((await get(`http://www.localhost:${port}/store`)).status).toBe(200);
    expect((await get(`http://www.shop.example:${port}/stores`)).status).toBe(404);
    expect((await get(`${url}/pid`)).body).toBe(pid);
    const listed = await home.run(['routes']);
    expect(listed.stdout).toMatch(
      /^space +host +domain +port +path +protocol +app-protocol +app-port +apps +service instance +options$/m,
    );
    expect(listed.stdout).toMatch(/^default +www +shop\.example +\d+ +\/store +http +http1 +shop$/m);
    await push(home, folder);
    expect((await get(`http://www.shop.example:${port}/store`)).status).toBe(200);
    await home.json(['unmap', 'shop', 'www.shop.example/store']);
    expect((await get(`http://www.shop.example:${port}/store`)).status).toBe(404);
    const unknown = await home.run(['unmap-route', 'shop', 'never.localhost']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('Its routes: shop.localhost');
  });

  test('open prints the URL, and hands it to the browser', async () => {
    const home = newHome();
    const folder = echoApp('shop');
    const url = await push(home, folder);
    expect((await home.run(['open', 'shop'])).stdout).toBe(`${url}\n`);
    const browser = appFolder({ 'browser.sh': '#!/bin/sh\nprintf "%s" "$1" > "$0.opened"\n' });
    const program = join(browser, 'browser.sh');
    spawnSync('chmod', ['+x', program]);
    await home.run(['open', 'shop'], { env: { BROWSER: program } });
    expect(readFileSync(`${program}.opened`, 'utf8')).toBe(url);
  });
});
