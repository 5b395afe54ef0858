/** One PostgreSQL server: its cluster made once, its app's role and database made when they are missing. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine } from '../kit/choose-engine.ts';
import type { ServiceContext } from '../kit/contract.ts';
import { dataFolder, provideData, runStep } from '../kit/data-folder.ts';
import { beside, type Engine } from '../kit/engine.ts';
import { readProcFile } from '../kit/proc-file.ts';
import { ProgramService } from '../kit/program-service.ts';
import { ServiceError } from '../kit/service-error.ts';
import { unprivileged, type Unprivileged } from '../kit/unprivileged.ts';
import { identifier, literal, PostgresClient, type PostgresAddress } from './client.ts';
import { majorOf, POSTGRESQL } from './engine.ts';

/** Owns the cluster; apps never see it. */
const ADMIN = 'paas_local';
const ADMIN_FILE = 'admin';
/** What the app's role and database are called in a cluster that nobody was given yet. */
const UNNAMED = 'paas_local_unnamed';
const LOCALES = process.platform === 'darwin' ? ['en_US.UTF-8', 'C'] : ['C.UTF-8', 'C'];

export interface PostgresServer {
  readonly program: ProgramService;
  readonly engine: Engine;
  /** Where the cluster's owner logs in. */
  readonly admin: (database: string) => PostgresAddress;
}

/** @throws ServiceError */
export async function startServer(context: ServiceContext): Promise<PostgresServer> {
  context.signal?.throwIfAborted();
  const data = dataFolder(context);
  const cluster = join(data, 'cluster');
  const engine = await chooseEngine(POSTGRESQL, context, dataVersion(cluster));
  const how = await unprivileged();
  await provideData({
    context,
    how,
    key: `postgresql-${engine.version}-with-database`,
    make: (folder) => makeCluster(folder, engine, context, how),
  });
  removeStaleLock(cluster);
  const adminPassword = readFileSync(join(data, ADMIN_FILE), 'utf8').trim();
  let port = context.port;
  const admin = (database: string): PostgresAddress => ({
    host: context.host,
    port,
    user: ADMIN,
    password: adminPassword,
    database,
  });
  const made = join(data, 'made');
  const program = await ProgramService.start({
    context,
    product: POSTGRESQL.product,
    launch: (wanted) => {
      port = wanted;
      return { file: engine.file, args: serverArguments(cluster, context.host, wanted), env: engine.env };
    },
    ready: async (_, signal) => {
      if (!existsSync(made)) {
        await makeDatabase(admin('postgres'), context, signal);
        writeFileSync(made, `${context.name}\n`, { mode: 0o600 });
      }
      using client = await PostgresClient.connect(
        { ...admin(context.name), ...appLogin(context) },
        { signal },
      );
      await client.query('SELECT 1');
    },
    // Fast shutdown: clients are cut off, what was committed is written.
    stopSignal: 'SIGINT',
  });
  return { program, engine, admin };
}

const appLogin = ({ user, password }: ServiceContext) => ({ user, password });

function serverArguments(cluster: string, host: string, port: number): readonly string[] {
  const settings = {
    listen_addresses: host,
    // No socket file: its path would be too long for some state folders.
    unix_socket_directories: '',
    shared_buffers: '32MB',
    max_connections: '100',
    log_destination: 'stderr',
    logging_collector: 'off',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', cluster, '-p', String(port), ...args];
}

function dataVersion(cluster: string) {
  const file = join(cluster, 'PG_VERSION');
  if (!existsSync(file)) return undefined;
  const version = readFileSync(file, 'utf8').trim();
  return {
    version,
    product: POSTGRESQL.product,
    opensWith: (engine: Engine) => majorOf(engine.version) === version,
  };
}

async function makeCluster(
  folder: string,
  engine: Engine,
  context: ServiceContext,
  how: Unprivileged,
): Promise<void> {
  const initdb = beside(engine, 'initdb');
  if (!initdb) {
    throw new ServiceError('SERVICE_START_FAILED', `there is no "initdb" beside "${engine.file}"`);
  }
  const passwordFile = join(folder, ADMIN_FILE);
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  const cluster = join(folder, 'cluster');
  const args = [
    [
      '-D',
      cluster,
      '-U',
      ADMIN,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-sync',
    ],
    // A small log segment: new clusters take less time and room.
    Number(majorOf(engine.version)) >= 11 ? ['--wal-segsize=1'] : [],
    Number(majorOf(engine.version)) >= 14 ? ['--no-instructions'] : [],
  ].flat();
  for (const [index, locale] of LOCALES.entries()) {
    try {
      const { env } = engine;
      await runStep(context, how, initdb, [...args, `--locale=${locale}`], { env });
      // Making a database takes its time, giving one another name does not.
      const single = ['--single', '-D', cluster, 'postgres'];
      const input = `CREATE ROLE ${UNNAMED}\nCREATE DATABASE ${UNNAMED} OWNER ${UNNAMED}\n`;
      return await runStep(context, how, engine.file, single, { env, input });
    } catch (error) {
      if (index === LOCALES.length - 1 || !(error instanceof ServiceError)) throw error;
      // A system without that locale; what was begun is in the way.
      rmSync(cluster, { recursive: true, force: true });
    }
  }
}

/**
 * The app's role, which owns its database and may make others (test runners do), but is no superuser. Both may be there
 * already, in part or in whole, from a start that was cut short.
 */
async function makeDatabase(
  admin: PostgresAddress,
  context: ServiceContext,
  signal: AbortSignal,
): Promise<void> {
  using client = await PostgresClient.connect(admin, { signal });
  const { user, password, name } = context;
  const there = async (column: string, catalog: string, wanted: string): Promise<ReadonlySet<string>> => {
    const names = [wanted, UNNAMED].map(literal).join(', ');
    const rows = await client.query(`SELECT ${column} FROM ${catalog} WHERE ${column} IN (${names})`);
    return new Set(rows.map(([found]) => found!));
  };
  const roles = await there('rolname', 'pg_roles', user);
  const databases = await there('datname', 'pg_database', name);
  if (!roles.has(user)) {
    await client.query(
      roles.has(UNNAMED)
        ? `ALTER ROLE ${UNNAMED} RENAME TO ${identifier(user)}`
        : `CREATE ROLE ${identifier(user)}`,
    );
  }
  await client.query(`ALTER ROLE ${identifier(user)} LOGIN CREATEDB PASSWORD ${literal(password)}`);
  if (!databases.has(name)) {
    await client.query(
      databases.has(UNNAMED)
        ? `ALTER DATABASE ${UNNAMED} RENAME TO ${identifier(name)}`
        : `CREATE DATABASE ${identifier(name)} OWNER ${identifier(user)}`,
    );
  }
}

/**
 * A server that was killed leaves its lock behind, with a number that may be another process's by now. The space's
 * own lock keeps a second host away, so a lock whose process does not have this folder open is stale.
 */
function removeStaleLock(cluster: string): void {
  const lock = join(cluster, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10);
  const command = readProcFile(`/proc/${pid}/cmdline`)?.toString('utf8');
  if (process.platform === 'linux' && !command?.includes(cluster)) rmSync(lock, { force: true });
}
