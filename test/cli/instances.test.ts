import { Agent, request } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppEvent } from '../../runtime/platform/app-events.ts';
import type { AppSnapshot, InstanceSnapshot, InstanceUsage } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, get, newHome, type Home } from '../helpers/cli.ts';

/** Answers with its index; `/exit/N` ends it, `/ill` and `/well` turn what `/ready` says. */
const SERVER = `
let status = 200;
require('http').createServer((req, res) => {
  const [, what, value] = req.url.split('/');
  if (what === 'exit') process.exit(Number(value));
  if (what === 'ill') status = 503;
  if (what === 'well') status = 200;
  if (what === 'ready') res.statusCode = status;
  res.end(what === 'memory' ? process.env.MEMORY_LIMIT : process.env.CF_INSTANCE_INDEX);
}).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));
`;

/** A Cloud Foundry app; \`more\` are further lines of its entry. */
function cfApp(more = '', files: Readonly<Record<string, string>> = {}): string {
  return appFolder({
    'manifest.yml': manifest(more),
    'server.js': SERVER,
    ...files,
  });
}

const manifest = (more: string, command = 'node server.js') =>
  `version: 1\napplications:\n- name: shop\n  memory: 128M\n  command: ${command}\n${more}`;

const instancesOf = (app: AppSnapshot, type = 'web'): readonly InstanceSnapshot[] =>
  app.processes.find((process) => process.type === type)!.instances;

async function push(home: Home, cwd: string, ...more: string[]): Promise<string> {
  const { url } = await home.json<{ url: string }>(['push', '--detach', ...more], { cwd });
  return url;
}

const scale = async (home: Home, ...args: string[]) =>
  (await home.json<{ app: AppSnapshot }>(['scale', 'shop', ...args])).app;

const eventsOf = async (home: Home) => (await home.json<{ events: AppEvent[] }>(['events', 'shop'])).events;

const answers = async (url: string, count: number): Promise<string[]> =>
  (await Promise.all(Array.from({ length: count }, () => get(url)))).map(({ body }) => body).toSorted();

const appOf = async (home: Home) => (await home.json<{ app: AppSnapshot }>(['app', 'shop'])).app;

describe('scale', () => {
  test('more instances, each with an index and a port of its own, share the requests; fewer go on', async () => {
    const home = newHome();
    const url = await push(home, cfApp());
    const three = instancesOf(await scale(home, '-i', '3'));
    expect(three.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(three.map(({ port }) => port)).size).toBe(3);
    expect(await answers(url, 6)).toEqual(['0', '0', '1', '1', '2', '2']);
    const { id } = await appOf(home);
    expect((await get(url, { 'X-Cf-App-Instance': `${id}:2` })).body).toBe('2');

    const two = instancesOf(await scale(home, '-i', '-1'));
    expect(two.map(({ pid }) => pid)).toEqual(three.slice(0, 2).map(({ pid }) => pid));
    expect(await answers(url, 4)).toEqual(['0', '0', '1', '1']);

    const none = await scale(home, '-i', '0');
    expect(instancesOf(none)).toEqual([]);
    const refused = await get(url);
    expect(refused.status).toBe(503);
    expect(refused.body).toContain('Start one with: paas-local scale shop -i 1');
  });

  test('more than a space can hold are refused, wherever they are asked for, and what runs goes on', async () => {
    const home = newHome();
    const folder = cfApp();
    const url = await push(home, folder);
    const [before] = instancesOf(await appOf(home));
    const many = cfApp('  instances: 500\n');
    for (const [args, cwd] of [
      [['scale', 'shop', '-i', '500'], folder],
      [['instances', 'shop', '+500'], folder],
      [['push', '--detach', '-i', '500'], folder],
      [['push', '--detach'], many],
      [['push', '--dry-run'], many],
    ] as const) {
      const { code, stderr } = await home.run(args, { cwd });
      expect({ args, code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/Cannot run 50[01] instances of app "shop": a space has 100 at most/),
      });
      expect(stderr).toContain('paas-local scale shop -i 100');
    }
    expect(instancesOf(await appOf(home))).toEqual([before]);
    expect(await answers(url, 2)).toEqual(['0', '0']);

    // Only remembered, they do no harm; a start is refused until there are fewer.
    await home.run(['push', '--no-start'], { cwd: many });
    const { error } = JSON.parse((await home.run(['start', 'shop', '--json'])).stdout) as never;
    expect(error).toMatchObject({ code: 'INSTANCES_TOO_MANY', facts: { asked: 500, roomFor: 100 } });
    await home.json(['scale', 'shop', '-i', '1']);
    await home.json(['start', 'shop']);
    expect(instancesOf(await appOf(home))).toHaveLength(1);
  });

  test('a size or a number that is none is refused, not taken for a question', async () => {
    const home = newHome();
    const folder = cfApp();
    await push(home, folder);
    for (const [args, stderr] of [
      [['mem', 'shop', '3Q'], 'Cannot use "3Q" as a memory limit'],
      [['mem', 'shop', '-5'], 'Cannot use "-5" as a memory limit'],
      [['mem', 'shop', '1K'], 'Cannot use "1K" as a memory limit: it is less than 1M'],
      [['mem', '3Q'], 'Cannot use "3Q" as a memory limit'],
      [['disk', 'shop', 'x'], 'Cannot use "x" as a disk limit'],
      [['instances', 'shop', 'x'], 'Cannot use "x" as a number of instances'],
      [['instances', 'shop', '1.5'], 'Cannot use "1.5" as a number of instances'],
      [['instances', '1.5'], 'Cannot use "1.5" as a number of instances'],
      [['instances', 'shop', '1', 'now'], 'Cannot use "now"'],
      [
        ['scale', 'shop', '-m', '99999T'],
        'Cannot use "99999T" as a memory limit: it is more than 2147483647M',
      ],
      [['run-task', 'shop', '-m', '0', '--command', 'true'], 'Cannot use "0" as a memory limit'],
    ] as const)
      expect(await home.run(args, { cwd: folder })).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(stderr),
      });
    expect((await home.run(['mem'], { cwd: folder })).stdout).toContain('[shop]: 128.0M');
    expect((await home.json<{ app: string }>(['mem', 'shop'])).app).toBe('shop');
  });

  test('a dozen, and a dozen services, are waited for without Node warning of a leak', async () => {
    const home = newHome();
    const services = Array.from({ length: 12 }, (_, index) => `c${index}`);
    for (const name of services) await home.json(['create-service', 'memcached', 'free', name]);
    const lazy = appFolder({
      'manifest.yml': manifest(
        `  health-check-type: process\n  instances: 12\n  services: [${services.join(', ')}]\n`,
        'sleep 1000',
      ),
      'server.js': '',
    });
    await push(home, lazy);
    expect(instancesOf(await scale(home, '-i', '24'))).toHaveLength(24);
    expect(readFileSync(join(home.env.PAAS_LOCAL_HOME!, 'spaces/default/host.log'), 'utf8')).not.toContain(
      'Warning',
    );
  });

  test('is remembered until the manifest asks for another number', async () => {
    const home = newHome();
    const folder = cfApp('  instances: 1\n');
    await push(home, folder);
    await scale(home, '-i', '2');
    await home.run(['stop', '--all']);
    await home.run(['start', 'shop']);
    expect(instancesOf(await appOf(home))).toHaveLength(2);
    await push(home, folder);
    expect(instancesOf(await appOf(home))).toHaveLength(2);
    writeFileSync(join(folder, 'manifest.yml'), manifest('  instances: 3\n'));
    await push(home, folder);
    expect(instancesOf(await appOf(home))).toHaveLength(3);
  });

  test('another memory limit restarts the app, which is told it', async () => {
    const home = newHome();
    const url = await push(home, cfApp());
    expect((await get(`${url}/memory`)).body).toBe('128m');
    await scale(home, '-m', '192M');
    expect((await get(`${url}/memory`)).body).toBe('192m');
    const shown = await home.run(['scale', 'shop']);
    expect(shown.stdout).toMatch(/^type: +web\ninstances: +1\/1\nmemory: +192M\ndisk: +1G$/m);
  });

  test('mistakes are explained', async () => {
    const home = newHome();
    await push(home, cfApp());
    const unknown = await home.run(['scale', 'shop', '--process', 'worker', '-i', '1']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('Cannot find a process of type "worker" in app "shop"');
    expect((await home.run(['scale', 'shop', '-i', 'many'])).stderr).toContain('whole number');
    expect((await home.run(['scale', 'shop', '-m', '5X'])).stderr).toContain('256M');
  });
});

describe('processes', () => {
  const files = {
    Procfile: 'web: node server.js\nworker: node worker.js\n',
    'worker.js': `console.log('works on ' + process.env.PORT); setInterval(() => {}, 1000);`,
  };

  test('every type of a Procfile is a process, with no instance until it is scaled', async () => {
    const home = newHome();
    await push(home, cfApp('', files));
    const { stdout } = await home.run(['app', 'shop']);
    expect(stdout).toMatch(/^type: +worker\n(.*\n)+There are no running instances of this process\.$/m);
    await scale(home, '--process', 'worker', '-i', '1');
    const logs = await until('the worker', async () => {
      const text = (await home.run(['logs', 'shop', '--recent'])).stdout;
      return text.includes('works on') && text;
    });
    expect(logs).toMatch(/\[APP\/PROC\/WORKER\/0\] OUT works on \d+/);
    expect((await home.run(['apps'])).stdout).toMatch(/web:1\/1, worker:1\/1/);
  });

  test('Stackato knows web only', async () => {
    const home = newHome();
    const folder = appFolder({ 'manifest.yml': 'name: shop\nmem: 128M\n', 'server.js': SERVER, ...files });
    await push(home, folder);
    expect((await appOf(home)).processes.map(({ type }) => type)).toEqual(['web']);
  });
});

describe('sidecars', () => {
  const more = `  sidecars:\n  - name: helper\n    process_types: [web]\n    command: node helper.js\n    memory: 64M\n`;
  const helper = (file: string) =>
    `require('fs').watch('.', () => require('fs').existsSync(${JSON.stringify(file)}) && process.exit(7));
     console.log('helps with ' + process.env.MEMORY_LIMIT + ' on ' + process.env.PORT);`;

  test('share the environment, have memory of their own, and the instance dies with them', async () => {
    const home = newHome();
    const folder = cfApp(more, { 'helper.js': helper('leave.tmp') });
    const url = await push(home, folder, '--no-watch');
    expect((await get(`${url}/memory`)).body).toBe('64m');
    const [before] = instancesOf(await appOf(home));
    const { processes } = await home.json<{ processes: object[] }>(['ps']);
    const sidecar = {
      name: 'shop/web/0/helper',
      kind: 'sidecar',
      state: 'running',
      command: 'node helper.js',
    };
    expect(processes).toContainEqual({ ...sidecar, pid: before!.sidecars![0]!.pid });
    expect(before!.sidecars![0]!.pid).not.toBe(before!.pid);
    await until('the sidecar', async () =>
      (await home.run(['logs', 'shop', '--recent'])).stdout.includes(
        `[APP/PROC/WEB/SIDECAR/HELPER/0] OUT helps with 64m on ${before!.port}`,
      ),
    );
    writeFileSync(join(folder, 'leave.tmp'), '');
    await until('the crash', async () =>
      (await eventsOf(home)).some(({ description }) =>
        description.includes('APP/PROC/WEB/SIDECAR/HELPER: Exited with status 7'),
      ),
    );
    await until('another process', async () => {
      const [after] = instancesOf(await appOf(home));
      return after?.pid !== undefined && after.pid !== before!.pid;
    });
  });
});

describe('without losing a request', () => {
  /** Keeps 8 connections busy until told to stop; tells every answer that was not 200. */
  function load(url: string): { readonly stop: () => Promise<{ total: number; failures: string[] }> } {
    const { hostname, port } = new URL(url);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let running = true;
    let total = 0;
    const failures: string[] = [];
    const ask = () =>
      new Promise<void>((resolve) => {
        const asked = request(
          { host: '127.0.0.1', port, agent, headers: { host: `${hostname}:${port}` } },
          (answer) => {
            total += 1;
            if (answer.statusCode !== 200) failures.push(String(answer.statusCode));
            answer.resume().once('end', resolve);
          },
        );
        asked.once('error', (error) => {
          failures.push(error.message);
          resolve();
        });
        asked.end();
      });
    const workers = Array.from({ length: 8 }, async () => {
      while (running) await ask();
    });
    const stop = async () => {
      running = false;
      await Promise.all(workers);
      agent.destroy();
      return { total, failures };
    };
    onTestFinished(async () => void (await stop()));
    return { stop };
  }

  test('restart and push --strategy rolling replace every instance', async () => {
    const home = newHome();
    const folder = cfApp('  instances: 2\n');
    const url = await push(home, folder);
    const before = instancesOf(await appOf(home)).map(({ pid }) => pid);
    const under = load(url);
    await home.json(['restart', 'shop', '--strategy', 'rolling']);
    const between = instancesOf(await appOf(home)).map(({ pid }) => pid);
    writeFileSync(join(folder, 'server.js'), `${SERVER}// a new version\n`);
    await push(home, folder, '--strategy', 'rolling');
    const { total, failures } = await under.stop();
    expect(failures).toEqual([]);
    expect(total).toBeGreaterThan(20);
    const after = instancesOf(await appOf(home)).map(({ pid }) => pid);
    expect(new Set([...before, ...between, ...after]).size).toBe(6);
  });

  test('a version that does not start leaves the one that serves', async () => {
    const home = newHome();
    const folder = cfApp();
    const url = await push(home, folder, '--no-watch');
    const under = load(url);
    writeFileSync(join(folder, 'server.js'), 'process.exit(9)');
    const failed = await home.run(['push', '--detach', '--no-watch', '--strategy', 'rolling'], {
      cwd: folder,
    });
    expect(failed.code).toBe(3);
    expect(failed.stderr).toContain('exited with status 9');
    expect((await under.stop()).failures).toEqual([]);
    expect((await get(url)).body).toBe('0');
    expect(await appOf(home)).toMatchObject({ state: 'started', requestedState: 'started' });
  });

  test('an ordinary restart holds requests', async () => {
    const home = newHome();
    const url = await push(home, cfApp());
    const under = load(url);
    await home.json(['restart', 'shop']);
    expect((await under.stop()).failures).toEqual([]);
  });
});

test('a crash is restarted at once twice, then after 30 s, or after what --max-backoff says', async () => {
  const home = newHome();
  const crashes = async () =>
    (await eventsOf(home))
      .filter(({ event }) => event === 'audit.app.process.rescheduling')
      .map(({ description }) => description);
  const crash = async (url: string, nth: number) => {
    await until('it to serve', async () => (await get(url)).status === 200);
    await get(`${url}/exit/1`);
    await until(`crash ${nth}`, async () => (await crashes()).length === nth);
  };
  const folder = cfApp();
  const url = await push(home, folder, '--max-backoff', '100ms');
  for (const nth of [1, 2, 3, 4]) await crash(url, nth);
  expect(await crashes()).toEqual([
    'web/0 starts again at once (crash 1)',
    'web/0 starts again at once (crash 2)',
    'web/0 starts again in 100 ms (crash 3)',
    'web/0 starts again in 100 ms (crash 4)',
  ]);
  await push(home, folder);
  for (const nth of [5, 6, 7]) await crash(url, nth);
  expect((await crashes()).at(-1)).toBe('web/0 starts again in 30 s (crash 3)');
});

test('restart-app-instance restarts that one', async () => {
  const home = newHome();
  await push(home, cfApp('  instances: 2\n'));
  const before = instancesOf(await appOf(home)).map(({ pid }) => pid);
  await home.json(['restart-app-instance', 'shop', '1']);
  const after = instancesOf(await appOf(home)).map(({ pid }) => pid);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  const missing = await home.run(['restart-app-instance', 'shop', '5']);
  expect(missing).toMatchObject({ code: 2 });
  expect(missing.stderr).toContain('Cannot find instance 5 of process "web"');
});

test('an instance whose readiness check fails gets no requests and is not restarted', async () => {
  const home = newHome();
  const url = await push(
    home,
    cfApp(
      `  instances: 2\n  readiness-health-check-type: http\n  readiness-health-check-http-endpoint: /ready\n  readiness-health-check-interval: 1\n  readiness-health-check-invocation-timeout: 20\n`,
    ),
  );
  const { id, ...before } = await appOf(home);
  const one = { 'X-Cf-App-Instance': `${id}:1` };
  await until('both', async () => (await get(url, one)).status === 200);
  await get(`${url}/ill`, one);
  await until('it to be withdrawn', async () => instancesOf(await appOf(home))[1]!.routable === false);
  expect(await answers(url, 4)).toEqual(['0', '0', '0', '0']);
  expect(instancesOf(await appOf(home)).map(({ pid }) => pid)).toEqual(
    instancesOf(before as AppSnapshot).map(({ pid }) => pid),
  );
  const events = (await eventsOf(home)).map(({ event, description }) => `${event} ${description}`);
  expect(events.findLast((event) => event.includes('not-ready'))).toContain(
    "web/1: failed to make HTTP request to '/ready'",
  );
});

test('an app that takes more memory than it may is killed, told why, and started again', async () => {
  const home = newHome();
  const hog = `${SERVER.replace("if (what === 'ill')", "if (what === 'eat') global.kept = Buffer.alloc(200 << 20, 1);\n  if (what === 'ill')")}`;
  const url = await push(home, cfApp('', { 'server.js': hog }));
  await get(`${url}/eat`);
  const crash = await until('the crash', async () =>
    (await eventsOf(home)).find(({ event }) => event === 'audit.app.process.crash'),
  );
  expect(crash.description).toMatch(
    /^web\/0, reason: CRASHED, exit_description: APP\/PROC\/WEB: Exited with status 137 \(out of memory: \d+M of 128M\)$/,
  );
  await until('it to run again', async () => (await get(url)).status === 200);
  expect((await home.run(['logs', 'shop', '--recent'])).stdout).toContain(
    '[APP/PROC/WEB/0] OUT Exit status 137 (out of memory',
  );
});

test('with a sidecar, who took too much is told, and both are counted', async () => {
  const home = newHome();
  const sidecars =
    '  sidecars:\n  - {name: helper, process_types: [web], command: node helper.js, memory: 64M}\n';
  const hog = `${SERVER.replace("if (what === 'ill')", "if (what === 'eat') global.kept = Buffer.alloc(200 << 20, 1);\n  if (what === 'ill')")}`;
  const helper = 'setInterval(() => {}, 1000);';
  const url = await push(home, cfApp(sidecars, { 'server.js': hog, 'helper.js': helper }));
  // The shells that start them may be there a moment longer, and the helper a moment later.
  await until('both, and no more', async () => {
    const { usage } = await home.json<{ usage: readonly InstanceUsage[] }>(['app', 'shop']);
    return usage[0]!.processes === 2;
  });
  await get(`${url}/eat`);
  const crash = await until('the crash', async () =>
    (await eventsOf(home)).find(({ event }) => event === 'audit.app.process.crash'),
  );
  expect(crash.description).toContain('APP/PROC/WEB: Exited with status 137 (out of memory');
});

describe('a start that fails', () => {
  test('for want of memory says so, with what gives it more, and shows no lines of earlier starts', async () => {
    const home = newHome();
    const hog = "console.log('now'); global.kept = Buffer.alloc(200 << 20, 1); setInterval(() => {}, 1000);";
    const folder = cfApp('', { 'server.js': "console.error('before'); process.exit(0);" });
    const first = await home.run(['push', '--detach'], { cwd: folder });
    expect(first).toMatchObject({ code: 3 });
    expect(first.stderr).toMatch(/The last line of its log:\n +before\n/);
    expect(first.stderr).toContain('what ends is a task: paas-local run-task');
    writeFileSync(join(folder, 'server.js'), hog);
    const second = await home.run(['push', '--detach'], { cwd: folder });
    expect(second).toMatchObject({ code: 3 });
    expect(second.stderr).toMatch(/App "shop" was ended .* after its start: out of memory: \d+M of 128M/);
    expect(second.stderr).toContain('paas-local scale shop -m SIZE');
    expect(second.stderr).toMatch(/The last line of its log:\n +now\n/);
  });

  test('for no answer is among the events', async () => {
    const home = newHome();
    const folder = cfApp('', { 'server.js': 'setInterval(() => {}, 1000);' });
    expect(await home.run(['push', '--detach', '-t', '1'], { cwd: folder })).toMatchObject({ code: 3 });
    expect((await eventsOf(home)).map(({ event, description }) => `${event} ${description}`)).toContainEqual(
      expect.stringMatching(
        /^audit\.app\.process\.never-ready web\/0 did not become healthy within .*: failed to make TCP connection/,
      ),
    );
  });
});

test('events tell every change with its reason, also when nothing runs', async () => {
  const home = newHome();
  const folder = cfApp();
  const url = await push(home, folder);
  await get(`${url}/exit/0`);
  await until('the restart', async () => (await get(url)).status === 200);
  await scale(home, '-i', '2');
  await home.run(['stop', 'shop']);
  await home.run(['stop', '--all']);
  const listed = (await eventsOf(home)).map(({ event, actor, description }) => [event, actor, description]);
  expect(listed).toEqual([
    ['audit.app.create', 'user', 'first push'],
    ['app.ready', 'platform', 'first push'],
    [
      'audit.app.process.crash',
      'platform',
      'web/0, reason: CRASHED, exit_description: APP/PROC/WEB: Exited with status 0',
    ],
    ['audit.app.process.rescheduling', 'platform', 'web/0 starts again at once (crash 1)'],
    ['audit.app.process.scale', 'user', 'instances of web: 1 → 2'],
    ['audit.app.stop', 'user', 'stopped by hand'],
  ]);
  const { stdout } = await home.run(['events', 'shop']);
  expect(stdout).toMatch(/^time +event +actor +description\n.* +audit\.app\.stop +user +stopped by hand$/m);
  expect(await home.run(['events', 'shpo'])).toMatchObject({ code: 2 });
});
