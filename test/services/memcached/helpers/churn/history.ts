/** What was asked and answered about each key, and which values may therefore still be seen. */

import { blocksOf } from './values.ts';

const NOT_YET = Number.POSITIVE_INFINITY;
/** Changes of a key that are remembered. */
const REMEMBERED = 200;

/** Something that makes what was there before invisible: a set, a delete, a flush. */
export interface Change {
  readonly version: number;
  /** What was asked for, in a word. */
  readonly what: string;
  readonly asked: number;
  answered: number;
}

/**
 * Tells values that may be seen from those that may not. A value may not be seen once something that was asked after it
 * was stored had made it invisible before the question was asked.
 */
export class History {
  #moment = 0;
  #version = 0;
  readonly #changes = new Map<string, Change[]>();
  readonly #ofVersion = new Map<number, Change>();
  /** Versions that were refused: nobody may see them. */
  readonly #refused = new Set<number>();

  /** A moment later than all before. */
  now(): number {
    return ++this.#moment;
  }

  nextVersion(): number {
    return ++this.#version;
  }

  /** Something that changes this key is asked for. */
  asked(key: string, what: string, version = this.nextVersion()): Change {
    const change: Change = { version, what, asked: this.now(), answered: NOT_YET };
    const changes = this.#changes.get(key) ?? [];
    changes.push(change);
    if (changes.length > REMEMBERED) this.#ofVersion.delete(changes.shift()!.version);
    this.#changes.set(key, changes);
    this.#ofVersion.set(version, change);
    return change;
  }

  done(change: Change): void {
    change.answered = this.now();
  }

  /** It changed nothing, and what it would have stored is nowhere. */
  withdrawn(key: string, change: Change): void {
    const changes = this.#changes.get(key)!;
    const at = changes.indexOf(change);
    if (at >= 0) changes.splice(at, 1);
    this.#refused.add(change.version);
  }

  /** Nothing with this version was stored. */
  refused(version: number): void {
    this.#refused.add(version);
  }

  /**
   * Asserts that a value may be what a question of that moment is answered with.
   * @throws Error if not
   */
  check(key: string, value: Buffer, asked: number): void {
    const blocks = blocksOf(key, value);
    const refused = blocks.find(({ version }) => this.#refused.has(version));
    if (refused) throw new Error(`${key} has version ${refused.version}, which was refused`);
    const { version } = blocks.find(({ kind }) => kind === 'S')!;
    const stored = this.#ofVersion.get(version);
    if (!stored) return; // so old that it is forgotten
    const later = this.#changes.get(key)!.find((one) => one.asked > stored.answered && one.answered < asked);
    if (later)
      throw new Error(
        `${key} has version ${version}, though a ${later.what} (${later.version}) came after it`,
      );
  }
}
