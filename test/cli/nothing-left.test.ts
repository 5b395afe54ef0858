import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { appFolder, BIN, echoApp, get, newHome } from '../helpers/cli.ts';
import { guardians, socketsAndLocks, untilNothingIsLeft } from '../helpers/left.ts';
import { isRunning, survivors } from '../helpers/survivors.ts';

/** Servers that are hard to end, each with a line in its environment by which it is found. */
const SERVER = `require('http').createServer((q, r) => r.end('ok')).listen(process.env.PORT, '127.0.0.1', () => console.log('listening'));`;
interface Shape {
  readonly command: string;
  readonly server: string;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  plain: { command: 'node server.js', server: SERVER },
  'shell-wrapped': { command: 'cd . && node server.js; echo after', server: SERVER },
  'ignores TERM': {
    command: 'node server.js',
    server: `for (const s of ['SIGTERM','SIGINT','SIGHUP']) process.on(s, () => {});${SERVER}`,
  },
  'setsid grandchild': {
    command: 'node server.js',
    server: `require('child_process').spawn('sh', ['-c', 'exec sleep 1000'], { detached: true, stdio: 'ignore' }).unref();${SERVER}`,
  },
};

/** An app of this shape, bound to a cache. */
function shapedApp({ command, server }: Shape): string {
  const manifest = `name: app\ncommand: "${command}"\nservices: {c: memcached}\n`;
  return appFolder({ 'manifest.yml': manifest, 'server.js': server });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;

describe.skipIf(process.platform !== 'linux')('nothing is left behind', () => {
  // The shapes of a signal go side by side, each in a home of its own: one of them needs its 10 s of grace.
  test.each(SIGNALS)('%s to the host, whatever the shape of the app', async (signal) => {
    await Promise.all(
      Object.values(SHAPES).map(async (shape) => {
        const home = newHome();
        const { host } = await home.json<{ host: { pid: number } }>(['push', '--detach'], {
          cwd: shapedApp(shape),
        });
        process.kill(host.pid, signal);
        await untilNothingIsLeft(home);
      }),
    );
  });

  test.each(SIGNALS)('%s to the terminal’s push, whatever the shape of the app', async (signal) => {
    await Promise.all(
      Object.values(SHAPES).map(async (shape) => {
        const home = newHome();
        const push = home.start(['push'], { cwd: shapedApp(shape) });
        await push.readUntil(/is up at/);
        push.child.kill(signal);
        // Of a hangup it dies, after all is done: a shell shows that as 129.
        const { code, signal: by } = await push.exited;
        expect(code ?? by).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 'SIGHUP', SIGKILL: 'SIGKILL' }[signal]);
        await untilNothingIsLeft(home);
      }),
    );
  });

  test('a second Ctrl-C kills at once', async () => {
    const home = newHome();
    const { server } = SHAPES['ignores TERM']!;
    const push = home.start(['push'], { cwd: echoApp('app', '', server) });
    await push.readUntil(/is up at/);
    push.child.kill('SIGINT');
    await push.readUntil(/Ctrl-C again to kill/);
    push.child.kill('SIGINT');
    expect((await push.exited).code).toBe(130);
    await untilNothingIsLeft(home);
  });

  test('Ctrl-C while the app is being staged', async () => {
    const home = newHome();
    const app = appFolder({
      'manifest.yml': 'name: app\ncommand: node x\nhooks:\n  pre-staging: [echo hook began; sleep 1000]\n',
    });
    const push = home.start(['push'], { cwd: app });
    await push.readUntil(/OUT hook began/);
    push.child.kill('SIGINT');
    expect((await push.exited).code).toBe(130);
    await untilNothingIsLeft(home);
  });

  // A host waits longer for a starter that lives than it may take here.
  test.each(SIGNALS)('%s to a push that has started its host and not reached it yet', async (signal) => {
    const home = newHome();
    // It never gets ready, so that the push cannot be through before it is looked at.
    const app = appFolder({ 'manifest.yml': 'name: app\ncommand: sleep 1000\n' });
    const push = home.start(['push', '--detach'], { cwd: app });
    await until('the host process', () => survivors(home.folder).some((line) => line.includes('host-main')));
    process.kill(push.child.pid!, 'SIGSTOP');
    await until('its socket', () => socketsAndLocks(home).some((name) => name.endsWith('control.sock')));
    process.kill(push.child.pid!, signal);
    process.kill(push.child.pid!, 'SIGCONT');
    await push.exited;
    await untilNothingIsLeft(home);
  });

  test('the next push cleans up what a host killed together with its guardian left', async () => {
    const home = newHome();
    const app = echoApp('app');
    const first = await home.json<{ host: { pid: number }; apps: AppSnapshot[] }>(['push', '--detach'], {
      cwd: app,
    });
    const [guardian] = guardians(home);
    process.kill(guardian!, 'SIGSTOP');
    process.kill(first.host.pid, 'SIGKILL');
    process.kill(guardian!, 'SIGKILL');
    const orphan = first.apps[0]!.processes[0]!.instances[0]!.pid!;
    expect(isRunning(orphan)).toBe(true);
    const { url } = await home.json<{ url: string }>(['push', '--detach'], { cwd: app });
    expect(isRunning(orphan)).toBe(false);
    expect((await get(url)).status).toBe(200);
    await home.run(['stop', '--all']);
    await untilNothingIsLeft(home);
  });

  test('a lock of the shell that pushed is held by nobody once that shell is gone', async () => {
    const home = newHome();
    const lock = join(home.folder, 'shell.lock');
    // `exec 57>lock; flock 57` is how scripts see to it that they run once; all they start inherits it.
    const script = `exec 57>"$1"; flock -n 57 || exit 1; shift; exec "$@"`;
    const push = [process.execPath, BIN, 'push', '--detach', '--json'];
    const { status, stdout } = spawnSync('bash', ['-c', script, 'shell', lock, ...push], {
      cwd: echoApp('app'),
      env: home.env,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(isRunning((JSON.parse(stdout) as { host: { pid: number } }).host.pid)).toBe(true);
    expect(spawnSync('flock', ['-n', lock, 'true']).status).toBe(0);
  });

  test('a guardian that took the place of another is on record, for whoever cleans up', async () => {
    const home = newHome();
    const { host } = await home.json<{ host: { pid: number } }>(['push', '--detach'], {
      cwd: echoApp('app'),
    });
    const first = guardians(home)[0]!;
    process.kill(first, 'SIGKILL');
    const second = await until('another guardian', () => guardians(home).find((pid) => pid !== first));
    const [run] = readdirSync(join(home.folder, 'state/spaces/default/run'));
    const facts = join(home.folder, 'state/spaces/default/run', run!, 'host.json');
    await until('its number on record', () => {
      const { guardian } = JSON.parse(readFileSync(facts, 'utf8')) as { guardian: { pid: number } };
      return guardian.pid === second;
    });
    process.kill(host.pid, 'SIGKILL');
    await untilNothingIsLeft(home);
  });

  test('half a record that a host was writing when it was killed goes with the next start, or with doctor', async () => {
    const home = newHome();
    const app = echoApp('app');
    const space = join(home.folder, 'state/spaces/default');
    await home.json(['push', '--detach'], { cwd: app });
    await home.run(['stop', '--all']);
    await untilNothingIsLeft(home);
    for (const clean of [['doctor'], ['push', '--detach']]) {
      writeFileSync(join(space, `record.json.${randomUUID()}.tmp`), '{"version": 2, "ap');
      expect(await home.run(clean, { cwd: app })).toMatchObject({ code: 0 });
      expect(readdirSync(space).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect((await home.json<{ apps: AppSnapshot[] }>(['apps'])).apps).toHaveLength(1);
    }
  });

  test('doctor does the same, and says so', async () => {
    const home = newHome();
    const first = await home.json<{ host: { pid: number }; apps: AppSnapshot[] }>(['push', '--detach'], {
      cwd: echoApp('app'),
    });
    const [guardian] = guardians(home);
    process.kill(guardian!, 'SIGSTOP');
    process.kill(first.host.pid, 'SIGKILL');
    process.kill(guardian!, 'SIGKILL');
    const { code, stdout } = await home.run(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Cleaned up after a host that was killed: ended \d+ process/);
    expect((await home.run(['doctor'])).stdout).toContain('Nothing was left behind');
  });
});
