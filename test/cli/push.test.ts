import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allocatePort } from '../../runtime/ports/allocate.ts';
import type { AppSnapshot, ServiceSnapshot } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, ECHO_SERVER, echoApp, get, newHome } from '../helpers/cli.ts';

interface Pushed {
  readonly url: string;
  readonly apps: readonly AppSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  readonly host: { readonly pid: number };
  readonly router: { readonly port: number };
}

describe('push', () => {
  test('attached: stages, runs, routes, shows the log, and stops with everything on Ctrl-C', async () => {
    const home = newHome();
    const app = echoApp('shop', 'services: {shop-cache: memcached}\n');
    const push = home.start(['push'], { cwd: app });
    const [url] = await push.readUntil(/http:\/\/shop\.localhost:\d+$/m);
    expect(await get(url)).toMatchObject({ status: 200, body: 'hello from shop\n' });
    await push.readUntil(/\[RTR\/0\] OUT shop\.localhost:\d+ - .*"GET \/ HTTP\/1\.1" 200/);
    await push.readUntil(
      /^ {3}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d[+-]\d{4} \[APP\/PROC\/WEB\/0\] OUT listening$/m,
    );
    push.child.kill('SIGINT');
    expect(await push.exited).toMatchObject({ code: 130 });
    expect(push.stdout).toContain('shop stopped: its push was ended');
  });

  test('--detach --json: one object with apps, URLs, services and pids', async () => {
    const home = newHome();
    const app = echoApp('shop', 'services: {shop-cache: memcached}\n');
    const pushed = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    expect(pushed.url).toMatch(/^http:\/\/shop\.localhost:\d+$/);
    expect(pushed.apps[0]).toMatchObject({
      name: 'shop',
      state: 'started',
      services: ['shop-cache'],
      dialect: 'stackato',
    });
    expect(pushed.apps[0]!.processes[0]!.instances[0]).toMatchObject({
      index: 0,
      state: 'running',
      pid: expect.any(Number),
    });
    expect(pushed.services[0]).toMatchObject({
      name: 'shop-cache',
      type: 'memcached',
      state: 'running',
      boundApps: ['shop'],
    });
    expect((await get(pushed.url)).status).toBe(200);
  });

  test('the app’s environment is the platform’s, without the shell’s', async () => {
    const home = newHome();
    const app = echoApp(
      'shop',
      'services: {shop-cache: memcached}\nenv: {GREETING: "from $STACKATO_APP_NAME", VERSION: 1.10}\n',
    );
    const { code, stdout } = await home.run(['push', '--detach', '--json'], {
      cwd: app,
      env: { SECRET_OF_SHELL: 'x' },
    });
    expect(code).toBe(0);
    const { url } = JSON.parse(stdout) as Pushed;
    const env = JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
    expect(env).toMatchObject({
      GREETING: 'from shop',
      VERSION: '1.10',
      HOME: app,
      VCAP_APP_PORT: env.PORT,
      VCAP_APP_HOST: '127.0.0.1',
    });
    expect(env).not.toHaveProperty('SECRET_OF_SHELL');
    const { memcached } = JSON.parse(env.VCAP_SERVICES!) as {
      memcached: { credentials: { host: string; port: number } }[];
    };
    expect(env.MEMCACHE_URL).toBe(`${memcached[0]!.credentials.host}:${memcached[0]!.credentials.port}`);
    const listed = await home.json<{
      system: { name: string; value: string }[];
      user: { name: string; value: string; origin: string }[];
    }>(['env'], { cwd: app });
    expect(listed.user.find(({ name }) => name === 'GREETING')).toMatchObject({
      value: 'from $STACKATO_APP_NAME',
      origin: expect.stringContaining('manifest.yml:5'),
    });
    expect(listed.system.find(({ name }) => name === 'MEMCACHE_URL')?.value).toBe(env.MEMCACHE_URL);
  });

  test('Cloud Foundry: literal values, its own layout', async () => {
    const home = newHome();
    const app = appFolder({
      'manifest.yml':
        'version: 1\napplications:\n- name: shop\n  memory: 128M\n  command: node server.js\n  env:\n    A: $HOME\n    B: yes\n',
      'server.js': ECHO_SERVER,
    });
    const { url, apps } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    expect(apps[0]!.dialect).toBe('cloud-foundry');
    const env = JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
    expect(env).toMatchObject({ A: '$HOME', B: 'true' });
    expect(JSON.parse(env.VCAP_APPLICATION!)).toMatchObject({
      application_name: 'shop',
      process_type: 'web',
      uris: ['shop.localhost'],
    });
  });

  test('from a second terminal: one copy, the new one; from two at once: one copy', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const first = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    const again = await Promise.all([
      home.json<Pushed>(['push', '--detach'], { cwd: app }),
      home.json<Pushed>(['push', '--detach'], { cwd: app }),
    ]);
    expect(new Set(again.map(({ host }) => host.pid))).toEqual(new Set([first.host.pid]));
    const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
    const instances = apps.flatMap(({ processes }) => processes.flatMap((process) => process.instances));
    expect(instances).toHaveLength(1);
    expect((await get(`${again[0].url}/pid`)).body).toBe(String(instances[0]!.pid));
    expect(() => process.kill(first.apps[0]!.processes[0]!.instances[0]!.pid!, 0)).toThrow();
  });

  test('two cold pushes at the same moment share one host', async () => {
    const home = newHome();
    const [a, b] = [echoApp('one'), echoApp('two')];
    const pushed = await Promise.all([
      home.json<Pushed>(['push', '--detach'], { cwd: a }),
      home.json<Pushed>(['push', '--detach'], { cwd: b }),
    ]);
    expect(pushed[0].host.pid).toBe(pushed[1].host.pid);
    expect((await get(pushed[0].url)).body).toBe('hello from one\n');
    expect((await get(pushed[1].url)).body).toBe('hello from two\n');
  });

  test('an attached push in one terminal does not take along what --detach pushed', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    const other = echoApp('other');
    const push = home.start(['push'], { cwd: other });
    await push.readUntil(/http:\/\/other\.localhost/);
    push.child.kill('SIGINT');
    await push.exited;
    expect((await get(url)).status).toBe(200);
    const same = home.start(['push'], { cwd: app });
    await same.readUntil(
      /Its log follows; Ctrl-C lets go; shop runs on, for it was pushed with --detach\nhttp:/,
    );
    same.child.kill('SIGINT');
    const { code, stdout } = await same.exited;
    expect({ code, stdout }).toMatchObject({
      code: 130,
      stdout: expect.stringContaining(
        'shop runs on, for it was pushed with --detach; to stop: paas-local stop shop',
      ),
    });
    expect(stdout).not.toContain('Stopping');
    expect((await get(url)).status).toBe(200);
  });

  test('of two terminals that pushed an app, the last to leave stops it, and both say so', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const first = home.start(['push', '--no-watch'], { cwd: app });
    await first.readUntil(/Ctrl-C stops it/);
    const second = home.start(['push', '--no-watch'], { cwd: app });
    await second.readUntil(/Ctrl-C lets go; shop runs on, for another terminal pushed it too\n/);
    first.child.kill('SIGINT');
    expect(await first.exited).toMatchObject({
      code: 130,
      stdout: expect.stringContaining(
        'shop is not stopped after all: meanwhile it was pushed from elsewhere too',
      ),
    });
    second.child.kill('SIGINT');
    expect(await second.exited).toMatchObject({
      code: 130,
      stdout: expect.stringContaining('shop stopped: its push was ended'),
    });
  });

  test('of several apps, each that runs on is named', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml':
        'applications:\n- {name: one, path: ., command: node s.js}\n- {name: two, path: ., command: node s.js}\n',
      's.js': ECHO_SERVER,
    });
    await home.json<Pushed>(['push', 'one', '--detach', '--no-watch'], { cwd: folder });
    const both = home.start(['push', '--no-watch'], { cwd: folder });
    await both.readUntil(/Ctrl-C stops two; one runs on, for it was pushed with --detach/);
    both.child.kill('SIGINT');
    const { stdout } = await both.exited;
    expect(stdout).toContain('Stopping two (Ctrl-C again to kill)');
    expect(stdout).toContain('one runs on, for it was pushed with --detach; to stop: paas-local stop one');
    const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
    expect(apps.map(({ name, state }) => [name, state])).toEqual([
      ['one', 'started'],
      ['two', 'stopped'],
    ]);
  });

  test('a second Ctrl-C kills what is stopping, and leaves alone what another terminal has pushed meanwhile', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml':
        'applications:\n- {name: one, path: ., command: node s.js}\n- {name: two, path: ., command: node deaf.js}\n',
      's.js': ECHO_SERVER,
      'deaf.js': `process.on('SIGTERM', () => {});\n${ECHO_SERVER}`,
    });
    const both = home.start(['push', '--no-watch'], { cwd: folder });
    await both.readUntil(/Ctrl-C stops it/);
    const other = home.start(['push', 'one', '--no-watch'], { cwd: folder });
    await other.readUntil(/Ctrl-C lets go; one runs on, for another terminal pushed it too\n/);
    const states = async () => {
      const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
      return apps.map(({ state, processes }) => [state, processes[0]!.instances[0]?.pid]);
    };
    const [one] = await states();
    both.child.kill('SIGINT');
    await both.readUntil(/Ctrl-C again to kill/);
    both.child.kill('SIGINT');
    expect((await both.exited).code).toBe(130);
    await until('two to be gone', async () => (await states())[1]![0] === 'stopped');
    expect((await states())[0]).toEqual(one);
  });

  test('Ctrl-C before a push is through says what becomes of it, whoever else held the app', async () => {
    const home = newHome();
    const app = echoApp('shop');
    for (const args of [['push', '--detach'], ['push']]) {
      writeFileSync(join(app, 'server.js'), ECHO_SERVER);
      // An edit would start it too.
      await home.json<Pushed>(['push', '--detach', '--no-watch'], { cwd: app });
      writeFileSync(join(app, 'server.js'), "console.log('slow'); setInterval(() => {}, 1000);");
      const slow = home.start(args, { cwd: app });
      await slow.readUntil(/OUT slow/);
      slow.child.kill('SIGINT');
      const { code, stdout } = await slow.exited;
      expect({ code, stdout }).toMatchObject({ code: 130, stdout: expect.stringContaining('cut short') });
      await until('its end among the events', async () => {
        const { events } = await home.json<{ events: { event: string; description: string }[] }>([
          'events',
          'shop',
        ]);
        return events.at(-1)!.event === 'audit.app.stop' && events.at(-1)!.description;
      });
      expect(stdout).not.toContain('not stopped after all');
      await until('it is stopped', async () => {
        const { apps } = await home.json<{ apps: readonly { state: string; requestedState: string }[] }>([
          'apps',
        ]);
        return apps[0]!.state === 'stopped' && apps[0]!.requestedState === 'stopped';
      });
    }
  });
});

test('each line of a push of several apps says of which it is', async () => {
  const server =
    "require('http').createServer((_, res) => res.end()).listen(process.env.PORT, () => console.log('up'));";
  const folder = appFolder({
    'manifest.yml':
      'applications:\n- {name: one, path: a, command: node s.js}\n- {name: second, path: b, command: node s.js}\n',
    'a/s.js': server,
    'b/s.js': server,
  });
  const push = newHome().start(['push'], { cwd: folder });
  await push.readUntil(/^one {7}\S+ \[APP\/PROC\/WEB\/0\] OUT up$/m);
  await push.readUntil(/^second {4}\S+ \[APP\/PROC\/WEB\/0\] OUT up$/m);
  push.child.kill('SIGINT');
  expect((await push.exited).code).toBe(130);
});

test('the manifest is named as it is reached from here, and a folder of files is at no address', async () => {
  const home = newHome();
  const folder = echoApp('shop', 'services: {files: filesystem}\n');
  const { stdout } = await home.run(['push', '--detach'], { cwd: folder });
  expect(stdout).toMatch(/^Pushing shop from manifest\.yml \(stackato: /m);
  expect(stdout).toMatch(/^Service files \(filesystem\): /m);
});

test('a static site runs on the server that is shipped', async () => {
  const home = newHome();
  const app = appFolder({ 'manifest.yml': 'name: site\nmem: 128M\n', 'index.html': '<h1>static</h1>' });
  const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
  expect(await get(url)).toMatchObject({ status: 200, body: '<h1>static</h1>' });
});

test('hostile names stay in the state folder', async () => {
  const home = newHome();
  for (const name of ['../../escaped', 'constructor', '__proto__', 'My App']) {
    const app = appFolder({
      'manifest.yml': `version: 1\napplications:\n- name: ${JSON.stringify(name)}\n  memory: 128M\n  command: node server.js\n  routes: [{route: hostile.localhost}]\n`,
      'server.js': ECHO_SERVER,
    });
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    expect((await get(url)).status).toBe(200);
    expect(await home.run(['logs', name])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('listening') as string,
    });
    expect(await home.run(['delete', '-f', name])).toMatchObject({ code: 0 });
  }
  expect(readdirSync(home.folder)).toEqual(['state']);
  expect(readdirSync(join(home.folder, 'state/spaces/default/apps'))).toEqual([]);
});

describe('edits', () => {
  test('a changed file restarts the app, and says which; requests meanwhile are held', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const push = home.start(['push'], { cwd: app });
    const [url] = await push.readUntil(/http:\/\/shop\.localhost:\d+$/m);
    writeFileSync(join(app, 'server.js'), ECHO_SERVER.replace('hello from', 'goodbye from'));
    await push.readUntil(/server\.js changed/);
    const pages = await Promise.all(Array.from({ length: 20 }, () => get(url)));
    expect(pages.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await get(url)).body).toBe('goodbye from shop\n');
  });

  test('an edited manifest is applied; a broken one is reported and disturbs nothing', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const push = home.start(['push'], { cwd: app });
    const [url] = await push.readUntil(/http:\/\/shop\.localhost:\d+$/m);
    const pid = (await get(`${url}/pid`)).body;
    writeFileSync(join(app, 'manifest.yml'), 'name: shop\nenv: [not, a, map]\n');
    await push.readUntil(/cannot be used[^]*manifest\.yml:2:\d+/);
    expect((await get(`${url}/pid`)).body).toBe(pid);
    writeFileSync(join(app, 'manifest.yml'), 'name: shop\ncommand: node server.js\nenv: {NEW: there}\n');
    await push.readUntil(/restart, because manifest\.yml changed/);
    await push.readUntil(/is up at[^]*is up at/);
    expect(JSON.parse((await get(`${url}/env`)).body)).toMatchObject({ NEW: 'there' });
  });

  test('while the manifest is broken, its apps are known by what was pushed', async () => {
    const home = newHome();
    const folder = echoApp('shop');
    await home.json(['push', '--detach'], { cwd: folder });
    await home.json(['push', '--detach'], { cwd: echoApp('other') });
    writeFileSync(join(folder, 'manifest.yml'), 'name: shop\nmem: [\n');
    expect((await home.run(['logs'], { cwd: folder })).stdout).toContain('[APP/PROC/WEB/0] OUT listening');
    for (const command of ['events', 'app', 'stop'])
      expect(await home.run([command], { cwd: folder })).toMatchObject({ code: 0 });
    expect((await home.run(['apps'])).stdout).toMatch(/^shop +stopped[^]*^other +started/m);
    const refused = await home.run(['logs'], { cwd: appFolder({ 'manifest.yml': 'name: [' }) });
    expect(refused.stderr).toContain('[APP_NAME_NEEDED]');
  });

  test('what an edited manifest has wrong in it is warned of, and the log says why the app was restarted', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const push = home.start(['push'], { cwd: app });
    await push.readUntil(/http:\/\/shop\.localhost:\d+$/m);
    writeFileSync(join(app, 'manifest.yml'), 'name: shop\nmemry: 3\ncommand: node server.js\n');
    await push.readUntil(/manifest\.yml:2:1: warning: [^\n]*memry[^]*Did you mean "memory"/);
    await push.readUntil(/is up at[^]*is up at/);
    expect((await home.run(['logs', 'shop', '--recent'])).stdout).toMatch(
      /\[API\/0\] OUT restart, because manifest\.yml changed/,
    );
  });

  test('an edit that breaks the app is shown; the next one mends it', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const push = home.start(['push'], { cwd: app });
    const [url] = await push.readUntil(/http:\/\/shop\.localhost:\d+$/m);
    writeFileSync(join(app, 'server.js'), 'throw new Error("half written")');
    await push.readUntil(/half written[^]*exited at once/);
    writeFileSync(join(app, 'server.js'), ECHO_SERVER);
    await push.readUntil(/is up at[^]*is up at/);
    expect((await get(url)).status).toBe(200);
  });
});

test('an app that was killed is started again, and its URL answers', async () => {
  const home = newHome();
  const app = echoApp('shop');
  const { url, apps } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
  const old = (await get(`${url}/pid`)).body;
  process.kill(apps[0]!.processes[0]!.instances[0]!.pid!, 'SIGKILL');
  // Held until it is back; only a request that it died with is answered for it.
  await until('the new one', async () => {
    const { status, body } = await get(`${url}/pid`);
    return status === 200 && body !== old;
  });
});

describe('the port a space is routed on stays', () => {
  test('a push that asks for another is told so, and refused under --strict-ports', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const { router } = await home.json<Pushed>(['push', '--detach', '--port', '0'], { cwd: app });
    const other = String(await allocatePort({ host: '127.0.0.1' }));
    const told = await home.run(['push', '--detach', '--port', other], { cwd: app });
    expect(told).toMatchObject({ code: 0 });
    expect(told.stderr).toContain(`This space routes on port ${router.port} already`);
    const refused = await home.run(['push', '--detach', '--port', other, '--strict-ports'], { cwd: app });
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('[PORT_KEPT]');
    expect((await home.run(['apps'])).stdout).toMatch(/^shop +started .* started$/m);
  });

  test('a failed push leaves no strictness to the next', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const taken = String((server.address() as { port: number }).port);
    const strict = await home.run(['push', '--detach', '--port', taken, '--strict-ports'], { cwd: app });
    expect(strict.code).toBe(5);
    const plain = await home.run(['push', '--detach', '--port', taken], { cwd: app });
    expect(plain).toMatchObject({ code: 0 });
    expect(plain.stdout).toContain(`Port ${taken} is taken, routing on port`);
  });
});

test('push --no-start remembers an app, and stops what ran of it; start stages and starts it', async () => {
  const home = newHome();
  const folder = echoApp('later', 'services: {later-cache: memcached}\n');
  const told = await home.run(['push', '--no-start'], { cwd: folder });
  expect(told).toMatchObject({ code: 0 });
  expect(told.stdout).toContain('later is pushed and not started; start it with: paas-local start later');
  const state = async () => {
    const { apps } = await home.json<{ apps: AppSnapshot[] }>(['apps']);
    const { services } = await home.json<{ services: { state: string }[] }>(['services']);
    return [apps[0]!.requestedState, apps[0]!.state, services[0]!.state];
  };
  expect(await state()).toEqual(['stopped', 'stopped', 'stopped']);
  await home.json(['start', 'later']);
  expect(await state()).toEqual(['started', 'started', 'running']);
  await home.json(['push', '--no-start'], { cwd: folder });
  expect(await state()).toEqual(['stopped', 'stopped', 'stopped']);
});

describe('from any terminal', () => {
  test('apps, logs, service, stop, start, delete', async () => {
    const home = newHome();
    const app = echoApp('shop', 'services: {shop-cache: memcached}\n');
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    await get(`${url}/hello?x=1`);

    const apps = await home.run(['apps']);
    expect(apps.stdout).toMatch(
      /^name +requested state +processes +routes +state\nshop +started +web:1\/1 +http:\/\/shop\.localhost:\d+ +started$/m,
    );

    const logs = await home.run(['logs', '--recent'], { cwd: app });
    expect(logs.stdout).toContain('[APP/PROC/WEB/0] OUT listening');
    expect(logs.stdout).toContain('"GET /hello?x=1 HTTP/1.1" 200');

    const service = await home.run(['service', 'shop-cache']);
    expect(service.stdout).toMatch(/address: +127\.0\.0\.1:\d+/);
    expect(service.stdout).toMatch(/bound apps: +shop/);

    expect(await home.run(['stop'], { cwd: app })).toMatchObject({ code: 0, stdout: 'Stopped shop\n' });
    const offline = await home.run(['apps']);
    expect(offline.stdout).toMatch(/^shop +stopped .* stopped$/m);
    expect((await home.run(['logs', 'shop'])).stdout).toContain('listening');

    const started = await home.run(['start'], { cwd: app });
    expect(started).toMatchObject({ code: 0 });
    expect((await get(started.stdout.trim().split('\n').at(-1)!)).status).toBe(200);

    const unasked = await home.run(['delete'], { cwd: app });
    expect(unasked.code).toBe(2);
    expect(await home.run(['delete', '-f'], { cwd: app })).toMatchObject({ code: 0 });
    expect((await home.run(['apps'])).stdout).toContain('No apps found');
  });

  test('logs -f goes on with new lines', async () => {
    const home = newHome();
    const app = echoApp('shop');
    const { url } = await home.json<Pushed>(['push', '--detach'], { cwd: app });
    const logs = home.start(['logs', '-f'], { cwd: app });
    await logs.readUntil(/listening/);
    await get(`${url}/later`);
    await logs.readUntil(/GET \/later/);
    logs.child.kill('SIGINT');
    expect((await logs.exited).code).toBe(130);
  });

  test('a service keeps its port and credentials over stop and start', async () => {
    const home = newHome();
    const app = echoApp('shop', 'services: {shop-cache: memcached}\n');
    const address = async () =>
      (await home.json<{ credentials: object }>(['service', 'shop-cache'])).credentials;
    await home.json(['push', '--detach'], { cwd: app });
    const before = await address();
    await home.run(['stop', '--all']);
    await home.json(['push', '--detach'], { cwd: app });
    expect(await address()).toEqual(before);
    expect(before).toMatchObject({
      user: expect.stringMatching(/^[0-9a-f-]{36}$/),
      port: expect.any(Number),
    });
  });
});
