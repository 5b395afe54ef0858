/** MySQL, by MySQL or MariaDB: a server of its own for each service instance. */
import { describeEngine } from '../kit/choose-engine.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { cleanCopies, markCopied } from '../kit/copy-mark.ts';
import { reportEngines } from '../kit/engine.ts';
import { parametersOf } from '../kit/external.ts';
import { randomAlphanumeric, randomHex } from '../kit/identity.ts';
import { noOptions } from '../kit/options.ts';
import { bind, VERSIONS } from './bind.ts';
import { identifier, MysqlClient } from './client.ts';
import { copyRows, dropOldCopies } from './copy.ts';
import { MYSQL } from './engine.ts';
import { MysqlFailer } from './failer.ts';
import { startServer } from './server.ts';

const CLIENT_PACKAGES = {
  'apt-get': 'mariadb-client',
  dnf: 'mariadb',
  apk: 'mariadb-client',
  pacman: 'mariadb-clients',
  brew: 'mariadb',
};

export const mysql: ServiceType<undefined> = {
  type: 'mysql',
  versions: VERSIONS,
  summary: 'MySQL database, on the MySQL or MariaDB installed here',
  readOptions: noOptions,
  mint: () => ({
    name: `d${randomHex(32)}`,
    user: `u${randomAlphanumeric(12)}`,
    password: `p${randomAlphanumeric(12)}`,
  }),
  engines: (where) => reportEngines(MYSQL, where),
  start,
  bind,
  failer: () => new MysqlFailer(),
  external: {
    schemes: ['mysql', 'mysql2', 'mariadb'],
    defaultPort: 3306,
    check: async (endpoint, signal) => {
      const { host, port, user, password, name } = endpoint;
      const query = parametersOf(endpoint);
      const tls = ['ssl', 'sslmode', 'ssl-mode', 'useSSL'].some((key) => {
        const value = query.get(key);
        return value !== null && !/^(false|0|disabled?)$/i.test(value);
      });
      using client = await MysqlClient.connect(
        { host, port, user, password, database: name, tls },
        { signal },
      );
      await client.query('SELECT 1');
      const mariadb = /^(.*?)-MariaDB/i.exec(client.serverVersion);
      return mariadb ? `MariaDB ${mariadb[1]}` : `MySQL ${client.serverVersion}`;
    },
  },
  client: ({ host, port, user, password, name }) => ({
    names: ['mariadb', 'mysql'],
    args: ['--no-defaults', '--protocol=tcp', `--host=${host}`, `--port=${port}`, `--user=${user}`, name],
    env: { MYSQL_PWD: password },
    packages: CLIENT_PACKAGES,
  }),
  exporter: ({ host, port, user, password, name }) => ({
    names: ['mariadb-dump', 'mysqldump'],
    args: [
      '--no-defaults',
      '--protocol=tcp',
      `--host=${host}`,
      `--port=${port}`,
      `--user=${user}`,
      '--single-transaction',
      '--routines',
      '--triggers',
      '--no-tablespaces',
      name,
    ],
    env: { MYSQL_PWD: password },
    packages: CLIENT_PACKAGES,
  }),
};

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  const { host, user, password, name } = context;
  const { program, engine, product, admin } = await startServer(context);
  await cleanCopies(context.dataDir, () => dropOldCopies(admin()));
  context.log(`listening on ${host}:${program.port}`);
  return {
    endpoint: { host, port: program.port, user, password, name },
    engine: describeEngine(product, engine, context),
    failed: program.failed,
    get pid() {
      return program.pid!;
    },
    stats: async () => {
      using client = await MysqlClient.connect(admin());
      const rows = await client.query(
        `SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Questions', 'Com_select', 'Com_insert')`,
      );
      return Object.fromEntries(rows.map(([key, value]) => [key!.toLowerCase(), Number(value)]));
    },
    reset: async () => {
      using client = await MysqlClient.connect(admin());
      await emptyDatabase(client, name);
    },
    copy: () => {
      markCopied(context.dataDir);
      return copyRows(admin(), name);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/**
 * Drops what is in the database, and leaves the database itself: connections have it selected, and a dropped one
 * stays unselected for them after it was made again.
 */
async function emptyDatabase(client: MysqlClient, name: string): Promise<void> {
  const text = `'${name}'`;
  await client.query('SET SESSION foreign_key_checks = 0');
  await client.query('SET SESSION lock_wait_timeout = 5');
  const kinds = [
    ['VIEW', `SELECT table_name FROM information_schema.views WHERE table_schema = ${text}`],
    [
      'TABLE',
      `SELECT table_name FROM information_schema.tables WHERE table_schema = ${text} AND table_type <> 'VIEW'`,
    ],
    ['EVENT', `SELECT event_name FROM information_schema.events WHERE event_schema = ${text}`],
    [
      'PROCEDURE',
      `SELECT routine_name FROM information_schema.routines WHERE routine_schema = ${text} AND routine_type = 'PROCEDURE'`,
    ],
    [
      'FUNCTION',
      `SELECT routine_name FROM information_schema.routines WHERE routine_schema = ${text} AND routine_type = 'FUNCTION'`,
    ],
  ] as const;
  for (const [kind, find] of kinds) {
    const found = (await client.query(find)).map(([item]) => `${identifier(name)}.${identifier(item!)}`);
    if (found.length === 0) continue;
    // Tables go in one statement: they may refer to each other.
    if (kind === 'TABLE' || kind === 'VIEW') await client.query(`DROP ${kind} ${found.join(', ')}`);
    else for (const item of found) await client.query(`DROP ${kind} ${item}`);
  }
}
