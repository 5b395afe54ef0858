/** PostgreSQL: a server of its own for each service instance, in the instance's data folder. */
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { describeEngine } from '../kit/choose-engine.ts';
import { cleanCopies, markCopied } from '../kit/copy-mark.ts';
import { reportEngines } from '../kit/engine.ts';
import { parametersOf } from '../kit/external.ts';
import { randomHex } from '../kit/identity.ts';
import { noOptions } from '../kit/options.ts';
import { bind, VERSIONS } from './bind.ts';
import { PostgresClient } from './client.ts';
import { copyRows, dropOldCopies } from './copy.ts';
import { POSTGRESQL } from './engine.ts';
import { PostgresFailer } from './failer.ts';
import { startServer } from './server.ts';
import { emptyDatabase } from './reset.ts';

const CLIENT_PACKAGES = {
  'apt-get': 'postgresql-client',
  dnf: 'postgresql',
  apk: 'postgresql-client',
  pacman: 'postgresql',
  brew: 'libpq',
};
const CHECK_MS = 10_000;

export const postgresql: ServiceType<undefined> = {
  type: 'postgresql',
  versions: VERSIONS,
  summary: 'PostgreSQL database, on the server installed here',
  readOptions: noOptions,
  mint: () => ({ name: `d${randomHex(32)}`, user: `u${randomHex(32)}`, password: `p${randomHex(32)}` }),
  engines: (where) => reportEngines(POSTGRESQL, where),
  start,
  bind,
  failer: () => new PostgresFailer(),
  external: {
    schemes: ['postgres', 'postgresql'],
    defaultPort: 5432,
    check: async (endpoint, signal) => {
      const { host, port, user, password, name } = endpoint;
      const sslMode = parametersOf(endpoint).get('sslmode');
      const address = { host, port, user, password, database: name === '' ? user : name };
      using client = await PostgresClient.connect(
        { ...address, ...(sslMode === null ? {} : { sslMode }) },
        { signal, timeoutMs: CHECK_MS },
      );
      await client.query('SELECT 1');
      return `PostgreSQL ${client.serverVersion}`;
    },
  },
  client: ({ host, port, user, password, name }) => ({
    names: ['psql'],
    args: [`host=${host} port=${port} user=${user} dbname=${name}`],
    env: { PGPASSWORD: password },
    packages: CLIENT_PACKAGES,
  }),
  exporter: ({ host, port, user, password, name }) => ({
    names: ['pg_dump'],
    args: [
      '--no-owner',
      '--no-privileges',
      '--exclude-schema=paas_local_*',
      `host=${host} port=${port} user=${user} dbname=${name}`,
    ],
    env: { PGPASSWORD: password },
    packages: CLIENT_PACKAGES,
  }),
};

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  const { host, user, password, name } = context;
  const server = await startServer(context);
  const { program, admin } = server;
  await cleanCopies(context.dataDir, () => dropOldCopies(admin(name)));
  context.log(`listening on ${host}:${program.port}`);
  return {
    endpoint: { host, port: program.port, user, password, name },
    engine: describeEngine(POSTGRESQL.product, server.engine, context),
    failed: program.failed,
    get pid() {
      return program.pid!;
    },
    stats: async () => {
      using client = await PostgresClient.connect(admin(name));
      const [row = []] = await client.query(
        `SELECT numbackends, xact_commit, tup_fetched, tup_inserted, pg_database_size(datname) FROM pg_stat_database WHERE datname = current_database()`,
      );
      const names = ['connections', 'commits', 'rows_fetched', 'rows_inserted', 'bytes'];
      return Object.fromEntries(names.map((key, index) => [key, Number(row[index])]));
    },
    reset: () => emptyDatabase(admin(name), user),
    copy: () => {
      markCopied(context.dataDir);
      return copyRows(admin(name));
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
