/** The built-in cache: memcached as a service type, and as a library. */
import { randomInt, randomUUID } from 'node:crypto';
import type { ServiceContext, ServiceInstance, ServiceType } from '../kit/contract.ts';
import { ServiceError } from '../kit/service-error.ts';
import { bind, VERSIONS } from './bind.ts';
import { readOptions, type MemcachedOptions } from './options.ts';
import { startWorkerCache, type WorkerCache } from './worker-host.ts';

export { createServer, type CacheServer, type CacheServerOptions } from './server.ts';
export type { CacheSettings } from './settings.ts';
export type { Entry } from './entries.ts';
export type { ItemOptions } from './items.ts';
export type { MemcachedOptions } from './options.ts';

const MB = 1024 * 1024;
/** Seeds of the key index are below this. */
const SEED_END = 2 ** 32;

export const memcached: ServiceType<MemcachedOptions> = {
  type: 'memcached',
  versions: VERSIONS,
  summary: 'Built-in cache that speaks memcached 1.6',
  readOptions,
  mint: () => ({ user: randomUUID(), password: randomUUID(), name: randomUUID() }),
  start,
  bind,
};

async function start(options: MemcachedOptions, context: ServiceContext): Promise<ServiceInstance> {
  const { host, port, user, password, name } = context;
  const settings = {
    memoryBytes: options.memoryMb * MB,
    maxConnections: options.maxClients,
    itemSizeMax: options.itemSizeBytes,
    sasl: options.sasl,
  };
  let cache: WorkerCache;
  try {
    cache = await startWorkerCache(
      { host, port, seed: randomInt(SEED_END), settings, users: [[user, password]] },
      context.signal,
    );
  } catch (error) {
    throw asServiceError(error, context);
  }
  context.log(`listening on ${host}:${cache.port}, ${options.memoryMb} MB${options.sasl ? ', SASL' : ''}`);
  return {
    endpoint: { host, port: cache.port, user, password, name },
    engine: 'built in',
    failed: cache.failed,
    stats: () => cache.stats(),
    reset: () => cache.flush(),
    [Symbol.asyncDispose]: () => cache.stop(),
  };
}

function asServiceError(error: unknown, { host, port, signal }: ServiceContext): unknown {
  if (signal?.aborted) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new ServiceError('SERVICE_PORT_TAKEN', `port ${port} is taken`, { port, host }, { cause: error });
  }
  return new ServiceError('SERVICE_START_FAILED', message, { port, host }, { cause: error });
}
