/** The built-in cache: memcached as a service type, and as a library. */
import { randomInt, randomUUID } from 'node:crypto';
import type { NodeConfig, ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { listenFailure } from '../kit/ports.ts';
import { lazily } from '../kit/lazily.ts';
import { Wire } from '../kit/wire.ts';
import { bind, VERSIONS } from './bind.ts';
import { node } from './node.ts';
import { readOptions, resolveOptions, type GivenOptions } from './options.ts';
import { textOnlyClient } from './clients.ts';
import type { RunningCache } from './same-thread.ts';
import { holdCacheThread } from './cache-thread.ts';
import { startWorkerCache } from './worker-host.ts';
import type { WorkerStart } from './worker-protocol.ts';

export { createServer, type CacheServer, type CacheServerOptions } from './server.ts';
export { CacheOptionsError, type OptionProblem } from './check-options.ts';
export type { CacheSettings } from './settings.ts';
export type { Entry } from './entries.ts';
export type { ItemOptions } from './items.ts';
export type { GivenOptions, MemcachedOptions } from './options.ts';

const MB = 1024 * 1024;
const loadSameThread = lazily(() => import('./same-thread.ts'));
const CHECK_MS = 10_000;
/** Seeds of the key index are below this. */
const SEED_END = 2 ** 32;

export const memcached: ServiceType<GivenOptions> = {
  type: 'memcached',
  versions: VERSIONS,
  summary: 'Built-in cache that speaks memcached 1.6',
  hasFaults: true,
  readOptions,
  mint: () => ({ user: randomUUID(), password: randomUUID(), name: randomUUID() }),
  prepare: holdCacheThread,
  start,
  bind,
  external: {
    schemes: ['memcached', 'memcache'],
    defaultPort: 11_211,
    check: async ({ host, port: there }, signal) => {
      using wire = await Wire.open({ host, port: there, timeoutMs: CHECK_MS, signal });
      wire.write('version\r\n');
      const [word, version] = (await wire.readLine()).split(' ');
      // One that wants SASL speaks no text; that it hangs up or answers in bytes says as much.
      if (word !== 'VERSION') throw new Error('it does not speak the text protocol of memcached');
      return `memcached ${version}`;
    },
  },
  node,
  warnings,
};

async function start(given: GivenOptions, context: ServiceContext): Promise<ServiceInstance> {
  const options = resolveOptions(given, context.node ?? node.defaults);
  const { host, port, user, password, name } = context;
  const wanted: WorkerStart = {
    host,
    port,
    seed: randomInt(SEED_END),
    settings: {
      memoryBytes: options.memoryMb * MB,
      maxConnections: options.maxClients,
      itemSizeMax: options.itemSizeBytes,
      sasl: options.sasl,
    },
    users: [[user, password]],
  };
  const begin = context.sameThread ? startInThisThread : startInWorker;
  const running = await begin(wanted, context).catch((error: unknown) =>
    Promise.reject(asServiceError(error, context)),
  );
  context.log(`listening on ${host}:${running.port}, ${options.memoryMb} MB${options.sasl ? ', SASL' : ''}`);
  return { ...running, endpoint: { host, port: running.port, user, password, name }, engine: 'built in' };
}

/** The server itself is loaded only here: a host has its caches in threads. */
async function startInThisThread(wanted: WorkerStart): Promise<RunningCache> {
  return (await loadSameThread()).startHere(wanted);
}

async function startInWorker(wanted: WorkerStart, { signal }: ServiceContext): Promise<RunningCache> {
  const cache = await startWorkerCache(wanted, signal);
  return {
    port: cache.port,
    failed: cache.failed,
    stats: () => cache.stats(),
    reset: () => cache.reset(),
    copy: () => cache.copy(),
    openConsole: (path) => cache.openConsole(path),
    faults: cache.faults,
    [Symbol.asyncDispose]: () => cache.stop(),
  };
}

function warnings(
  given: GivenOptions,
  config: NodeConfig,
  dependsOn: Parameters<typeof textOnlyClient>[0],
): readonly string[] {
  if (!resolveOptions(given, config).sasl) return [];
  const client = textOnlyClient(dependsOn);
  if (client === undefined) return [];
  return [
    `its clients must log in with SASL, in the binary protocol, and ${client} speaks the text protocol only: it will not get an answer. ` +
      'Use a client that can log in (pylibmc, python-binary-memcached, memjs, dalli), or switch SASL off.',
  ];
}

function asServiceError(error: unknown, { host, port, signal }: ServiceContext): unknown {
  return signal?.aborted ? error : listenFailure(host, port, error);
}
