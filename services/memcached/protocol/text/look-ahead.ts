import type { Store } from '../../store/store.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** "get " and "set " as little-endian words; "mg " and "ms " as such words without their last byte. */
const GET = 0x20746567;
const SET = 0x20746573;
const META_GET = 0x20676d;
const META_SET = 0x20736d;
const THREE_BYTES = 0xffffff;

/**
 * Has the store fetch what the requests in a chunk will ask for. Only guesses: it knows the frequent verbs in their
 * plain form and stops at anything else, and whatever it makes of a malformed chunk costs time at most.
 */
export function lookAhead(store: Store, from: number, end: number): void {
  const { index, keys } = store;
  const { bytes, view } = store.arena;
  bytes[end] = LF;
  let at = from;
  while (at + 4 <= end) {
    const word = view.getInt32(at, true);
    const meta = word & THREE_BYTES;
    if (word === GET) {
      at += 3;
      while (bytes[at] === SPACE) {
        const length = keys.noteWord(at + 1);
        if (length === 0) return keys.fetch(index);
        at += length + 1;
      }
      at += bytes[at] === CR ? 2 : 1;
      continue;
    }
    const storing = word === SET || meta === META_SET;
    if (!storing && meta !== META_GET) break;
    at += word === SET ? 4 : 3;
    const length = keys.noteWord(at);
    if (length === 0) break;
    at += length;
    const words = at;
    while (bytes[at] !== LF) at++;
    at++;
    if (storing) at += valueBytes(bytes, words, at, word === SET);
  }
  keys.fetch(index);
}

/** Length of the value and its line end: the last number of a `set` line, the first of an `ms` line. */
function valueBytes(bytes: Uint8Array, words: number, next: number, last: boolean): number {
  let at = words + 1;
  if (last) {
    at = next - 1;
    while (at > words && bytes[at - 1] !== SPACE) at--;
  }
  let value = 0;
  for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) value = value * 10 + bytes[at]! - ZERO;
  return value + 2;
}
