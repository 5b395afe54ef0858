import type { Store } from '../../store/store.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** "get " and "mg " as little-endian words, and what of a word to compare with shorter verbs. */
const GET = 0x20746567;
const META_GET = 0x20676d;
const THREE_BYTES = 0xffffff;
const NO_VALUE = -1;

/** How to find the next request behind one with this verb. */
interface Shape {
  /** Of the verb with its space. */
  readonly bytes: number;
  /** Words between the key and the length of the value that follows, or `NO_VALUE`. */
  readonly before: number;
}

/** By the first four bytes of verb and space, or as many as there are. */
const SHAPES: ReadonlyMap<number, Shape> = new Map(
  Object.entries({
    set: 2,
    add: 2,
    replace: 2,
    append: 2,
    prepend: 2,
    cas: 2,
    ms: 0,
    gets: NO_VALUE,
    delete: NO_VALUE,
    incr: NO_VALUE,
    decr: NO_VALUE,
    touch: NO_VALUE,
    md: NO_VALUE,
    ma: NO_VALUE,
  }).map(([verb, before]) => {
    const first = Buffer.alloc(4);
    first.write(`${verb} `);
    return [first.readInt32LE(), { bytes: verb.length + 1, before }];
  }),
);

const META_GET_SHAPE: Shape = { bytes: 3, before: NO_VALUE };

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
    const short = word & THREE_BYTES;
    const shape = short === META_GET ? META_GET_SHAPE : (SHAPES.get(word) ?? SHAPES.get(short));
    if (shape === undefined || at + shape.bytes >= end) break;
    at += shape.bytes;
    const length = keys.noteWord(at);
    if (length === 0) break;
    at += length;
    const value = shape.before === NO_VALUE ? 0 : valueBytes(bytes, at, shape.before);
    while (bytes[at] !== LF) at++;
    at += 1 + value;
  }
  keys.fetch(index);
}

/** Length of a value and its line end: a number so many words behind the key, which ends at `at`. */
function valueBytes(bytes: Uint8Array, end: number, before: number): number {
  let at = end + 1;
  for (let i = 0; i < before; i++) {
    while (bytes[at]! > SPACE) at++;
    at++;
  }
  let value = 0;
  for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) value = value * 10 + bytes[at]! - ZERO;
  return value + 2;
}
