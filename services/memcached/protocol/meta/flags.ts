import * as E from './errors.ts';
import * as L from './letters.ts';
import { KEY_SCRATCH_AT } from '../../store/arena.ts';
import { int32, uint32, uint64 } from '../numbers.ts';
import type { Line } from '../text/line.ts';
import type { Store } from '../../store/store.ts';

/** The opaque token, its letter included. */
export const OPAQUE_MAX = 32;
const LETTERS_MAX = 127;
const LOWER_A = 0x61;
const UPPER_A = 0x41;

/**
 * The flags of one meta request. One instance is reused for every request. Which letters were given is kept
 * as two sets of bits; values of flags that were not given are as `read` left them at its beginning.
 */
export class MetaFlags {
  /** Where the key lies: in the line, or decoded. */
  keyAt = 0;
  keyLength = 0;
  /** N: deadline of an item created on a miss. */
  createUntil = 0;
  /** T: new deadline. */
  expires = 0;
  /** R: deadline below which the item is to be refreshed. */
  refreshBefore = 0;
  /** F */
  clientFlags = 0;
  /** C: CAS to compare with. E: CAS to set. */
  compareCas = 0n;
  explicitCas = 0n;
  /** M: one letter, 0 if not given. */
  mode = 0;
  /** Told apart from other mistakes, since commands look at it at different times. */
  opaqueTooLong = false;
  /** D, J */
  delta = 1n;
  initial = 0n;
  #lower = 0;
  #upper = 0;

  /** Whether the flag with this letter was given. */
  has(letter: number): boolean {
    return letter >= LOWER_A
      ? (this.#lower & (1 << (letter - LOWER_A))) !== 0
      : (this.#upper & (1 << (letter - UPPER_A))) !== 0;
  }

  /**
   * Reads the flags that begin at word `from`, and the key, which is the second word.
   * @returns the line to answer with if something is wrong
   */
  read(store: Store, line: Line, from: number): Uint8Array | undefined {
    this.#lower = 0;
    this.#upper = 0;
    this.keyAt = line.at[1]!;
    this.keyLength = line.length[1]!;
    this.expires = 0;
    this.createUntil = 0;
    this.refreshBefore = 0;
    this.clientFlags = 0;
    this.mode = 0;
    this.opaqueTooLong = false;
    this.compareCas = 0n;
    this.explicitCas = 0n;
    this.delta = 1n;
    this.initial = 0n;
    const { bytes } = store.arena;
    let error: Uint8Array | undefined;
    for (let i = from; i < line.count; i++) {
      const letter = bytes[line.at[i]!]!;
      if (letter >= LETTERS_MAX) return E.DUPLICATE_FLAG;
      const lower = letter >= LOWER_A;
      const bit = letter - (lower ? LOWER_A : UPPER_A);
      if (bit < 0 || bit > 25) return E.INVALID_FLAG;
      if (((lower ? this.#lower : this.#upper) & (1 << bit)) !== 0) return E.DUPLICATE_FLAG;
      if (lower) this.#lower |= 1 << bit;
      else this.#upper |= 1 << bit;
      const problem = this.#readFlag(store, line, i, letter);
      if (problem === E.INVALID_FLAG) return problem;
      error = problem ?? error;
    }
    return error;
  }

  #readFlag(store: Store, line: Line, index: number, letter: number): Uint8Array | undefined {
    switch (letter) {
      case L.BASE64:
        return this.#decodeKey(store, line);
      case L.CREATE:
      case L.SET_TTL:
      case L.RECACHE: {
        const exptime = int32(token(line, index));
        if (exptime === undefined) return E.BAD_TOKEN;
        const deadline = store.clock.deadline(exptime);
        if (letter === L.CREATE) this.createUntil = deadline;
        else if (letter === L.SET_TTL) this.expires = deadline;
        else this.refreshBefore = deadline;
        return undefined;
      }
      case L.SET_FLAGS: {
        const flags = uint32(token(line, index));
        if (flags === undefined) return E.BAD_FORMAT;
        this.clientFlags = flags | 0;
        return undefined;
      }
      case L.COMPARE_CAS:
      case L.EXPLICIT_CAS: {
        const cas = uint64(token(line, index));
        if (cas === undefined) return E.BAD_TOKEN;
        if (letter === L.COMPARE_CAS) this.compareCas = cas;
        else this.explicitCas = cas;
        return undefined;
      }
      case L.MODE:
        if (line.length[index] !== 2) return E.BAD_MODE_LENGTH;
        this.mode = store.arena.bytes[line.at[index]! + 1]!;
        return undefined;
      case L.INITIAL:
      case L.DELTA: {
        const number = uint64(token(line, index));
        if (number === undefined) return letter === L.INITIAL ? E.BAD_INITIAL : E.BAD_DELTA;
        if (letter === L.INITIAL) this.initial = number;
        else this.delta = number;
        return undefined;
      }
      case L.OPAQUE:
        this.opaqueTooLong = line.length[index]! > OPAQUE_MAX;
        return undefined;
      case L.CAS:
      case L.CLIENT_FLAGS:
      case L.HIT_BEFORE:
      case L.KEY:
      case L.LAST_ACCESS:
      case L.QUIET:
      case L.SIZE:
      case L.TTL:
      case L.NO_BUMP:
      case L.VALUE:
      case L.EMPTY:
      case L.INVALIDATE:
      case L.PROXY_L:
      case L.PROXY_P:
        return undefined;
      default:
        return E.INVALID_FLAG;
    }
  }

  /** The key is base64: decodes it beside the line, which may have to be read again. */
  #decodeKey(store: Store, line: Line): Uint8Array | undefined {
    const key = decodeBase64(line.word(1));
    if (!key) return E.BAD_KEY;
    store.arena.bytes.set(key, KEY_SCRATCH_AT);
    this.keyAt = KEY_SCRATCH_AT;
    this.keyLength = key.length;
    return undefined;
  }
}

/** What follows a flag's letter. */
function token(line: Line, index: number): string {
  return line.word(index).slice(1);
}

/** Bytes of a base64 text, other characters passed over; undefined if there is nothing whole. */
export function decodeBase64(text: string): Buffer | undefined {
  const letters = text.replaceAll(/[^A-Za-z0-9+/=]/g, '');
  if (letters.length === 0 || letters.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(letters, 'base64');
  return bytes.length === 0 ? undefined : bytes;
}
