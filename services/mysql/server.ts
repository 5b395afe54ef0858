/** One MySQL or MariaDB server: its data made once, its app's user and database seen to at every start. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chooseEngine } from '../kit/choose-engine.ts';
import type { ServiceContext } from '../kit/contract.ts';
import { dataFolder, provideData, runStep } from '../kit/data-folder.ts';
import { beside, enginePath, type Engine } from '../kit/engine.ts';
import { findTool } from '../kit/find-tool.ts';
import { ProgramService } from '../kit/program-service.ts';
import { ServiceError } from '../kit/service-error.ts';
import { unprivileged, type Unprivileged } from '../kit/unprivileged.ts';
import { identifier, literal, MysqlClient, type MysqlAddress } from './client.ts';
import { MYSQL, productOf, seriesOf } from './engine.ts';

/** Owns the server; apps never see it. */
const ADMIN = 'paas_local';
const VERSION_FILE = 'version';

export interface MysqlServer {
  readonly program: ProgramService;
  readonly engine: Engine;
  readonly product: string;
  readonly admin: () => MysqlAddress;
}

/** @throws ServiceError */
export async function startServer(context: ServiceContext): Promise<MysqlServer> {
  context.signal?.throwIfAborted();
  const data = dataFolder(context);
  const engine = await chooseEngine(MYSQL, context, dataVersion(data));
  const product = productOf(engine);
  const how = await unprivileged();
  await provideData({
    context,
    how,
    key: `${product.toLowerCase()}-${engine.version}`,
    make: (folder) => makeData(folder, engine, context, how),
  });
  const initFile = join(context.dataDir, 'init.sql');
  let port = context.port;
  const { host, user, password, name } = context;
  const admin = (): MysqlAddress => ({
    host,
    port,
    user: ADMIN,
    password: adminPassword(context),
    database: '',
  });
  const program = await ProgramService.start({
    context,
    product,
    launch: (wanted) => {
      port = wanted;
      writeFileSync(initFile, initStatements(context), { mode: 0o600 });
      how.own(context.dataDir);
      return { file: engine.file, args: serverArguments(engine, data, initFile, context.host, wanted) };
    },
    ready: async (wanted, signal) => {
      using client = await MysqlClient.connect(
        { host, port: wanted, user, password, database: name },
        { signal },
      );
      await client.query('SELECT 1');
    },
  });
  return { program, engine, product, admin };
}

function serverArguments(
  engine: Engine,
  data: string,
  initFile: string,
  host: string,
  port: number,
): readonly string[] {
  const common = [
    // Must come first: the system's own settings are for the system's own server.
    '--no-defaults',
    `--datadir=${join(data, 'files')}`,
    `--bind-address=${host}`,
    `--port=${port}`,
    // Within the data folder, by a name of its own: a whole path would be too long for some state folders.
    '--socket=server.sock',
    '--pid-file=server.pid',
    `--init-file=${initFile}`,
    `--tmpdir=${data}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--innodb-buffer-pool-size=32M',
    '--performance-schema=OFF',
    '--log-error-verbosity=1',
  ];
  return productOf(engine) === 'MySQL'
    ? [
        ...common,
        ...baseFolder(engine),
        // What is called loose is passed over by the versions that do not have it.
        '--loose-mysqlx=OFF',
        // Apps of the platform's time know no other way of logging in; from 9.0 on there is none but the new one.
        '--loose-default-authentication-plugin=mysql_native_password',
        '--loose-mysql-native-password=ON',
      ]
    : [
        ...common.filter((argument) => !argument.startsWith('--log-error')),
        '--log-warnings=1',
        // By the path from its working folder: it asks with access(2) whether it is there, which is told no by the
        // whole path where we are root and the folders above are private.
        '--aria-log-dir-path=.',
        '--innodb-log-file-size=16M',
      ];
}

/** A server that was unpacked anywhere looks for its messages where it was to be installed, unless it is told. */
function baseFolder(engine: Engine): readonly string[] {
  const base = dirname(dirname(realpathSync(engine.file)));
  return existsSync(join(base, 'share/english/errmsg.sys')) ? [`--basedir=${base}`] : [];
}

/** One statement per line: the server takes no other form. Each may be run again and again. */
function initStatements(context: ServiceContext): string {
  const { user, password, name } = context;
  const account = (who: string): string => `${literal(who)}@'%'`;
  return [
    `CREATE USER IF NOT EXISTS ${account(ADMIN)} IDENTIFIED BY ${literal(adminPassword(context))};`,
    `GRANT ALL PRIVILEGES ON *.* TO ${account(ADMIN)} WITH GRANT OPTION;`,
    `CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET utf8mb4;`,
    `CREATE USER IF NOT EXISTS ${account(user)} IDENTIFIED BY ${literal(password)};`,
    `GRANT ALL PRIVILEGES ON ${identifier(name)}.* TO ${account(user)};`,
    // What test runners make beside it.
    `GRANT ALL PRIVILEGES ON \`test\\_%\`.* TO ${account(user)};`,
    '',
  ].join('\n');
}

/** Needs no file of its own: whoever has the app's password has the machine's user. */
function adminPassword({ password }: ServiceContext): string {
  return createHash('sha256').update(`owner of the server, beside ${password}`).digest('hex');
}

async function makeData(
  folder: string,
  engine: Engine,
  context: ServiceContext,
  how: Unprivileged,
): Promise<void> {
  const files = join(folder, 'files');
  // A server that starts removes the temporary tables that lie in its folder for them, whosoever they are.
  const alone = { env: { TMPDIR: folder } };
  if (productOf(engine) === 'MySQL') {
    await runStep(
      context,
      how,
      engine.file,
      ['--no-defaults', ...baseFolder(engine), '--initialize-insecure', `--datadir=${files}`],
      alone,
    );
  } else {
    const names = ['mariadb-install-db', 'mysql_install_db'];
    const script = names
      .map((name) => beside(engine, name) ?? findTool(name, { PATH: enginePath(context.searchPath) }))
      .find((file) => file !== undefined);
    if (!script) {
      throw new ServiceError('SERVICE_START_FAILED', `there is no "mariadb-install-db" for "${engine.file}"`);
    }
    await runStep(
      context,
      how,
      script,
      [
        '--no-defaults',
        `--datadir=${files}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=16M',
      ],
      alone,
    );
  }
  writeFileSync(join(folder, VERSION_FILE), `${productOf(engine)} ${engine.version}\n`);
}

function dataVersion(data: string) {
  const file = join(data, VERSION_FILE);
  if (!existsSync(file)) return undefined;
  const [product = '', version = ''] = readFileSync(file, 'utf8').trim().split(' ');
  return {
    product,
    version: seriesOf(version),
    opensWith: (engine: Engine) =>
      productOf(engine) === product && seriesOf(engine.version) === seriesOf(version),
  };
}
