import type { ContentCopy } from '../kit/contract.ts';
import { deferred, type Deferred } from '../kit/deferred.ts';
import type { Faults } from '../kit/faults.ts';
import { holdCacheThread } from './cache-thread.ts';
import type { Answer, Answers, FromWorker, Request, ToWorker, WorkerStart } from './worker-protocol.ts';

const STOP_MS = 2_000;

/** A cache server in the thread of caches. */
export interface WorkerCache {
  readonly port: number;
  /** Rejects if the thread ends without having been told to. */
  readonly failed: Promise<never>;
  stats(): Promise<Readonly<Record<string, string | number>>>;
  /** As new. */
  reset(): Promise<void>;
  /** Kept in the thread. */
  copy(): Promise<ContentCopy>;
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
  const pending = new Map<number, Deferred<Answer>>();
  let stopping = false;
  let over: Error | undefined;
  let lastId = 0;

  let refused = false;
  const refuse = ({ message, code }: Extract<FromWorker, { kind: 'not-listening' }>) => {
    refused = true;
    listening.reject(Object.assign(new Error(message), { code }));
  };
  cache.on('message', (message: FromWorker) => {
    if (message.kind === 'listening') listening.resolve(message.port);
    else if (message.kind === 'answer') pending.get(message.id)?.resolve(message.answer);
    else if (message.kind === 'problem') pending.get(message.id)?.reject(new Error(message.message));
    else refuse(message);
  });
  const ask = async <K extends Request['kind']>(
    request: Request & { readonly kind: K },
  ): Promise<Answers[K]> => {
    if (over) throw over;
    const id = ++lastId;
    const answer = deferred<Answer>();
    pending.set(id, answer);
    cache.postMessage({ kind: 'request', id, request } satisfies ToWorker);
    return (await answer.promise.finally(() => pending.delete(id))) as Answers[K];
  };
  const closed = new Promise((resolve) => cache.once('close', resolve));
  const ended = closed.then(async () => {
    // By itself it closes only with the thread, which tells why a moment later.
    if (!stopping && !refused) await thread.ended;
    over = new Error('The thread of the cache ended', { cause: thread.failure });
    listening.reject(over);
    for (const request of pending.values()) request.reject(over);
    if (!stopping) failed.reject(over);
  });
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
      stats: () => ask({ kind: 'stats' }),
      reset: () => ask({ kind: 'reset' }),
      copy: async () => {
        const copy = await ask({ kind: 'copy' });
        return {
          restore: () => ask({ kind: 'restore', copy }),
          // With the thread it is gone as well.
          [Symbol.asyncDispose]: () => (over ? Promise.resolve() : ask({ kind: 'forget', copy })),
        };
      },
      faults: {
        apply: async (fault) => (await ask({ kind: 'fault', fault })).count,
        active: async () => (await ask({ kind: 'fault', fault: undefined })).active,
      },
      openConsole: (path) => ask({ kind: 'console', path }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
