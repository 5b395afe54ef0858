import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '../kit/deferred.ts';
import type { Fault, Faults } from '../kit/faults.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

/** A cache's heap holds sockets and little else; items live outside it. */
const HEAP_MB = 64;
const YOUNG_HEAP_MB = 4;
const STOP_MS = 2_000;

type FaultAnswer = Extract<FromWorker, { kind: 'fault' }>;

/** A cache server in a thread of its own. */
export interface WorkerCache {
  readonly port: number;
  /** Rejects if the thread ends without having been told to. */
  readonly failed: Promise<never>;
  stats(): Promise<Readonly<Record<string, string | number>>>;
  /** Forgets all items. */
  flush(): Promise<void>;
  readonly faults: Faults;
  /** See `CacheServer.openConsole`. */
  openConsole(path: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a cache in a worker thread, so that a busy cache does not slow the thread that routes requests.
 * @throws the system's error, e.g. with code `EADDRINUSE`
 */
export async function startWorkerCache(start: WorkerStart, signal?: AbortSignal): Promise<WorkerCache> {
  signal?.throwIfAborted();
  const worker = createWorker(start);
  const listening = deferred<number>();
  const failed = deferred<never>();
  failed.promise.catch(() => {}); // whoever cares has the promise
  const pending = new Map<number, Deferred<Readonly<Record<string, string | number>>>>();
  let stopping = false;
  let lastId = 0;

  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'listening') listening.resolve(message.port);
    else if (message.kind === 'stats') pending.get(message.id)?.resolve(message.stats);
    else if (message.kind === 'fault') faultAnswers.get(message.id)?.resolve(message);
    else if (message.kind === 'console') settleConsole(message.id, message.problem);
    else listening.reject(Object.assign(new Error(message.message), { code: message.code }));
  });
  const faultAnswers = new Map<number, Deferred<FaultAnswer>>();
  const askFault = async (fault: Fault | undefined): Promise<FaultAnswer> => {
    const id = ++lastId;
    const answer = deferred<FaultAnswer>();
    faultAnswers.set(id, answer);
    worker.postMessage({ kind: 'fault', id, fault } satisfies ToWorker);
    const said = await answer.promise.finally(() => faultAnswers.delete(id));
    if (said.problem !== undefined) throw new Error(said.problem);
    return said;
  };
  const consoles = new Map<number, Deferred<void>>();
  const settleConsole = (id: number, problem: string | undefined) => {
    if (problem === undefined) consoles.get(id)?.resolve();
    else consoles.get(id)?.reject(new Error(problem));
  };
  const ended = new Promise<void>((resolve) => {
    let cause: unknown;
    worker.on('error', (error) => (cause = error));
    worker.on('exit', () => {
      const error = new Error('The thread of the cache ended', { cause });
      listening.reject(error);
      for (const request of [...pending.values(), ...consoles.values(), ...faultAnswers.values()])
        request.reject(error);
      if (!stopping) failed.reject(error);
      resolve();
    });
  });

  const ask = (flush: boolean) => {
    const id = ++lastId;
    const answer = deferred<Readonly<Record<string, string | number>>>();
    pending.set(id, answer);
    worker.postMessage({ kind: 'stats', id, flush } satisfies ToWorker);
    return answer.promise.finally(() => pending.delete(id));
  };
  const stop = async () => {
    stopping = true;
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  const abort = () => listening.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const port = await listening.promise;
    return {
      port,
      failed: failed.promise,
      stats: () => ask(false),
      flush: async () => void (await ask(true)),
      faults: {
        apply: async (fault) => (await askFault(fault)).count,
        active: async () => (await askFault(undefined)).active,
      },
      openConsole(path) {
        const id = ++lastId;
        const opened = deferred<void>();
        consoles.set(id, opened);
        worker.postMessage({ kind: 'console', id, path } satisfies ToWorker);
        return opened.promise.finally(() => consoles.delete(id));
      },
      stop,
    };
  } catch (error) {
    stopping = true;
    await worker.terminate();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function createWorker(start: WorkerStart): Worker {
  const options = {
    workerData: start,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  };
  const file = builtWorker();
  if (file) return new Worker(file, options);
  // From source: the thread learns to read TypeScript before it loads the same file.
  const source = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const bootstrap = `
    import('tsx/esm/api')
      .then(({ register }) => { register(); return import(${source}); })
      .catch((error) => setImmediate(() => { throw error; }));
  `;
  return new Worker(bootstrap, { ...options, eval: true });
}

/**
 * The built worker, or undefined when running from source. Bundling may have put this module beside it, or
 * into a folder of shared chunks or another entry's folder next to `services`.
 */
function builtWorker(): URL | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const candidates = [
    './worker.cjs',
    '../services/memcached/worker.cjs',
    '../../services/memcached/worker.cjs',
  ];
  const urls = candidates.map((candidate) => new URL(candidate, import.meta.url));
  return urls.find((url) => existsSync(url)) ?? urls[0];
}
