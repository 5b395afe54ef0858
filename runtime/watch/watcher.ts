/** Folders → batches of changed files, once things are quiet. chokidar is loaded when the first folder is watched. */
import { relative, sep } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { deferred } from '../../services/kit/deferred.ts';
import { Batch, type WatchedChange } from './batch.ts';
import { ignoreFilter } from './ignore.ts';

const POLL_MS = 300;

export interface WatchOptions {
  readonly root: string;
  /** Files outside `root`, or to be seen although ignored: absolute. */
  readonly files: readonly string[];
  readonly ignores: readonly string[];
  /** In the order seen, each file once. Batches do not overlap. */
  readonly onBatch: (changes: readonly WatchedChange[]) => void;
  /** Said once when the system's watch limit is reached and polling is used instead. */
  readonly onDegraded: (message: string) => void;
  /** Cuts the opening short. */
  readonly signal?: AbortSignal;
}

/**
 * Resolves when watching.
 * @throws the signal's reason; a large folder may take long to be looked through
 */
export async function watch(options: WatchOptions): Promise<AsyncDisposable> {
  const { signal } = options;
  signal?.throwIfAborted();
  const watching = new FolderWatch(options);
  const cut = deferred<never>();
  const abort = (): void => cut.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([watching.open(), cut.promise]);
    return watching;
  } catch (error) {
    await watching[Symbol.asyncDispose]();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

class FolderWatch implements AsyncDisposable {
  readonly #options: WatchOptions;
  readonly #batch: Batch;
  #watcher: FSWatcher | undefined;
  /** Set once the system has refused more watches: resolves when polling has taken over. */
  #polling: Promise<void> | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#batch = new Batch(options.onBatch);
  }

  async open(): Promise<void> {
    await this.#start({ usePolling: false });
    await this.#polling;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#batch.close();
    await this.#watcher?.close();
  }

  async #start(how: { readonly usePolling: boolean }): Promise<void> {
    const { watch: chokidarWatch } = await import('chokidar');
    if (this.#closed) return;
    const { root, files, ignores } = this.#options;
    const ignored = ignoreFilter(ignores);
    const always = new Set(files);
    const watcher = chokidarWatch([root, ...files], {
      ...how,
      ignoreInitial: true,
      followSymlinks: false,
      interval: POLL_MS,
      ignored: (path) => {
        if (always.has(path) || path === root) return false;
        const inside = relative(root, path);
        return inside.startsWith('..') || ignored(inside.split(sep).join('/'));
      },
    });
    this.#watcher = watcher;
    watcher.on('all', (event, path) => this.#batch.add(path, event));
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve);
      watcher.on('error', (error) => {
        const { code } = error as NodeJS.ErrnoException;
        if (how.usePolling || (code !== 'ENOSPC' && code !== 'EMFILE')) return;
        this.#polling ??= this.#poll(watcher);
        resolve();
      });
    });
  }

  async #poll(refused: FSWatcher): Promise<void> {
    this.#options.onDegraded(
      'the system allows no more file watches, so files are looked at every 300 ms instead; raise the limit with: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
    );
    await refused.close();
    await this.#start({ usePolling: true });
  }
}
