/** MongoDB: a server of its own for each service instance. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine, describeEngine } from '../kit/choose-engine.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { dataFolder } from '../kit/data-folder.ts';
import { cleanCopies, markCopied } from '../kit/copy-mark.ts';
import { reportEngines } from '../kit/engine.ts';
import { parametersOf, uriOf } from '../kit/external.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { noOptions } from '../kit/options.ts';
import { ownFolder, ProgramService } from '../kit/program-service.ts';
import { unprivileged } from '../kit/unprivileged.ts';
import { LoginRefused } from '../kit/wire.ts';
import { bind, DATABASE, VERSIONS } from './bind.ts';
import { MongoClient, type MongoAddress, type MongoLogin } from './client.ts';
import { COPY_MS, copyDocuments, dropOldCopies, emptyDatabase } from './copy.ts';
import { readableLine } from './log-line.ts';
import { MONGODB, opensWith, seriesOf } from './engine.ts';

const ADMIN = 'paas_local';
/** Beside the server's own files. */
const VERSION_FILE = 'paas-local-version';

export const mongodb: ServiceType<undefined> = {
  type: 'mongodb',
  versions: VERSIONS,
  summary: 'MongoDB document database, on the server installed here',
  readOptions: noOptions,
  mint: uuidIdentity,
  engines: (where) => reportEngines(MONGODB, where),
  start,
  bind,
  external: {
    schemes: ['mongodb'],
    defaultPort: 27_017,
    check: async (endpoint, signal) => {
      const { host, port, user, password, name } = endpoint;
      const parameters = parametersOf(endpoint);
      const tls = parameters.get('tls') === 'true' || parameters.get('ssl') === 'true';
      const source = parameters.get('authSource') ?? (name === '' ? 'admin' : name);
      const login = user === '' ? undefined : { user, password, source };
      using client = await MongoClient.connect({ host, port, tls }, login, { signal });
      const { version } = await client.command('admin', { buildInfo: 1 });
      return `MongoDB ${typeof version === 'string' ? version : ''}`.trim();
    },
  },
  client: (endpoint) => ({
    names: ['mongosh'],
    // The address is in the environment, not among the arguments, which everybody can read.
    args: ['--nodb', '--shell', '--eval', 'const { env } = process; db = connect(env.PAAS_LOCAL_URL)'],
    env: { PAAS_LOCAL_URL: uriOf(endpoint) ?? bind(endpoint, 'stackato').url!.value },
    packages: { brew: 'mongosh', 'apt-get': 'mongodb-mongosh', dnf: 'mongodb-mongosh' },
  }),
};

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  context.signal?.throwIfAborted();
  const { host, user, password, name } = context;
  const data = dataFolder(context);
  const engine = await chooseEngine(MONGODB, context, dataVersion(data));
  const how = await unprivileged();
  ownFolder(context.dataDir, how);
  ownFolder(data, how);
  const login: MongoLogin = { user, password, source: DATABASE };
  const program = await ProgramService.start({
    context,
    product: MONGODB.product,
    launch: (port) => ({
      file: engine.file,
      args: [
        '--dbpath',
        data,
        '--bind_ip',
        host,
        '--port',
        String(port),
        '--auth',
        '--nounixsocket',
        '--quiet',
        // Figures for its makers, written once a second.
        '--setParameter',
        'diagnosticDataCollectionEnabled=false',
      ],
    }),
    read: readableLine,
    ready: async (port, signal) => {
      const address = { host, port };
      try {
        (await MongoClient.connect(address, login, { signal }))[Symbol.dispose]();
      } catch (error) {
        if (!(error instanceof LoginRefused)) throw error;
        await makeUsers(address, context, signal);
        (await MongoClient.connect(address, login, { signal }))[Symbol.dispose]();
      }
    },
  });
  writeFileSync(join(data, VERSION_FILE), `${MONGODB.product} ${engine.version}\n`, { mode: 0o600 });
  const address = { host, port: program.port };
  const connect = () => MongoClient.connect(address, login);
  const connectAsAdmin = () => MongoClient.connect(address, adminLogin(context));
  await cleanCopies(context.dataDir, async () => {
    using client = await connectAsAdmin();
    await dropOldCopies(client);
  });
  context.log(`listening on ${host}:${program.port}`);
  return {
    endpoint: { host, port: program.port, user, password, name },
    engine: describeEngine(MONGODB.product, engine, context),
    failed: program.failed,
    get pid() {
      return program.pid!;
    },
    stats: async () => {
      using client = await connect();
      const { collections, objects, dataSize } = await client.command(DATABASE, { dbStats: 1 });
      return { collections: Number(collections), documents: Number(objects), bytes: Number(dataSize) };
    },
    reset: async () => {
      using client = await connect();
      await emptyDatabase(client, DATABASE);
    },
    copy: () => {
      markCopied(context.dataDir);
      const login = adminLogin(context);
      return copyDocuments(() => MongoClient.connect(address, login, { timeoutMs: COPY_MS }), DATABASE);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** As long as there is no user at all, a connection from this machine may make the first one, who makes the app's. */
async function makeUsers(address: MongoAddress, context: ServiceContext, signal: AbortSignal): Promise<void> {
  const { user, password } = context;
  const admin = adminLogin(context);
  {
    using client = await MongoClient.connect(address, undefined, { signal });
    const first = { createUser: admin.user, pwd: admin.password, roles: ['root'] };
    await client.command('admin', first).catch((error: unknown) => {
      // It is there from a start that was cut short.
      if (!(error instanceof LoginRefused)) throw error;
    });
  }
  using client = await MongoClient.connect(address, admin, { signal });
  const roles = [{ role: 'dbOwner', db: DATABASE }];
  await client.command(DATABASE, { createUser: user, pwd: password, roles });
}

/** Needs no file of its own: whoever has the app's password has the machine's user. */
function adminLogin({ password }: ServiceContext): MongoLogin {
  const own = createHash('sha256').update(`owner of the server, beside ${password}`).digest('hex');
  return { user: ADMIN, password: own, source: 'admin' };
}

function dataVersion(data: string) {
  const file = join(data, VERSION_FILE);
  if (!existsSync(file)) return undefined;
  const [product = '', version = ''] = readFileSync(file, 'utf8').trim().split(' ');
  return { product, version: seriesOf(version), opensWith: opensWith(version) };
}
