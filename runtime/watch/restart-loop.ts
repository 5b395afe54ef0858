/**
 * Notices an app that writes into its own watched folder: the same file, or new files in the same folder, again and
 * again, soon after each restart. Such a path is left out for a while. Left alone for long enough it counts again, and
 * what was changed last is made up for: it may have been a person who saved often. Pure but for what it remembers.
 */
import { dirname } from 'node:path/posix';

/** A change within this after a restart may be the restart's own doing. */
const SOON_MS = 4000;
/** So many restarts in a row for one file are allowed … */
const FILE_RESTARTS = 5;
/** … and so many for new files in one folder, which programs that make projects do as well. */
const FOLDER_RESTARTS = 8;
/** A path that is left out counts again when it was left alone for this, twice as long each time … */
const FIRST_QUIET_MS = 10_000;
/** … until it has got so many chances. */
const CHANCES = 3;

/** What is remembered of paths that are not left out; the oldest is forgotten first. */
const REMEMBERED = 10_000;

/** Relative to the watched folder, with `/`. */
export interface FileChange {
  readonly file: string;
  /** It was not there before. */
  readonly created: boolean;
}

export interface Verdict {
  /** In the order given. */
  readonly heeded: readonly string[];
  /** Left out from now on, and for how long they have to be left alone; undefined: until they are watched anew. */
  readonly paused: readonly { readonly path: string; readonly quietMs: number | undefined }[];
}

interface Path {
  /** How many restarts in a row it has caused, each soon after the one before. */
  restarts: number;
  /** After which restart it was seen last. */
  turn: number;
  /** How often it was left out so far. */
  strikes: number;
  paused: boolean;
  /** The last change while it was left out. */
  last: { readonly file: string; readonly at: number } | undefined;
}

export class RestartLoop {
  /** By file, and by folder for what is new in it: `folder/*`. */
  readonly #paths = new Map<string, Path>();
  /** What came to be in a folder whose new files are left out: its edits are left out too. */
  readonly #passing = new Set<string>();
  /** How many restarts there were. */
  #turn = 0;
  #restartedMs = Number.NEGATIVE_INFINITY;

  /** What the last change caused is done. */
  restarted(nowMs: number): void {
    this.#turn += 1;
    this.#restartedMs = nowMs;
    for (const [key, path] of this.#paths) {
      if (this.#paths.size <= REMEMBERED) break;
      if (!path.paused && path.turn < this.#turn - 1) this.#paths.delete(key);
    }
  }

  /** @param changes those of one batch, which cause one restart */
  seen(changes: readonly FileChange[], nowMs: number): Verdict {
    const heeded: string[] = [];
    const paused: Verdict['paused'][number][] = [];
    for (const { file, created } of changes) {
      const keys = created ? [newIn(file), file] : [file];
      let left = this.#passing.has(file);
      for (const key of keys) {
        const path = this.#path(key);
        if (!path.paused && this.#isLoop(path, key === file ? FILE_RESTARTS : FOLDER_RESTARTS, nowMs)) {
          path.paused = true;
          path.strikes += 1;
          paused.push({ path: key, quietMs: quietMs(path) });
        }
        if (!path.paused) continue;
        path.last = { file, at: nowMs };
        left = true;
        if (key === file) continue;
        if (this.#passing.size < REMEMBERED) this.#passing.add(file);
        break;
      }
      if (!left) heeded.push(file);
    }
    return { heeded, paused };
  }

  /** When `resumed` should be asked next; undefined while nothing is left out that may come back. */
  nextMs(): number | undefined {
    const times = [...this.#paths.values()].flatMap((path) => dueAt(path) ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Those that count again from now on, each with the file in it that was changed last. */
  resumed(nowMs: number): readonly { readonly path: string; readonly file: string }[] {
    const back: { path: string; file: string }[] = [];
    for (const [key, path] of this.#paths) {
      const due = dueAt(path);
      if (due === undefined || due > nowMs) continue;
      back.push({ path: key, file: path.last!.file });
      path.paused = false;
      path.restarts = 1;
      path.turn = this.#turn;
      path.last = undefined;
      for (const file of this.#passing) if (newIn(file) === key) this.#passing.delete(file);
    }
    return back;
  }

  #isLoop(path: Path, allowed: number, nowMs: number): boolean {
    // One batch, or several before anything came of them: they cause one restart.
    if (path.turn === this.#turn) return false;
    const again = path.turn === this.#turn - 1 && nowMs - this.#restartedMs < SOON_MS;
    // It has behaved.
    if (!again) path.strikes = 0;
    path.restarts = again ? path.restarts + 1 : 1;
    path.turn = this.#turn;
    // Who did it before is believed the first time.
    return path.restarts > (path.strikes > 0 ? 1 : allowed);
  }

  #path(key: string): Path {
    let path = this.#paths.get(key);
    if (!path)
      this.#paths.set(key, (path = { restarts: 0, turn: -1, strikes: 0, paused: false, last: undefined }));
    return path;
  }
}

function newIn(file: string): string {
  const folder = dirname(file);
  return folder === '.' ? '*' : `${folder}/*`;
}

function quietMs({ strikes }: Path): number | undefined {
  return strikes > CHANCES ? undefined : FIRST_QUIET_MS * 2 ** (strikes - 1);
}

function dueAt(path: Path): number | undefined {
  const quiet = quietMs(path);
  return path.paused && path.last && quiet !== undefined ? path.last.at + quiet : undefined;
}
