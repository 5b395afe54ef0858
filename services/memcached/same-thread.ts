/** A cache instance that lives in the thread of whoever started it. */
import type { CacheHandle } from '../kit/cache-handle.ts';
import type { ServiceInstance } from '../kit/contract.ts';
import { createServer, type CacheServer, type ItemsCopy } from './server.ts';
import type { WorkerStart } from './worker-protocol.ts';

/** What a started cache is, wherever it runs. */
export type RunningCache = Omit<ServiceInstance, 'endpoint' | 'engine'> & { readonly port: number };

/** @throws the system's error, e.g. with code `EADDRINUSE` */
export async function startHere({ settings, users, ...where }: WorkerStart): Promise<RunningCache> {
  const server = await createServer({ ...settings, ...where, ...(settings.sasl ? { users } : {}) });
  return {
    port: server.port,
    // It ends with the thread, and the thread with whoever would be told.
    failed: new Promise<never>(() => {}),
    stats: async () => server.stats(),
    reset: async () => server.reset(),
    openConsole: (path) => server.openConsole(path),
    copy: async () => {
      let copy: ItemsCopy | undefined = await server.copy();
      return {
        restore: async () => copy?.restore(),
        [Symbol.asyncDispose]: async () => void (copy = undefined),
      };
    },
    cache: handleOf(server),
    faults: {
      apply: async (fault) => (await server.faults()).apply(fault),
      active: async () => (await server.faults()).active(),
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function handleOf(server: CacheServer): CacheHandle {
  return {
    get: async (key) => server.get(key),
    set: async (key, value, options) => server.set(key, value, options),
    delete: async (key) => server.delete(key),
    entries: async () => [...server.entries()],
    record: (on) => server.record(on),
    commands: async () => server.commands(),
  };
}
