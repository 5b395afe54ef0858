/** `snapshot-service` and `restore-service`: what a service holds, kept and put back while an app is connected. */
import { createConnection } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServiceSnapshot } from '../../runtime/snapshot.ts';
import { PostgresClient } from '../../services/postgresql/client.ts';
import { pidsGone, until } from '../helpers/alive.ts';
import { echoApp, newHome, type Home } from '../helpers/cli.ts';
import { missingEngines } from '../services/helpers.ts';

const missing = await missingEngines();

interface Details {
  readonly service: ServiceSnapshot;
  readonly credentials: Readonly<Record<string, string & number>>;
}
const details = (home: Home, name: string) => home.json<Details>(['service', name]);

async function pushed(services: string): Promise<Home> {
  const home = newHome();
  await home.json(['push', '--detach'], { cwd: echoApp('shop', services) });
  return home;
}

describe('a cache', () => {
  test('is put back as it was, under one name or several, while its client stays connected', async () => {
    const home = await pushed('services:\n  sessions: memcached\n');
    const { port } = (await details(home, 'sessions')).service;
    const client = createConnection(port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    let heard = '';
    client.setEncoding('latin1').on('data', (text: string) => (heard += text));
    const say = async (text: string, answer: RegExp) => {
      heard = '';
      client.write(text);
      await until(`an answer like ${answer}`, () => answer.test(heard));
    };
    const value = async () => (await home.run(['cache', 'sessions', 'get', 'greeting'])).stdout.trim();

    await say('set greeting 0 0 5\r\nfirst\r\n', /STORED/);
    expect((await home.run(['snapshot-service', 'sessions'])).stdout).toBe(
      "Took snapshot latest of sessions\n\nTIP: 'paas-local restore-service sessions' puts it back, until the service is stopped\n",
    );
    await say('set greeting 0 0 6\r\nsecond\r\n', /STORED/);
    const { takenAt } = await home.json<{ takenAt: number }>(['snapshot-service', 'sessions', 'seeded']);
    await say('flush_all\r\n', /OK/);

    const restored = await home.run(['restore-service', 'sessions', '-f']);
    expect(restored.stdout).toMatch(/^Put sessions back to snapshot latest of \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
    expect(await value()).toBe('first');
    expect(await home.json(['restore-service', 'sessions', 'seeded', '-f'])).toEqual({
      service: 'sessions',
      snapshot: 'seeded',
      takenAt,
    });
    await say('get greeting\r\n', /VALUE greeting 0 6\r\nsecond\r\nEND/);

    expect((await details(home, 'sessions')).service.snapshots).toEqual([
      { name: 'latest', takenAt: expect.any(Number) as number },
      { name: 'seeded', takenAt },
    ]);
    expect((await home.run(['service', 'sessions'])).stdout).toMatch(/^snapshot: +seeded, of \d{4}-/m);
    expect((await home.run(['logs', 'sessions', '--recent'])).stdout).toContain('snapshot "seeded" put back');
    expect((await home.run(['delete-snapshot', 'sessions'])).stdout).toBe(
      'Deleted snapshot latest of sessions\n',
    );
    const gone = await home.run(['restore-service', 'sessions', '-f']);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain('Cannot find snapshot "latest" of service "sessions"');
    expect(gone.stderr).toContain('It has seeded');
  });

  test('wrong input is told, and changes nothing', async () => {
    const home = await pushed('services:\n  sessions: memcached\n  game: harbor\n');
    for (const [args, code, words] of [
      [['snapshot-service', 'session'], 2, 'Did you mean "sessions"?'],
      [['snapshot-service', 'sessions', 'a/b'], 2, 'Cannot name a snapshot "a/b"'],
      [['snapshot-service', 'game'], 2, 'a service of type harbor holds nothing that can be copied'],
      [['restore-service', 'sessions'], 2, 'Nothing was put back'],
      [['restore-service', 'sessions', '-f'], 2, 'Take one: paas-local snapshot-service sessions'],
      [['delete-snapshot', 'sessions', 'x'], 2, 'Cannot find snapshot "x"'],
    ] as const) {
      const refused = await home.run(args);
      expect([args, refused.code]).toEqual([args, code]);
      expect(refused.stderr).toContain(words);
    }
    for (let i = 0; i < 10; i++) await home.json(['snapshot-service', 'sessions', `n${i}`]);
    const full = await home.run(['snapshot-service', 'sessions', 'one-more']);
    expect(full.code).toBe(2);
    expect(full.stderr).toContain('it has 10 already');
    expect(full.stderr).toContain('paas-local delete-snapshot sessions n0');
    await home.json(['snapshot-service', 'sessions', 'n3']);

    await home.run(['stop', 'shop']);
    const stopped = await home.run(['snapshot-service', 'sessions']);
    expect(stopped.code).toBe(4);
    expect(stopped.stderr).toContain('it is not running');
    await home.run(['start', 'shop']);
    expect((await details(home, 'sessions')).service.snapshots).toBeUndefined();
    expect((await home.run(['logs', 'sessions', '--recent'])).stdout).toContain(
      'stops, and its snapshots go: n0, n1, n2,',
    );
  });
});

test.skipIf(missing.has('redis'))(
  'a first outage, which restarts an engine, does not take its snapshots with it',
  async () => {
    const home = await pushed('services:\n  store: redis\n');
    await home.json(['snapshot-service', 'store', 'seeded']);
    const refused = await home.run(['fault', 'store', 'latency', '1ms']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('its snapshots would go with that');
    expect(refused.stderr).toContain('paas-local delete-snapshot store seeded');
    await home.json(['restore-service', 'store', 'seeded', '-f']);
    await home.json(['delete-snapshot', 'store', 'seeded']);
    await home.json(['fault', 'store', 'latency', '1ms']);
    // It is behind its relay now.
    await home.json(['snapshot-service', 'store', 'seeded']);
    await home.json(['fault', 'store', 'latency', '2ms']);
    await home.json(['restore-service', 'store', 'seeded', '-f']);
  },
);

/** Connects as the app does. */
async function connector(home: Home): Promise<() => Promise<PostgresClient>> {
  const { credentials: c } = await details(home, 'db');
  const { host, port, user, password, name } = c;
  const address = { host: host!, port: port!, user: user!, password: password!, database: name! };
  return () => PostgresClient.connect(address, { timeoutMs: 120_000 });
}

describe.skipIf(missing.has('postgresql'))('PostgreSQL', () => {
  test('rows come back to who is connected, also when the server died meanwhile; nothing stays when it stops', async () => {
    const home = await pushed('services:\n  db: postgresql\n');
    const connected = await connector(home);
    const schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'paas_local_copy_%'";
    {
      using client = await connected();
      const names = async () => (await client.query('SELECT name FROM things ORDER BY 1')).flat();
      await client.query("CREATE TABLE things (name text); INSERT INTO things VALUES ('a'), ('b')");
      await home.json(['snapshot-service', 'db']);
      await client.query("DELETE FROM things; INSERT INTO things VALUES ('c')");
      await home.json(['restore-service', 'db', '-f']);
      expect(await names()).toEqual(['a', 'b']);
      // Of that name there is one.
      await home.json(['snapshot-service', 'db']);
      expect(await client.query(schemas)).toEqual([['1']]);
      // Nobody waited for the snapshot to be on disk; somebody does for this, which comes behind it.
      await client.query("INSERT INTO things VALUES ('later')");
    }
    const { pid } = (await details(home, 'db')).service;
    process.kill(pid!, 'SIGKILL');
    await pidsGone([pid!]);
    const again = await until('the engine to be back', () => connected().catch(() => undefined));
    {
      using client = again;
      await client.query('DELETE FROM things');
      const restored = await home.run(['restore-service', 'db', '-f']);
      expect([restored.code, restored.stderr]).toEqual([0, '']);
      expect((await client.query('SELECT name FROM things ORDER BY 1')).flat()).toEqual(['a', 'b']);

      await client.query('DROP TABLE things');
      const changed = await home.run(['restore-service', 'db', '-f']);
      expect(changed.code).toBe(2);
      expect(changed.stderr).toMatch(
        /Cannot put back snapshot "latest" of service "db": .*"?public.things"? does not exist/,
      );
    }
    await home.run(['restart', 'shop']);
    await home.run(['stop', 'shop']);
    await home.run(['start', 'shop']);
    using client = await connected();
    expect(await client.query(schemas)).toEqual([['0']]);
  }, 240_000);

  test('what somebody holds locked is told; nothing is done then, nor left', async () => {
    const home = await pushed('services:\n  db: postgresql\n');
    using client = await (await connector(home))();
    await client.query("CREATE TABLE things (name text); INSERT INTO things VALUES ('a')");
    await home.json(['snapshot-service', 'db', 'kept']);
    await client.query("INSERT INTO things VALUES ('b')");
    await client.query('BEGIN; LOCK TABLE things');
    for (const [args, what] of [
      [['snapshot-service', 'db'], 'take a snapshot of'],
      [['restore-service', 'db', 'kept', '-f'], 'put back snapshot "kept" of'],
    ] as const) {
      const refused = await home.run(args);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(
        `Cannot ${what} service "db": canceling statement due to lock timeout`,
      );
    }
    await client.query('COMMIT');
    expect((await client.query('SELECT name FROM things ORDER BY 1')).flat()).toEqual(['a', 'b']);
    expect(
      await client.query("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'paas_local_copy_%'"),
    ).toEqual([['1']]);
  }, 240_000);
});
