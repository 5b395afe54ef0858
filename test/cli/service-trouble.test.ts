/** Trouble with engines as a user meets it: they die, there is no room for them, two pushes want the same one. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppSnapshot, ServiceSnapshot } from '../../runtime/snapshot.ts';
import { until } from '../helpers/alive.ts';
import { echoApp, get, newHome } from '../helpers/cli.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { missingEngines } from '../services/helpers.ts';
import { PROBES } from '../services/probes.ts';

const LONG_MS = 400_000;
const missing = await missingEngines();
const present = Object.keys(PROBES).filter((type) => !missing.has(type));

interface Pushed {
  readonly apps: readonly AppSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  readonly url: string;
}
type Credentials = Readonly<Record<string, string>> & { readonly port: number };

describe('engines', { timeout: LONG_MS }, () => {
  test.skipIf(present.length === 0)(
    'die while their app runs: back on the same port with the same words, the app as it was, and told',
    async () => {
      const home = newHome();
      const lines = present.map((type) => `  of-${type}: ${type}\n`).join('');
      const app = echoApp('shop', `services:\n${lines}`);
      const state = () => home.json<Pushed>(['push', '--detach'], { cwd: app });
      const { url, apps, services } = await state();
      const pidOfApp = apps[0]!.processes[0]!.instances[0]!.pid;
      const envOf = async () => JSON.parse((await get(`${url}/env`)).body) as Record<string, string>;
      const env = await envOf();
      const bound = JSON.parse(env.VCAP_SERVICES!) as Record<string, { credentials: Credentials }[]>;
      const endpoint = (type: string) => {
        const { credentials } = bound[type]![0]!;
        const user = credentials.user ?? credentials.username ?? '';
        const { host, port, password, name } = credentials as never as Record<
          'host' | 'password' | 'name',
          string
        > & {
          port: number;
        };
        return { host, port, user, password, name };
      };
      for (const type of present) await PROBES[type]!.write(endpoint(type), 'kept');
      for (const { pid } of services) process.kill(pid!, 'SIGKILL');
      const eventsOf = async () => (await home.run(['events', 'shop'])).stdout;
      for (const type of present) {
        await until(
          `${type} to be back`,
          async () =>
            new RegExp(`app\\.service\\.back.*of-${type}: its engine serves again`).test(await eventsOf()),
          { boundMs: 120_000 },
        );
        expect(await PROBES[type]!.read(endpoint(type))).toBe('kept');
        expect(await eventsOf()).toMatch(
          new RegExp(`app\\.service\\.end.*of-${type}: its engine ended \\(SIGKILL\\)`),
        );
        const log = (await home.run(['logs', '--recent', `of-${type}`])).stdout;
        expect(log).toContain('starting it again');
      }
      const after = await home.json<{ apps: AppSnapshot[] }>(['apps']);
      const [instance] = after.apps[0]!.processes[0]!.instances;
      expect(instance).toMatchObject({ pid: pidOfApp, state: 'running' });
      expect(await envOf()).toEqual(env);

      // Bound by another space: what each of them refuses is told by the push, not found out by the app.
      const other = newHome();
      for (const type of present) {
        const { host, port, user, name } = endpoint(type);
        const scheme = { postgresql: 'postgres' }[type] ?? type;
        const url = `${scheme}://${type === 'redis' ? 'user' : user}:wrong-secret@${host}:${port}/`;
        const wrong = await other.run(
          [
            'push',
            '--detach',
            '--bind',
            `db=${url}${type === 'mongodb' ? 'db' : type === 'redis' ? '' : name}`,
          ],
          { cwd: echoApp('other', `services:\n  db: ${type}\n`) },
        );
        expect({ type, code: wrong.code }).toEqual({ type, code: 4 });
        expect(wrong.stderr).toContain(`Cannot bind service "db" to ${url.replace('wrong-secret', '***')}`);
        expect(wrong.stderr).toContain('A login with exactly these words was tried');
        expect(wrong.stdout + wrong.stderr).not.toContain('wrong-secret');
        await other.run(['delete-service', 'db', '-f']);
      }
    },
  );

  test.skipIf(missing.has('postgresql'))(
    'two pushes that want the same one at once get the same one',
    async () => {
      const home = newHome();
      const pushes = ['one', 'two'].map((name) =>
        home.json<Pushed>(['push', '--detach'], { cwd: echoApp(name, 'services:\n  db: postgresql\n') }),
      );
      const both = await Promise.all(pushes);
      const urls = await Promise.all(
        both.map(
          async ({ url }) =>
            (JSON.parse((await get(`${url}/env`)).body) as Record<string, string>).DATABASE_URL,
        ),
      );
      expect(urls[0]).toMatch(/^postgres:/);
      expect(urls[1]).toBe(urls[0]);
      const { services } = await home.json<{ services: ServiceSnapshot[] }>(['services']);
      expect(services.map(({ name }) => name)).toEqual(['db']);
    },
  );

  test.skipIf(missing.has('redis'))('no room for its files: one sentence, and no stack', async ({ skip }) => {
    const home = newHome();
    const folder = join(home.folder, 'state/spaces/default/services');
    const disk = smallDisk(folder, 4);
    if (typeof disk === 'string') return skip(disk);
    const app = echoApp('shop', 'services:\n  store: redis\n');
    const { code, stdout, stderr } = await home.run(['push', '--detach'], { cwd: app });
    expect({ code, output: stdout + stderr }).toMatchObject({ code: 4 });
    expect(stderr).toMatch(
      /Cannot start service "store": .*(no space left on device|the disk of .* is full)/,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    disk.grow(50_000);
    await home.json(['push', '--detach'], { cwd: app });
  });
});
