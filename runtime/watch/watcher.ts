/** Folders → batches of changed files, once things are quiet. chokidar is loaded when the first folder is watched. */
import { relative, sep } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { ignoreFilter } from './ignore.ts';

/** After the last event; a burst of saves is one batch. */
const QUIET_MS = 100;
/** A batch is handed over at the latest after this, however busy the folder is. */
const MAX_QUIET_MS = 2000;
const POLL_MS = 300;

export interface WatchOptions {
  readonly root: string;
  /** Files outside `root`, or to be seen although ignored: absolute. */
  readonly files: readonly string[];
  readonly ignores: readonly string[];
  /** Absolute paths, in the order seen, each once. Batches do not overlap. */
  readonly onBatch: (files: readonly string[]) => void;
  /** Said once when the system's watch limit is reached and polling is used instead. */
  readonly onDegraded: (message: string) => void;
}

/** Resolves when watching. */
export async function watch(options: WatchOptions): Promise<AsyncDisposable> {
  const batch = new Batch(options.onBatch);
  let closed = false;
  let current = await open(options, batch, false, () => void degrade());

  async function degrade(): Promise<void> {
    options.onDegraded(
      'the system allows no more file watches, so files are looked at every 300 ms instead; raise the limit with: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
    );
    await current.close();
    if (!closed) current = await open(options, batch, true, () => {});
  }

  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      batch.close();
      await current.close();
    },
  };
}

async function open(
  options: WatchOptions,
  batch: Batch,
  polling: boolean,
  onLimit: () => void,
): Promise<FSWatcher> {
  const { watch: chokidarWatch } = await import('chokidar');
  const ignored = ignoreFilter(options.ignores);
  const always = new Set(options.files);
  let limited = false;
  const watcher = chokidarWatch([options.root, ...options.files], {
    ignoreInitial: true,
    followSymlinks: false,
    usePolling: polling,
    interval: POLL_MS,
    ignored: (path) => {
      if (always.has(path) || path === options.root) return false;
      const inside = relative(options.root, path);
      return inside.startsWith('..') || ignored(inside.split(sep).join('/'));
    },
  });
  watcher.on('all', (_event, path) => batch.add(path));
  await new Promise<void>((resolve) => {
    watcher.once('ready', resolve);
    watcher.on('error', (error) => {
      const { code } = error as NodeJS.ErrnoException;
      if ((code === 'ENOSPC' || code === 'EMFILE') && !limited && !polling) {
        limited = true;
        resolve();
        onLimit();
      }
    });
  });
  return watcher;
}

class Batch {
  readonly #deliver: (files: readonly string[]) => void;
  #files = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #since = 0;

  constructor(deliver: (files: readonly string[]) => void) {
    this.#deliver = deliver;
  }

  add(file: string): void {
    const now = performance.now();
    if (this.#files.size === 0) this.#since = now;
    this.#files.add(file);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#flush(),
      Math.min(QUIET_MS, Math.max(0, this.#since + MAX_QUIET_MS - now)),
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#files.clear();
  }

  #flush(): void {
    const files = [...this.#files];
    this.#files = new Set();
    if (files.length > 0) this.#deliver(files);
  }
}
