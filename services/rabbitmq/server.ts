/** One RabbitMQ broker: an Erlang node of its own, with its own name server, all on the loopback. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine } from '../kit/choose-engine.ts';
import type { ServiceContext } from '../kit/contract.ts';
import { dataFolder } from '../kit/data-folder.ts';
import { beside, enginePath, type Engine, type EngineKind } from '../kit/engine.ts';
import { freePort } from '../kit/ports.ts';
import { runToEnd } from '../kit/process.ts';
import { ownFolder, ProgramService } from '../kit/program-service.ts';
import { ServiceError } from '../kit/service-error.ts';
import { unprivileged } from '../kit/unprivileged.ts';
import { AmqpClient, type AmqpAddress } from './amqp.ts';

export const RABBITMQ: EngineKind = {
  product: 'RabbitMQ',
  programs: ['rabbitmq-server'],
  // What is on PATH is often a wrapper that wants to become another user, so the real one comes first.
  folders: [
    '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin',
    '/opt/rabbitmq/sbin',
    '/opt/homebrew/opt/rabbitmq/sbin',
    '/usr/local/opt/rabbitmq/sbin',
  ],
  // It tells its version by its folder: asking the program would start a whole Erlang.
  version: /rabbitmq(?:_server|-server)?[-/](\d+\.\d+\.\d+)/,
  versionInPath: true,
  // Its definitions can be written down from there on.
  oldest: () => '3.8.2',
  packages: {
    'apt-get': 'rabbitmq-server',
    dnf: 'rabbitmq-server',
    apk: 'rabbitmq-server',
    pacman: 'rabbitmq',
    brew: 'rabbitmq',
  },
};

/** An Erlang, a name server and a database are started; on a busy machine that takes its time. */
const START_MS = 90_000;
const CONTROL_MS = 60_000;

export interface Broker {
  readonly program: ProgramService;
  readonly engine: Engine;
  /** Where the app logs in. */
  readonly address: AmqpAddress;
  /** Runs `rabbitmqctl` and gives what it printed. Starting an Erlang for it takes a second. */
  readonly control: (args: readonly string[]) => Promise<string>;
}

/** @throws ServiceError */
export async function startBroker(context: ServiceContext): Promise<Broker> {
  context.signal?.throwIfAborted();
  const { host, user, password, name } = context;
  const data = dataFolder(context);
  const engine = await chooseEngine(RABBITMQ, context, dataVersion(data));
  const how = await unprivileged('may be root');
  ownFolder(context.dataDir, how);
  ownFolder(data, how);
  const [namesPort, nodePort] = [await freePort(host), await freePort(host)];
  const config = join(context.dataDir, 'rabbitmq.conf');
  const plugins = join(context.dataDir, 'enabled_plugins');
  const env = (port: number): Record<string, string> => ({
    RABBITMQ_NODENAME: 'paas-local@localhost',
    RABBITMQ_NODE_IP_ADDRESS: host,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(nodePort),
    RABBITMQ_MNESIA_BASE: data,
    RABBITMQ_LOG_BASE: join(context.dataDir, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(context.dataDir, 'pid'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ADVANCED_CONFIG_FILE: join(context.dataDir, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    ERL_EPMD_PORT: String(namesPort),
    ERL_EPMD_ADDRESS: host,
    // Few cores are enough here, and idle ones must not spin while they wait.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}`,
    HOME: context.dataDir,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
  });
  let port = context.port;
  const login = { host, user, password, vhost: name };
  const program = await ProgramService.start({
    context,
    product: RABBITMQ.product,
    startTimeoutMs: START_MS,
    how,
    launch: (wanted) => {
      port = wanted;
      writeFileSync(config, configuration(context), { mode: 0o600 });
      writeFileSync(plugins, '[].\n');
      return { file: engine.file, args: [], env: env(wanted) };
    },
    ready: async (wanted, signal) => {
      (await AmqpClient.connect({ ...login, port: wanted }, { signal }))[Symbol.dispose]();
    },
  });
  writeFileSync(join(data, 'version'), `${RABBITMQ.product} ${engine.version}\n`, { mode: 0o600 });
  const control = async (args: readonly string[]): Promise<string> => {
    const file = beside(engine, 'rabbitmqctl');
    if (!file)
      throw new ServiceError('SERVICE_START_FAILED', `there is no "rabbitmqctl" beside "${engine.file}"`);
    const { code, output } = await runToEnd({
      ...how.wrap(file, ['-n', 'paas-local@localhost', ...args]),
      cwd: context.dataDir,
      env: { PATH: enginePath(context.searchPath), ...env(port) },
      guardian: context.guardian,
      timeoutMs: CONTROL_MS,
    });
    if (code === 0) return output;
    throw new Error(`rabbitmqctl ${args[0]}: ${output.trim().split('\n').at(-1)}`);
  };
  return { program, engine, address: { ...login, port: program.port }, control };
}

/** The password stands in a private file, not among the arguments. */
function configuration({ user, password, name }: ServiceContext): string {
  return [
    `default_user = ${user}`,
    `default_pass = ${password}`,
    `default_vhost = ${name}`,
    'loopback_users = none',
    'log.console = true',
    'log.console.level = warning',
    'log.file = false',
    // A share of a server's memory and disk is a laptop's neither.
    'vm_memory_high_watermark.absolute = 256MB',
    'disk_free_limit.absolute = 50MB',
    '',
  ].join('\n');
}

/** Data of an earlier 3.x or 4.x is taken over by a later one of the same; nothing else. */
function dataVersion(data: string) {
  const file = join(data, 'version');
  if (!existsSync(file)) return undefined;
  const [product = '', version = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const parts = (text: string): readonly number[] => text.split('.').map(Number);
  return {
    product,
    version,
    opensWith: (engine: Engine) =>
      parts(engine.version)[0] === parts(version)[0] && parts(engine.version)[1]! >= parts(version)[1]!,
  };
}
