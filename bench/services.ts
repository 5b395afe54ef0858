/**
 * `npm run bench services`: what a service adds to its engine's own start. The engine alone is started with the very
 * command line and data of the service, and polled by the same login.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_TYPES } from '../services/index.ts';
import type { Endpoint, ServiceContext, ServiceType } from '../services/kit/contract.ts';
import { unprivileged } from '../services/kit/unprivileged.ts';
import { MongoClient } from '../services/mongodb/client.ts';
import { MysqlClient } from '../services/mysql/client.ts';
import { PostgresClient } from '../services/postgresql/client.ts';
import { RedisClient } from '../services/redis/client.ts';
import { alternate, median, printTable } from './measure.ts';

const ROUNDS = 5;
const POLL_MS = 3;

const LOGINS: Readonly<Record<string, (endpoint: Endpoint) => Promise<Disposable>>> = {
  redis: ({ host, port, password }) => RedisClient.connect({ host, port, user: '', password }),
  postgresql: (endpoint) => PostgresClient.connect({ ...endpoint, database: endpoint.name }),
  mysql: (endpoint) => MysqlClient.connect({ ...endpoint, database: endpoint.name }),
  mongodb: ({ host, port, user, password }) =>
    MongoClient.connect({ host, port }, { user, password, source: 'db' }),
};

export async function runServicesBench(): Promise<void> {
  const rows: string[][] = [];
  for (const type of SERVICE_TYPES.filter(({ type: name }) => name in LOGINS)) {
    const folder = mkdtempSync(join(tmpdir(), 'paas-local-bench-services-'));
    try {
      rows.push(await measure(type, folder));
    } catch (error) {
      console.log(`${type.type}: ${(error as Error).message}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  printTable(
    `Starts of services, ms, medians of ${ROUNDS}`,
    ['type', 'first ever', 'first of a name', 'engine alone', 'warm start', 'difference', 'reset, 10 tables'],
    rows,
  );
}

async function measure(type: ServiceType, folder: string): Promise<string[]> {
  const context = (name: string, cache: string): ServiceContext => ({
    ...type.mint(),
    serviceName: name,
    host: '127.0.0.1',
    port: 0,
    dataDir: join(folder, name),
    cacheDir: join(folder, cache),
    searchPath: process.env.PATH!,
    log: () => {},
  });
  const timed = async (task: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await task();
    return performance.now() - begun;
  };
  const once = async (here: ServiceContext): Promise<number> => {
    let ms = 0;
    let instance;
    ms = await timed(async () => (instance = await type.start(type.readOptions({}), here)));
    await instance![Symbol.asyncDispose]();
    return ms;
  };
  const firsts: number[] = [];
  const ofName: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    firsts.push(await once(context(`first-${round}`, `cache-${round}`)));
    ofName.push(await once(context(`named-${round}`, 'cache-0')));
  }

  const kept = context('kept', 'cache-0');
  const instance = await type.start(type.readOptions({}), kept);
  const { endpoint } = instance;
  const command = readFileSync(`/proc/${instance.pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  const line =
    type.type === 'redis' ? [command[0]!.split(' ')[0]!, join(kept.dataDir, 'redis.conf')] : command;
  const reset = await resetMs(type, endpoint, () => instance.reset());
  await instance[Symbol.asyncDispose]();
  const how = await unprivileged();
  const logIn = LOGINS[type.type]!;
  const { alone, warm } = (await alternate(ROUNDS, {
    alone: async () => {
      const { file, args } = how.wrap(line[0]!, line.slice(1));
      const begun = performance.now();
      const child = spawn(file, args, { cwd: kept.dataDir, stdio: 'ignore' });
      for (;;) {
        const session = await logIn(endpoint).catch(() => undefined);
        if (session) {
          session[Symbol.dispose]();
          break;
        }
        await sleep(POLL_MS);
      }
      const ms = performance.now() - begun;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill(type.type === 'postgresql' ? 'SIGINT' : 'SIGTERM');
      await exited;
      return ms;
    },
    warm: () => once({ ...kept, port: endpoint.port }),
  })) as { alone: number; warm: number };
  const shown = [median(firsts), median(ofName), alone, warm, warm - alone].map((ms) => ms.toFixed(0));
  return [type.type, ...shown, reset === undefined ? '-' : reset.toFixed(0)];
}

/** Ten tables with a row each, made anew for every round. */
async function resetMs(
  type: ServiceType,
  endpoint: Endpoint,
  reset: () => Promise<void>,
): Promise<number | undefined> {
  if (type.type === 'redis' || type.type === 'mongodb') return undefined;
  const results: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    using client = (await LOGINS[type.type]!(endpoint)) as PostgresClient | MysqlClient;
    for (let table = 0; table < 10; table++) {
      await client.query(`CREATE TABLE t${table} (id INTEGER PRIMARY KEY, text VARCHAR(100))`);
      await client.query(`INSERT INTO t${table} VALUES (1, 'row')`);
    }
    const begun = performance.now();
    await reset();
    results.push(performance.now() - begun);
  }
  return median(results);
}
