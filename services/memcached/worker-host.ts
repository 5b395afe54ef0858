import { deferred, type Deferred } from '../kit/deferred.ts';
import type { Fault, Faults } from '../kit/faults.ts';
import { holdCacheThread } from './cache-thread.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-protocol.ts';

const STOP_MS = 2_000;

type FaultAnswer = Extract<FromWorker, { kind: 'fault' }>;

/** A cache server in the thread of caches. */
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
  const thread = holdCacheThread();
  const cache = thread.begin(start);
  const listening = deferred<number>();
  const failed = deferred<never>();
  failed.promise.catch(() => {}); // whoever cares has the promise
  const pending = new Map<number, Deferred<Readonly<Record<string, string | number>>>>();
  let stopping = false;
  let lastId = 0;

  let refused = false;
  const refuse = ({ message, code }: Extract<FromWorker, { kind: 'not-listening' }>) => {
    refused = true;
    listening.reject(Object.assign(new Error(message), { code }));
  };
  cache.on('message', (message: FromWorker) => {
    if (message.kind === 'listening') listening.resolve(message.port);
    else if (message.kind === 'stats') pending.get(message.id)?.resolve(message.stats);
    else if (message.kind === 'fault') faultAnswers.get(message.id)?.resolve(message);
    else if (message.kind === 'console') settleConsole(message.id, message.problem);
    else refuse(message);
  });
  const faultAnswers = new Map<number, Deferred<FaultAnswer>>();
  const askFault = async (fault: Fault | undefined): Promise<FaultAnswer> => {
    const id = ++lastId;
    const answer = deferred<FaultAnswer>();
    faultAnswers.set(id, answer);
    cache.postMessage({ kind: 'fault', id, fault } satisfies ToWorker);
    const said = await answer.promise.finally(() => faultAnswers.delete(id));
    if (said.problem !== undefined) throw new Error(said.problem);
    return said;
  };
  const consoles = new Map<number, Deferred<void>>();
  const settleConsole = (id: number, problem: string | undefined) => {
    if (problem === undefined) consoles.get(id)?.resolve();
    else consoles.get(id)?.reject(new Error(problem));
  };
  const closed = new Promise((resolve) => cache.once('close', resolve));
  const ended = closed.then(async () => {
    // By itself it closes only with the thread, which tells why a moment later.
    if (!stopping && !refused) await thread.ended;
    const error = new Error('The thread of the cache ended', { cause: thread.failure });
    listening.reject(error);
    for (const request of [...pending.values(), ...consoles.values(), ...faultAnswers.values()])
      request.reject(error);
    if (!stopping) failed.reject(error);
  });

  const ask = (flush: boolean) => {
    const id = ++lastId;
    const answer = deferred<Readonly<Record<string, string | number>>>();
    pending.set(id, answer);
    cache.postMessage({ kind: 'stats', id, flush } satisfies ToWorker);
    return answer.promise.finally(() => pending.delete(id));
  };
  const stop = async () => {
    stopping = true;
    cache.postMessage({ kind: 'stop' } satisfies ToWorker);
    const timer = setTimeout(() => void thread.terminate(), STOP_MS);
    await ended;
    clearTimeout(timer);
    await thread[Symbol.asyncDispose]();
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
        cache.postMessage({ kind: 'console', id, path } satisfies ToWorker);
        return opened.promise.finally(() => consoles.delete(id));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
