import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AppSnapshot, InstanceUsage } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, get, newHome, type Home } from '../helpers/cli.ts';

const SERVER = `
require('http').createServer((req, res) => {
  if (req.url === '/exit') { console.log('last words'); process.exit(3); }
  if (req.url === '/health') console.log('checked by ' + req.headers['user-agent']);
  res.statusCode = req.url === '/health' ? 200 : 404;
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1', () => console.log('first words'));
`;

const MANIFEST = `version: 1
applications:
- name: shop
  memory: 128M
  disk_quota: 512M
  log-rate-limit-per-second: 16K
  command: node server.js
  env: {ANSWER: "yes"}
  routes:
  - route: shop.example.com
    options: {loadbalancing: least-connection}
  processes:
  - type: web
    memory: 128M
    disk_quota: 512M
    log-rate-limit-per-second: 16K
    command: node server.js
    instances: 2
  - type: worker
    command: sleep 1000
    memory: 64M
`;

const shop = (): string => appFolder({ 'manifest.yml': MANIFEST, 'server.js': SERVER });

async function pushed(home: Home, folder: string): Promise<string> {
  return (await home.json<{ url: string }>(['push', '--detach'], { cwd: folder })).url;
}

const columns = (line: string): readonly string[] => line.trim().split(/ {3,}/);

/** The columns of the table in what a command prints, and its first row. */
async function table(home: Home, args: readonly string[], first: string) {
  const { stdout, stderr, code } = await home.run(args);
  if (code !== 0) throw new Error(stdout + stderr);
  const lines = stdout.split('\n');
  const at = lines.findIndex((line) => columns(line)[0] === first);
  return { header: columns(lines[at] ?? ''), row: columns(lines[at + 1] ?? ''), stdout };
}

describe('as cf prints it', () => {
  test('app, apps, routes, services, marketplace', async () => {
    const home = newHome();
    await pushed(home, shop());
    await home.json(['create-service', 'memcached', 'free', 'cache']);
    await home.json(['bind-service', 'shop', 'cache']);

    const app = await table(home, ['app', 'shop'], 'state');
    expect(app.header).toEqual([
      'state', 'since', 'cpu', 'memory', 'disk', 'logging', 'cpu entitlement', 'details', 'ready',
    ]); // prettier-ignore
    expect(app.stdout).toMatch(
      /^#0 {3}running {3}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {3,}\d+\.\d% {3,}[\d.]+M of 128M {3,}[\d.]+[BK] of 512M {3,}[\d.]+[BK]\/s of 16K\/s {3,}true$/m,
    );
    expect(app.stdout).toMatch(/^type: +worker\n(.*\n)+There are no running instances of this process\.$/m);

    expect(await table(home, ['apps'], 'name')).toMatchObject({
      header: ['name', 'requested state', 'processes', 'routes', 'state'],
      row: [
        'shop',
        'started',
        'web:2/2, worker:0/0',
        expect.stringContaining('http://shop.localhost:'),
        'started',
      ],
    });
    const routes = await table(home, ['routes'], 'space');
    expect(routes.header).toEqual([
      'space', 'host', 'domain', 'port', 'path', 'protocol', 'app-protocol', 'app-port', 'apps', 'service instance',
      'options',
    ]); // prettier-ignore
    expect(routes.stdout).toMatch(
      /^default {3}shop {3}example\.com .* shop .* loadbalancing=least-connection$/m,
    );
    expect(await table(home, ['services'], 'name')).toMatchObject({
      header: [
        'name',
        'offering',
        'plan',
        'bound apps',
        'last operation',
        'broker',
        'upgrade available',
        'state',
      ],
      row: ['cache', 'memcached', 'free', 'shop', 'create succeeded', 'paas-local', 'no', 'stopped'],
    });
    const market = await table(home, ['marketplace'], 'offering');
    expect(market.header).toEqual(['offering', 'plans', 'description', 'broker', 'versions']);
    expect(await table(home, ['marketplace', '-e', 'memcached'], 'plan')).toMatchObject({
      header: ['plan', 'description', 'free or paid', 'costs', 'available'],
      row: ['free', expect.any(String), 'free', 'yes'],
    });
    expect((await home.run(['marketplace', '-e', 'memcahced'])).stderr).toContain(
      'Did you mean "memcached"?',
    );
  });

  test('what an instance takes of disk and log is measured', async () => {
    const home = newHome();
    const folder = shop();
    await pushed(home, folder);
    const usage = async () =>
      (await home.json<{ usage: InstanceUsage[] }>(['app', 'shop'])).usage.filter(
        ({ index }) => index === 0,
      )[0]!;
    // A look that takes longer than it may is cut short, and says so.
    const whole = () =>
      until('a look at all of it', async () => {
        const found = await usage();
        return found.disk.whole && found;
      });
    const before = await whole();
    writeFileSync(join(folder, 'big.tmp'), Buffer.alloc(5 << 20, 1));
    const after = await whole();
    expect(after.disk.bytes - before.disk.bytes).toBeGreaterThanOrEqual(5 << 20);
    expect(after.logBytesPerSecond).toBe(0);
  });

  test('health checks are shown, changed by hand, and hold until the manifest asks for others', async () => {
    const home = newHome();
    const folder = shop();
    await pushed(home, folder);
    const row = async (command = 'get-health-check') => (await table(home, [command, 'shop'], 'process')).row;
    expect(await table(home, ['get-health-check', 'shop'], 'process')).toMatchObject({
      header: ['process', 'type', 'endpoint (for http)', 'invocation timeout', 'interval'],
      row: ['web', 'port', '1', '30'],
    });
    const set = await home.run([
      'set-health-check',
      'shop',
      'http',
      '--endpoint',
      '/health',
      '--interval',
      '2',
    ]);
    expect(set.stdout).toContain('OK\n\nTIP: An app restart is required for the change to take effect');
    expect(await row()).toEqual(['web', 'http', '/health', '1', '2']);
    await home.json(['restart', 'shop']);
    expect((await home.run(['logs', 'shop'])).stdout).toContain('checked by diego-healthcheck');
    await home.json(['set-readiness-health-check', 'shop', 'http', '--endpoint', '/health']);
    expect(await row('get-readiness-health-check')).toEqual(['web', 'http', '/health', '1', '30']);

    await home.json(['set-health-check', 'shop', 'process']);
    await pushed(home, folder);
    expect((await row())[1]).toBe('process');
    writeFileSync(
      join(folder, 'manifest.yml'),
      MANIFEST.replace('    instances: 2', '    timeout: 50\n    health-check-interval: 10'),
    );
    await pushed(home, folder);
    expect((await row())[1]).toBe('port');
    expect((await row('get-readiness-health-check'))[1]).toBe('http');

    const wrong = await home.run(['set-health-check', 'shop', 'ping']);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('one of process, port and http'),
    });
    const misplaced = await home.run(['set-health-check', 'shop', 'port', '--endpoint', '/x']);
    expect(misplaced.stderr).toContain('must be "http" to set a health check HTTP endpoint');
  });

  test('create-app-manifest writes what makes the app as it is, changes by hand included', async () => {
    const home = newHome();
    const folder = shop();
    await pushed(home, folder);
    await home.json(['scale', 'shop', '-i', '1']);
    await home.json(['set-env', 'shop', 'HAND', '08']);
    await home.json(['map-route', 'shop', 'www.localhost']);
    await home.json(['create-service', 'memcached', 'free', 'cache']);
    await home.json(['bind-service', 'shop', 'cache']);
    const { stdout } = await home.run(['create-app-manifest', 'shop'], { cwd: folder });
    const file = join(folder, 'shop_manifest.yml');
    expect(stdout).toContain(`Manifest file created successfully at ${file}\nOK\n`);
    expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
      version: 1,
      applications: [
        {
          name: 'shop',
          env: { ANSWER: 'yes', HAND: '08' },
          services: ['cache'],
          routes: [
            { route: 'shop.example.com', options: { loadbalancing: 'least-connection' } },
            { route: 'www.localhost' },
          ],
          processes: [
            {
              type: 'web',
              command: 'node server.js',
              instances: 1,
              memory: '128M',
              disk_quota: '512M',
              'log-rate-limit-per-second': '16K',
              timeout: 60,
              'health-check-type': 'port',
            },
            { type: 'worker', command: 'sleep 1000', instances: 0, 'health-check-type': 'process' },
          ],
        },
      ],
    });
    expect(await home.run(['create-app-manifest', 'shop'], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it is there already'),
    });
    // A push of it is the same app.
    const of = async () => {
      const { app } = await home.json<{ app: AppSnapshot }>(['app', 'shop']);
      return { routes: app.routes, services: app.services, web: { ...app.processes[0], instances: [] } };
    };
    const before = await of();
    await home.json(['push', '--detach', '-f', file], { cwd: folder });
    expect(await of()).toEqual(before);
  });

  test('task, check-route, delete-route, update-service, version', async () => {
    const home = newHome();
    const folder = shop();
    await pushed(home, folder);
    await home.json(['run-task', 'shop', '--command', 'echo hi', '--name', 'greet', '--wait']);
    expect((await home.run(['task', 'shop', '1'])).stdout).toMatch(
      /^id: +1\nname: +greet\nstate: +SUCCEEDED\nstart time: +.* UTC\ncommand: +echo hi$/m,
    );
    expect((await home.run(['task', 'shop', '9'])).stderr).toContain('Cannot find task 9 of app "shop"');
    expect((await home.run(['check-route', 'example.com', '-n', 'shop'])).stdout).toBe(
      "Checking for route...\nOK\nRoute 'shop.example.com' does exist.\n",
    );
    expect((await home.run(['delete-route', 'example.com', '-n', 'shop', '-f'])).stdout).toBe('OK\n');
    expect((await home.run(['check-route', 'example.com', '-n', 'shop'])).stdout).toContain('does not exist');
    expect((await home.run(['routes'])).stdout).toContain('No routes found');

    await home.json(['create-service', 'memcached', 'free', 'cache']);
    await home.json(['bind-service', 'shop', 'cache']);
    await home.json(['update-service', 'cache', '-c', '{"memory": 2}', '-t', 'fast']);
    await home.json(['restart', 'shop']);
    const { stats } = await home.json<{ stats: Record<string, number> }>(['service', 'cache']);
    expect(stats.limit_maxbytes).toBe(2 << 20);
    expect(await home.run(['update-service', 'cache', '-p', 'large'])).toMatchObject({ code: 2 });
    expect((await home.run(['version'])).stdout).toMatch(/^paas-local version \d+\.\d+\.\d+\n$/);
  });
});

describe('as stackato prints it', () => {
  test('stats, instances, health, mem, disk', async () => {
    const home = newHome();
    await pushed(home, shop());
    expect(await table(home, ['stats', 'shop'], 'Instance')).toMatchObject({
      header: ['Instance', 'State', 'CPU', 'Memory (limit)', 'Disk (limit)', 'Started', 'Crashed', 'Uptime'],
      row: [
        '0',
        'RUNNING',
        expect.stringMatching(/^\d+\.\d%$/),
        expect.stringMatching(/^\d+\.\dM \(128\.0M\)$/),
        expect.stringMatching(/^\d+\.\dK \(512\.0M\)$/),
        expect.stringMatching(/^\d{4}-.*Z$/),
        expect.stringMatching(/^0d:0h:\d+m:\d+s$/),
      ],
    });
    expect(await table(home, ['instances', 'shop'], 'Index')).toMatchObject({
      header: ['Index', 'State', 'Start Time'],
      row: ['0', 'RUNNING', expect.stringMatching(/Z$/)],
    });
    expect(await table(home, ['health', 'shop'], 'Application')).toMatchObject({
      header: ['Application', 'Health'],
      row: ['shop', 'RUNNING'],
    });
    expect((await home.run(['mem', 'shop'])).stdout).toBe('Current Memory Reservation [shop]: 128.0M\n');
    await home.json(['instances', 'shop', '1']);
    await home.json(['mem', 'shop', '192M']);
    expect((await home.run(['mem', 'shop'])).stdout).toContain('192.0M');
    await home.json(['disk', 'shop', '1G']);
    expect((await home.run(['disk', 'shop'])).stdout).toBe('Current Disk Reservation [shop]: 1.0G\n');
    expect((await home.json<{ instances: unknown[] }>(['instances', 'shop'])).instances).toHaveLength(1);
    await home.run(['stop', 'shop']);
    expect((await table(home, ['health', '--all'], 'Application')).row).toEqual(['shop', 'STOPPED']);
    expect((await home.run(['stats', 'shop'])).stdout).toBe('No running instances for [shop]\n');
    expect((await home.run(['health', 'shoop'])).stderr).toContain('Did you mean "shop"?');
  });

  test('crashes and crashlogs, also when nothing runs', async () => {
    const home = newHome();
    const url = await pushed(home, shop());
    expect((await home.run(['crashes', 'shop'])).stdout).toBe('No crashed instances for [shop]\n');
    expect((await home.run(['crashlogs', 'shop'])).stdout).toBe('No crashed instances for [shop]\n');
    await home.json(['scale', 'shop', '-i', '1']);
    await get(`${url}/exit`);
    await until(
      'the crash',
      async () => (await home.json<{ crashes: unknown[] }>(['crashes', 'shop'])).crashes.length === 1,
    );
    await until('the restart', async () => (await get(`${url}/health`)).status === 200);
    expect(await table(home, ['crashes', 'shop'], 'Name')).toMatchObject({
      header: ['Name', 'Instance ID', 'Crashed Time', 'Reason'],
      row: ['shop-1', 'web/0', expect.stringMatching(/Z$/), 'APP/PROC/WEB: Exited with status 3'],
    });
    await home.run(['stop', '--all']);
    const { stdout } = await home.run(['crashlogs', 'shop', '--instance', 'shop-1']);
    const lines = stdout.split('\n').map((line) => line.replace(/^.*\] (OUT|ERR) /, ''));
    expect(lines[0]).toMatch(/^====> shop-1: web\/0 at .*: APP\/PROC\/WEB: Exited with status 3 <====$/);
    expect(lines.filter((line) => /words|Exit/.test(line)).slice(1)).toEqual([
      'first words',
      'last words',
      'Exit status 3',
    ]);
    expect((await home.run(['crashlogs', 'shop', '--instance', 'shop-7'])).stderr).toContain(
      'paas-local crashes shop',
    );
  });

  test('tail follows a file, and clone-services binds to what another app is bound to', async () => {
    const home = newHome();
    const folder = appFolder({
      'manifest.yml':
        'name: shop\nmem: 128M\ncommand: node server.js\nservices: {cache: memcached}\nignores: [log]\n',
      'server.js': SERVER,
      'log/app.log': `${'x'.repeat(3000)}\nnot long ago\n`,
    });
    await pushed(home, folder);
    const following = home.start(['tail', 'shop', 'log/app.log']);
    await following.readUntil(/not long ago/);
    expect(following.stdout).not.toContain('xx');
    appendFileSync(join(folder, 'log/app.log'), 'just now\n');
    await following.readUntil(/just now/);
    following.child.kill('SIGINT');
    expect(await following.exited).toMatchObject({ code: 130 });
    expect((await home.run(['tail', 'shop', 'log'])).stderr).toContain('it is a folder');
    expect((await home.run(['tail', 'shop', '../x'])).code).toBe(2);

    const other = appFolder({
      'manifest.yml': 'name: other\nmem: 128M\ncommand: node server.js\n',
      'server.js': SERVER,
    });
    await pushed(home, other);
    expect(await home.json(['clone-services', 'shop', 'other'])).toEqual({ app: 'other', bound: ['cache'] });
    expect((await home.json<{ app: AppSnapshot }>(['app', 'other'])).app.services).toEqual(['cache']);
  });
});
