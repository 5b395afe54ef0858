/** MongoDB: a server of its own for each service instance. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine, describeEngine } from '../kit/choose-engine.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { dataFolder } from '../kit/data-folder.ts';
import { requireEngine, type Engine, type EngineKind } from '../kit/engine.ts';
import { parametersOf, uriOf } from '../kit/external.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { readMapping } from '../kit/options.ts';
import { ownFolder, ProgramService } from '../kit/program-service.ts';
import { unprivileged } from '../kit/unprivileged.ts';
import { LoginRefused } from '../kit/wire.ts';
import { bind, DATABASE, VERSIONS } from './bind.ts';
import { MongoClient, type MongoAddress, type MongoLogin } from './client.ts';

const MONGODB: EngineKind = {
  product: 'MongoDB',
  programs: ['mongod'],
  folders: ['/opt/homebrew/opt/mongodb-community*/bin', '/usr/local/opt/mongodb-community*/bin'],
  version: /db version v(\d+\.\d+\.\d+)/,
  // Not in Debian, nor in the others' own collections: it comes from MongoDB's.
  packages: { brew: 'mongodb/brew/mongodb-community', 'apt-get': 'mongodb-org', dnf: 'mongodb-org' },
};
const ADMIN = 'paas_local';

export const mongodb: ServiceType<undefined> = {
  type: 'mongodb',
  versions: VERSIONS,
  summary: 'MongoDB document database, on the server installed here',
  readOptions: (raw) => void readMapping(raw, []) as undefined,
  mint: uuidIdentity,
  available: (where) => requireEngine(MONGODB, where),
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
      ],
    }),
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
  writeFileSync(join(data, 'paas-local-version'), `${MONGODB.product} ${engine.version}\n`, { mode: 0o600 });
  context.log(`listening on ${host}:${program.port}`);
  const connect = () => MongoClient.connect({ host, port: program.port }, login);
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
      await client.command(DATABASE, { dropDatabase: 1 });
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** As long as there is no user at all, a connection from this machine may make the first one, who makes the app's. */
async function makeUsers(address: MongoAddress, context: ServiceContext, signal: AbortSignal): Promise<void> {
  const { user, password } = context;
  const adminPassword = createHash('sha256').update(`owner of the server, beside ${password}`).digest('hex');
  {
    using client = await MongoClient.connect(address, undefined, { signal });
    const first = { createUser: ADMIN, pwd: adminPassword, roles: ['root'] };
    await client.command('admin', first).catch((error: unknown) => {
      // It is there from a start that was cut short.
      if (!(error instanceof LoginRefused)) throw error;
    });
  }
  const login = { user: ADMIN, password: adminPassword, source: 'admin' };
  using client = await MongoClient.connect(address, login, { signal });
  const roles = [{ role: 'dbOwner', db: DATABASE }];
  await client.command(DATABASE, { createUser: user, pwd: password, roles });
}

/** A server opens data of its own series, and of the one before, which it then changes. */
function dataVersion(data: string) {
  const file = join(data, 'paas-local-version');
  if (!existsSync(file)) return undefined;
  const [product = '', version = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const series = (text: string): string => text.split('.').slice(0, 2).join('.');
  return {
    product,
    version: series(version),
    opensWith: (engine: Engine) => series(engine.version) === series(version),
  };
}
