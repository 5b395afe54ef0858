/** Redis (or Valkey): a server of its own for each service instance, with an append-only file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine, describeEngine } from '../kit/choose-engine.ts';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { dataFolder } from '../kit/data-folder.ts';
import { reportEngines, type Engine, type EngineKind } from '../kit/engine.ts';
import { uriOf } from '../kit/external.ts';
import { uuidIdentity } from '../kit/identity.ts';
import { noOptions } from '../kit/options.ts';
import { ownFolder, ProgramService } from '../kit/program-service.ts';
import { unprivileged } from '../kit/unprivileged.ts';
import { bind, URL_USER, VERSIONS } from './bind.ts';
import { RedisClient, type Reply } from './client.ts';
import { RedisFailer } from './failer.ts';
import { copyKeys } from './copy.ts';

const REDIS: EngineKind = {
  product: 'Redis',
  programs: ['redis-server', 'valkey-server'],
  folders: ['/opt/homebrew/opt/redis*/bin', '/opt/homebrew/opt/valkey/bin', '/usr/local/opt/redis*/bin'],
  version: /(?:Redis|Valkey) server v=(\d+\.\d+\.\d+)/,
  // Keys are gone through by SCAN.
  oldest: () => '2.8',
  packages: { 'apt-get': 'redis-server', dnf: 'valkey', apk: 'valkey', pacman: 'valkey', brew: 'redis' },
};
const CLIENT_PACKAGES = {
  'apt-get': 'redis-tools',
  dnf: 'valkey',
  apk: 'valkey-cli',
  pacman: 'valkey',
  brew: 'redis',
};

const COPY_MS = 60_000;

export const redis: ServiceType<undefined> = {
  type: 'redis',
  versions: VERSIONS,
  summary: 'Redis key-value store, on the Redis or Valkey installed here',
  readOptions: noOptions,
  mint: uuidIdentity,
  engines: (where) => reportEngines(REDIS, where),
  start,
  bind,
  failer: () => new RedisFailer(),
  external: {
    schemes: ['redis', 'rediss'],
    defaultPort: 6379,
    check: async (endpoint, signal) => {
      const { host, port, user, password } = endpoint;
      const tls = uriOf(endpoint)?.startsWith('rediss:') === true;
      using client = await RedisClient.connect({ host, port, user, password, tls }, { signal });
      const info = text(await client.call('INFO', 'server').catch(() => ''));
      return `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? ''}`.trim();
    },
  },
  client: ({ host, port, password }) => ({
    names: ['redis-cli', 'valkey-cli'],
    args: ['-h', host, '-p', String(port)],
    env: { REDISCLI_AUTH: password },
    packages: CLIENT_PACKAGES,
  }),
};

async function start(_: undefined, context: ServiceContext): Promise<ServiceInstance> {
  context.signal?.throwIfAborted();
  const { host, user, password, name } = context;
  const data = dataFolder(context);
  const engine = await chooseEngine(REDIS, context, dataVersion(data));
  const product = engine.about.startsWith('Valkey') ? 'Valkey' : REDIS.product;
  const how = await unprivileged();
  ownFolder(context.dataDir, how);
  ownFolder(data, how);
  const config = join(context.dataDir, 'redis.conf');
  const program = await ProgramService.start({
    context,
    product,
    launch: (port) => {
      writeFileSync(config, configuration(context, data, port, engine), { mode: 0o600 });
      return { file: engine.file, args: [config] };
    },
    ready: async (port, signal) => {
      (await RedisClient.connect({ host, port, user: '', password }, { signal }))[Symbol.dispose]();
    },
  });
  writeFileSync(join(data, 'version'), `${product} ${engine.version}\n`, { mode: 0o600 });
  context.log(`listening on ${host}:${program.port}`);
  const address = { host, port: program.port, user: '', password };
  const connect = () => RedisClient.connect(address);
  return {
    endpoint: { host, port: program.port, user, password, name },
    engine: describeEngine(product, engine, context),
    failed: program.failed,
    get pid() {
      return program.pid!;
    },
    stats: async () => {
      using client = await connect();
      const info = text(await client.call('INFO'));
      const keys = Number(await client.call('DBSIZE'));
      const figure = (key: string): number => Number(new RegExp(`^${key}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
      return {
        keys,
        connections: figure('connected_clients'),
        commands: figure('total_commands_processed'),
        bytes: figure('used_memory'),
      };
    },
    reset: async () => {
      using client = await connect();
      await client.call('FLUSHALL');
    },
    // All there is goes over the wire, and is ours.
    copy: () => copyKeys(() => RedisClient.connect(address, { maxBytes: Infinity, timeoutMs: COPY_MS })),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The password stands in a private file, not among the arguments, which everybody can read. */
function configuration(
  { host, password }: ServiceContext,
  data: string,
  port: number,
  engine: Engine,
): string {
  const [major = 0, minor = 0] = engine.version.split('.').map(Number);
  const acl = major >= 6;
  const since6_2 = major > 6 || (major === 6 && minor >= 2);
  const channels = since6_2 ? ' &*' : '';
  return [
    `bind ${host}`,
    `port ${port}`,
    `requirepass ${quoted(password)}`,
    // The platform's URL has the literal user "user"; clients of today send it along.
    ...(acl ? [`user ${URL_USER} on ${quoted(`>${password}`)} ~*${channels} +@all`] : []),
    `dir ${quoted(data)}`,
    'daemonize no',
    // A title is written over the environment, and with it over the mark by which it is found after a host was killed.
    ...(since6_2 ? ['set-proc-title no'] : []),
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'databases 16',
    'loglevel notice',
    '',
  ].join('\n');
}

const text = (reply: Reply): string => (typeof reply === 'string' ? reply : '');

const quoted = (plain: string): string => `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** A newer server reads what an older one wrote, not the other way round. */
function dataVersion(data: string) {
  const file = join(data, 'version');
  if (!existsSync(file)) return undefined;
  const [product = '', version = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const major = (text: string): number => Number(text.split('.')[0]);
  return { product, version, opensWith: (engine: Engine) => major(engine.version) >= major(version) };
}
