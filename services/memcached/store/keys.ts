import type { Arena } from './arena.ts';
import type { HashIndex } from './hash-index.ts';

/** Keys noted at once. */
const NOTES_MAX = 1024;
/** The least byte of a word of the protocol, and the highest bit of a byte, four times in a word. */
const LEAST_BYTES = 0x21212121;
const HIGH_BITS = 0x80808080;

/**
 * Hashes keys, and keeps the hashes of those that the chunk being served will ask for: a look ahead over the chunk notes
 * them, so that their items can be fetched together, and each key is measured and hashed once.
 */
export class Keys {
  readonly #arena: Arena;
  readonly #seed: number;
  readonly #at = new Int32Array(NOTES_MAX);
  readonly #length = new Int32Array(NOTES_MAX);
  readonly #hash = new Int32Array(NOTES_MAX);
  /** What the index finds for them, for the time of `fetch`. */
  readonly #found = new Int32Array(NOTES_MAX);
  #notes = 0;
  /** The first note that may still be asked for: keys are asked for in the order they lie in. */
  #next = 0;

  /** @param seed differs per store, so that nobody can prepare keys that collide */
  constructor(arena: Arena, seed: number) {
    this.#arena = arena;
    this.#seed = seed | 0;
  }

  /** Hash of the key at `at`. */
  hash(at: number, length: number): number {
    return this.lengthAt(at) === length ? this.#hash[this.#next]! : this.#compute(at, length);
  }

  /** Length of the key noted at `at`, or 0. */
  lengthAt(at: number): number {
    const last = this.#notes - 1;
    if (last < 0 || at > this.#at[last]!) return 0;
    let next = this.#next;
    while (this.#at[next]! < at) next++;
    this.#next = next;
    return this.#at[next] === at ? this.#length[next]! : 0;
  }

  /**
   * Notes a key that will be looked for soon, behind those noted before. It must not change until `forget`.
   * @returns false if no more can be noted
   */
  note(at: number, length: number): boolean {
    return this.#add(at, length, this.#compute(at, length));
  }

  /**
   * Notes the key that goes from here to the first space or control character; there must be one. Four bytes are looked
   * at together.
   * @returns its length; 0 if there is none, or no more can be noted
   */
  noteWord(at: number): number {
    const { view } = this.#arena;
    let hash = this.#seed;
    let i = at;
    let word = view.getInt32(i, true);
    let ends = endsIn(word);
    while (ends === 0) {
      hash = mix(hash, word);
      i += 4;
      word = view.getInt32(i, true);
      ends = endsIn(word);
    }
    // The lowest bit that is set belongs to the first byte that ends the key; higher ones may be wrong.
    const rest = (31 - Math.clz32(ends & -ends)) >> 3;
    if (rest > 0) hash = mix(hash, word & firstBytes(rest));
    const length = i + rest - at;
    return length > 0 && this.#add(at, length, finish(hash, length)) ? length : 0;
  }

  /** Fetches what will be needed to find the noted keys. */
  fetch(index: HashIndex): void {
    if (this.#notes > 1) index.touch(this.#hash, this.#notes, this.#found);
  }

  /** Drops all notes. */
  forget(): void {
    this.#notes = 0;
    this.#next = 0;
  }

  #add(at: number, length: number, hash: number): boolean {
    const note = this.#notes;
    if (note === NOTES_MAX) return false;
    this.#notes = note + 1;
    this.#at[note] = at;
    this.#length[note] = length;
    this.#hash[note] = hash;
    return true;
  }

  #compute(at: number, length: number): number {
    const { view } = this.#arena;
    let hash = this.#seed;
    let i = at;
    for (const end = at + length - 3; i < end; i += 4) hash = mix(hash, view.getInt32(i, true));
    const rest = at + length - i;
    if (rest > 0) hash = mix(hash, view.getInt32(i, true) & firstBytes(rest));
    return finish(hash, length);
  }
}

/** Not 0 if one of the four bytes is a space or below. */
function endsIn(word: number): number {
  return (word - LEAST_BYTES) & ~word & HIGH_BITS;
}

/** Picks so many bytes, fewer than four, of a little-endian word. */
function firstBytes(count: number): number {
  return (1 << (count * 8)) - 1;
}

/**
 * Two multiplications: behind one, the difference that a changed highest bit makes is always the same, whatever the seed,
 * and the next word could make up for it. Any number of keys with one hash could be made like that.
 */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x5bd1e995);
  return Math.imul(mixed ^ (mixed >>> 15), 0x1b873593);
}

function finish(hash: number, length: number): number {
  let last = hash ^ length;
  last ^= last >>> 13;
  last = Math.imul(last, 0x5bd1e995);
  return last ^ (last >>> 15);
}
