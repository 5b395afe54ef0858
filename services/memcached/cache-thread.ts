/**
 * The thread that the caches of this process live in: one for all, made for the first and ended after the last.
 * A thread of their own costs 40 ms to start and 10 MiB; a further cache in it costs 3 ms and next to nothing.
 */
import { existsSync } from 'node:fs';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { ToThread, WorkerStart } from './worker-protocol.ts';

/** The heap holds sockets and little else; items live outside it. */
const HEAP_MB = 128;
const YOUNG_HEAP_MB = 4;

/** Keeps the thread until disposed. */
export interface ThreadHold extends AsyncDisposable {
  /** Has the thread begin a cache. @returns where that is talked to; closed from there when it is no more */
  begin(start: WorkerStart): MessagePort;
  /** Ends the thread with all its caches: one of them hangs, and so do the others. */
  terminate(): Promise<void>;
  readonly ended: Promise<void>;
  /** Why the thread ended by itself, where that is known. */
  readonly failure: unknown;
}

class CacheThread {
  failure: unknown;
  holds = 0;
  readonly #worker = createWorker();
  readonly ended: Promise<void>;

  constructor() {
    this.#worker.on('error', (error) => (this.failure = error));
    this.ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    void this.ended.then(() => forget(this));
    // Its caches keep the process alive, each by what it is talked to with; without any it must not.
    this.#worker.unref();
  }

  begin(start: WorkerStart): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ start, port: port2 } satisfies ToThread, [port2]);
    return port1;
  }

  async terminate(): Promise<void> {
    forget(this);
    this.#worker.ref();
    await this.#worker.terminate();
    await this.ended;
  }
}

let current: CacheThread | undefined;

function forget(thread: CacheThread): void {
  if (current === thread) current = undefined;
}

/** The thread, begun if there is none. */
export function holdCacheThread(): ThreadHold {
  const thread = (current ??= new CacheThread());
  thread.holds += 1;
  let held = true;
  return {
    begin: (start) => thread.begin(start),
    terminate: () => thread.terminate(),
    ended: thread.ended,
    get failure() {
      return thread.failure;
    },
    async [Symbol.asyncDispose]() {
      if (!held) return;
      held = false;
      thread.holds -= 1;
      if (thread.holds === 0) await thread.terminate();
    },
  };
}

function createWorker(): Worker {
  const options = {
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
