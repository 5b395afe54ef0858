import * as I from '../store/item.ts';
import type { Store } from '../store/store.ts';

/** What a storage command does with an item that exists, or does not. */
export const SET = 0;
export const ADD = 1;
export const REPLACE = 2;
export const APPEND = 3;
export const PREPEND = 4;
export const CAS = 5;
export type StoreMode = 0 | 1 | 2 | 3 | 4 | 5;

export type StoreOutcome = 'stored' | 'not-stored' | 'exists' | 'not-found';

/**
 * Stores a filled item under its key, or discards it. A comparison CAS, if any, lies in the item's header
 * (0 is none).
 * @param allowStale an older CAS stores too, but the item is marked stale (`ms I`)
 * @returns the outcome; the item that holds the value afterwards is in `store.stored`
 */
export function storeItem(
  store: Store,
  mode: StoreMode,
  item: number,
  hash: number,
  allowStale = false,
): StoreOutcome {
  const { words } = store.arena;
  const keyLength = words[item * 2 + I.SHAPE]! & I.BYTE;
  const old = store.find(item * 8 + I.HEADER_BYTES, keyLength, hash);
  const outcome =
    old === 0 ? storeNew(store, mode, item, hash) : storeOver(store, mode, item, old, allowStale);
  if (outcome !== 'stored') store.discard(item);
  return outcome;
}

function storeNew(store: Store, mode: StoreMode, item: number, hash: number): StoreOutcome {
  if (mode === SET || mode === ADD) {
    store.link(item, hash);
    return 'stored';
  }
  if (mode !== CAS) return 'not-stored';
  store.counters.casMisses++;
  return 'not-found';
}

function storeOver(
  store: Store,
  mode: StoreMode,
  item: number,
  old: number,
  allowStale: boolean,
): StoreOutcome {
  if (mode === SET || mode === REPLACE) {
    store.replace(old, item);
    return 'stored';
  }
  if (mode === ADD) {
    store.refresh(old);
    return 'not-stored';
  }
  const comparison = compareCas(store, item, old);
  if (mode === CAS) return storeCas(store, item, old, comparison, allowStale);
  if (comparison !== 'none' && comparison !== 'match') return 'exists';
  return joined(store, mode, item, old) ? 'stored' : 'not-stored';
}

function storeCas(
  store: Store,
  item: number,
  old: number,
  comparison: CasComparison,
  allowStale: boolean,
): StoreOutcome {
  const { words } = store.arena;
  const id = store.list(old) & 63;
  if (comparison === 'match') {
    store.counters.casHitsOf[id]!++;
    store.replace(old, item);
    return 'stored';
  }
  if (comparison === 'older' && allowStale) {
    const won = words[old * 2 + I.SHAPE]! & I.WON;
    words[item * 2 + I.EXPIRES] = words[old * 2 + I.EXPIRES]!;
    words[item * 2 + I.SHAPE]! |= I.STALE | won;
    store.replace(old, item);
    return 'stored';
  }
  store.counters.casBadOf[id]!++;
  return 'exists';
}

type CasComparison = 'none' | 'match' | 'older' | 'newer';

function compareCas(store: Store, item: number, old: number): CasComparison {
  const { words } = store.arena;
  const low = words[item * 2 + I.CAS_LOW]! >>> 0;
  const high = words[item * 2 + I.CAS_HIGH]! >>> 0;
  if (low === 0 && high === 0) return 'none';
  const oldLow = words[old * 2 + I.CAS_LOW]! >>> 0;
  const oldHigh = words[old * 2 + I.CAS_HIGH]! >>> 0;
  if (low === oldLow && high === oldHigh) return 'match';
  return high < oldHigh || (high === oldHigh && low < oldLow) ? 'older' : 'newer';
}

/** Replaces `old` by a new item with both values; false if that would be too large or there is no memory. */
function joined(store: Store, mode: StoreMode, item: number, old: number): boolean {
  const { words } = store.arena;
  const added = words[item * 2 + I.LENGTH]!;
  const before = words[old * 2 + I.LENGTH]!;
  const shape = words[old * 2 + I.SHAPE]!;
  store.hold(old); // making room must not evict what is about to be copied
  const both = store.allocate(
    old * 8 + I.HEADER_BYTES,
    shape & I.BYTE,
    words[old * 2 + I.FLAGS]!,
    words[old * 2 + I.EXPIRES]!,
    before + added,
  );
  if (both === 0 || (words[old * 2 + I.SHAPE]! & I.LINKED) === 0) {
    if (both !== 0) store.discard(both);
    store.unhold(old);
    return false;
  }
  const { bytes } = store.arena;
  const at = store.valueAt(both);
  const from = store.valueAt(item);
  const oldFrom = store.valueAt(old);
  const first = mode === APPEND ? before : added;
  bytes.copyWithin(at, mode === APPEND ? oldFrom : from, (mode === APPEND ? oldFrom : from) + first);
  const [rest, restFrom] = mode === APPEND ? [added, from] : [before, oldFrom];
  bytes.copyWithin(at + first, restFrom, restFrom + rest);
  bytes[at + before + added] = 0x0d;
  bytes[at + before + added + 1] = 0x0a;
  words[both * 2 + I.SHAPE]! |= shape & I.BINARY_KEY;
  store.replace(old, both);
  store.unhold(old);
  store.discard(item);
  return true;
}
