import * as I from '../store/item.ts';
import { uint64 } from '../protocol/numbers.ts';
import type { Store } from '../store/store.ts';

/** No text longer than this is looked at as a number. */
const TEXT_MAX = 1024;
const UINT64 = 2n ** 64n;

/** The number an item holds, or undefined. */
export function numberOf(store: Store, item: number): bigint | undefined {
  const length = store.arena.words[item * 2 + I.LENGTH]!;
  if (length > TEXT_MAX) return undefined;
  const at = store.valueAt(item);
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
  const id = store.list(item) & 63;
  if (increment) store.counters.incrHitsOf[id]!++;
  else store.counters.decrHitsOf[id]!++;
  const value = increment ? (before + delta) % UINT64 : delta > before ? 0n : before - delta;
  return writeNumber(store, item, String(value)) ? value : 'no-memory';
}

function writeNumber(store: Store, item: number, text: string): boolean {
  const { words } = store.arena;
  const length = words[item * 2 + I.LENGTH]!;
  if (text.length <= length && (words[item * 2 + I.SHAPE]! & I.HELD) === 0) {
    store.refresh(item);
    store.setCas(item, store.nextCas());
    store.arena.write(text.padEnd(length, ' '), store.valueAt(item));
    store.stored = item;
    return true;
  }
  const shape = words[item * 2 + I.SHAPE]!;
  store.hold(item);
  const longer = store.allocate(
    item * 8 + I.HEADER_BYTES,
    shape & I.BYTE,
    words[item * 2 + I.FLAGS]!,
    words[item * 2 + I.EXPIRES]!,
    text.length,
  );
  if (longer !== 0) {
    words[longer * 2 + I.SHAPE]! |= shape & I.BINARY_KEY;
    store.arena.write(`${text}\r\n`, store.valueAt(longer));
    store.replace(item, longer);
  }
  store.unhold(item);
  return longer !== 0;
}
