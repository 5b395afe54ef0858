/** Events of files → what is handed over as one, once things are quiet. */

/** After the last event; a burst of saves is one batch. */
const QUIET_MS = 100;
/** New files of one folder are told of once a second, so those of one burst may come that far apart. */
const NEW_QUIET_MS = 1100;
/** A batch is handed over at the latest after this, however busy the folder is. */
const MAX_QUIET_MS = 3000;

export interface WatchedChange {
  /** Absolute. */
  readonly file: string;
  /** It was not there before. */
  readonly created: boolean;
}

interface Seen {
  /** The first that was seen of it was its coming. */
  readonly created: boolean;
  /** The last that was seen of it was its end. */
  readonly gone: boolean;
}

export class Batch {
  readonly #deliver: (changes: readonly WatchedChange[]) => void;
  #files = new Map<string, Seen>();
  #anyCreated = false;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;

  constructor(deliver: (changes: readonly WatchedChange[]) => void) {
    this.#deliver = deliver;
  }

  /** @param event as chokidar calls it */
  add(file: string, event: string): void {
    const now = performance.now();
    if (this.#files.size === 0) this.#since = now;
    const created = event === 'add';
    this.#files.set(file, { created: this.#files.get(file)?.created ?? created, gone: event === 'unlink' });
    clearTimeout(this.#timer);
    this.#anyCreated ||= created;
    const quietMs = this.#anyCreated ? NEW_QUIET_MS : QUIET_MS;
    this.#timer = setTimeout(
      () => this.#flush(),
      Math.min(quietMs, Math.max(0, this.#since + MAX_QUIET_MS - now)),
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#files.clear();
  }

  #flush(): void {
    const changes = [...this.#files].flatMap(([file, { created, gone }]) =>
      // What came and went meanwhile is what an editor writes before it takes the place of the file.
      created && gone ? [] : [{ file, created }],
    );
    this.#files = new Map();
    this.#anyCreated = false;
    if (changes.length > 0) this.#deliver(changes);
  }
}
