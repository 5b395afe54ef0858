import * as I from '../store/item.ts';
import { uint64 } from '../protocol/numbers.ts';
import { CLASS_MASK } from '../store/lru.ts';
import { writeNumber as writeDigits } from '../store/write-number.ts';
import type { Store } from '../store/store.ts';

/** No text longer than this is looked at as a number. */
const TEXT_MAX = 1024;
const UINT64 = 2n ** 64n;
const SMALL_DIGITS = 15;
const SPACE = 0x20;
const ZERO = 0x30;

/** The number an item holds, or undefined. */
export function numberOf(store: Store, item: number): bigint | undefined {
  const length = store.arena.words[item * 2 + I.LENGTH]!;
  if (length > TEXT_MAX) return undefined;
  const at = store.memory.valueAt(item);
  return uint64(store.arena.text(at, at + length));
}

/** What is empty or in several chunks is no number, whatever its CAS. */
export function isNeverNumber(store: Store, item: number): boolean {
  const { words } = store.arena;
  return words[item * 2 + I.LENGTH] === 0 || (words[item * 2 + I.SHAPE]! & I.LARGE) !== 0;
}

/**
 * Adds to or takes from the number an item holds; up wraps at 2^64, down stops at 0. A shorter result is
 * written over the old one and padded with spaces, a longer one needs a new item (then in `store.stored`).
 */
export function addDelta(
  store: Store,
  item: number,
  increment: boolean,
  delta: bigint,
): bigint | 'non-numeric' | 'no-memory' {
  const before = numberOf(store, item);
  if (before === undefined) return 'non-numeric';
  countHit(store, item, increment);
  const value = increment ? (before + delta) % UINT64 : delta > before ? 0n : before - delta;
  return writeNumber(store, item, String(value)) ? value : 'no-memory';
}

/**
 * The same for what nearly all numbers are: fifteen digits at most, maybe padded with spaces. No text is made of them.
 * @param delta below 10^15
 * @returns undefined, with nothing done, if it is not that plain
 */
export function addSmallDelta(
  store: Store,
  item: number,
  increment: boolean,
  delta: number,
): number | undefined {
  const { words, bytes } = store.arena;
  const length = words[item * 2 + I.LENGTH]!;
  const shape = words[item * 2 + I.SHAPE]!;
  if (length > TEXT_MAX || (shape & (I.HELD | I.LARGE)) !== 0) return undefined;
  const at = store.memory.valueAt(item);
  const before = smallNumber(bytes, at, length);
  if (before === undefined) return undefined;
  const value = increment ? before + delta : Math.max(0, before - delta);
  if (I.digits(value) > length) return undefined;
  countHit(store, item, increment);
  store.refresh(item);
  store.setCas(item, store.nextCas());
  for (let i = writeDigits(bytes, at, value); i < at + length; i++) bytes[i] = SPACE;
  store.stored = item;
  return value;
}

/** Digits, then nothing but spaces. */
function smallNumber(bytes: Uint8Array, at: number, length: number): number | undefined {
  let value = 0;
  let i = 0;
  for (
    let digit = bytes[at]! - ZERO;
    i < length && digit >= 0 && digit <= 9;
    digit = bytes[at + ++i]! - ZERO
  ) {
    value = value * 10 + digit;
  }
  if (i === 0 || i > SMALL_DIGITS) return undefined;
  while (i < length && bytes[at + i] === SPACE) i++;
  return i === length ? value : undefined;
}

function countHit(store: Store, item: number, increment: boolean): void {
  const id = store.list(item) & CLASS_MASK;
  if (increment) store.counters.incrHitsOf[id]!++;
  else store.counters.decrHitsOf[id]!++;
}

function writeNumber(store: Store, item: number, text: string): boolean {
  const { words } = store.arena;
  const length = words[item * 2 + I.LENGTH]!;
  if (text.length <= length && (words[item * 2 + I.SHAPE]! & I.HELD) === 0) {
    store.refresh(item);
    store.setCas(item, store.nextCas());
    store.arena.write(text.padEnd(length, ' '), store.memory.valueAt(item));
    store.stored = item;
    return true;
  }
  const shape = words[item * 2 + I.SHAPE]!;
  store.memory.hold(item);
  const longer = store.memory.allocate(
    item * 8 + I.HEADER_BYTES,
    shape & I.BYTE,
    words[item * 2 + I.FLAGS]!,
    words[item * 2 + I.EXPIRES]!,
    text.length,
  );
  if (longer !== 0) {
    words[longer * 2 + I.SHAPE]! |= shape & I.BINARY_KEY;
    store.arena.write(`${text}\r\n`, store.memory.valueAt(longer));
    store.replace(item, longer);
  }
  store.memory.unhold(item);
  return longer !== 0;
}
