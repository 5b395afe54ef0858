import * as I from '../store/item.ts';
import * as lines from '../watch/lines.ts';
import { CLASS_MASK } from '../store/lru.ts';
import { MUTATIONS } from '../watch/watchers.ts';
import type { Cache } from '../cache.ts';
import type { Store } from '../store/store.ts';

/** What a storage command does with an item that exists, or does not. */
export const SET = 0;
export const ADD = 1;
export const REPLACE = 2;
export const APPEND = 3;
export const PREPEND = 4;
export const CAS = 5;
export type StoreMode = 0 | 1 | 2 | 3 | 4 | 5;

/** As the log names them. */
export const MODE_NAMES = ['set', 'add', 'replace', 'append', 'prepend', 'cas'] as const;

export const STORED = 0;
export const NOT_STORED = 1;
export const EXISTS = 2;
export const NOT_FOUND = 3;
/** There is no memory for a larger index. */
export const NO_MEMORY = 4;
export type StoreOutcome = 0 | 1 | 2 | 3 | 4;

const OUTCOME_NAMES = ['stored', 'not_stored', 'exists', 'not_found', 'no_memory'] as const;

/** What only some storage commands ask for. */
export interface StoreExtras {
  /** An older CAS stores too, but the item is marked stale (`ms I`). */
  readonly allowStale: boolean;
  /** Appending to nothing creates the item with this deadline (`ms N`). */
  readonly createUntil: number | undefined;
}

/**
 * Stores a filled item under its key, or discards it. A CAS to compare with, if any, lies in the item's
 * header (0 is none). Afterwards `store.stored` is the item that holds the value.
 */
export function storeItem(cache: Cache, mode: StoreMode, item: number, extras?: StoreExtras): StoreOutcome {
  const { store } = cache;
  const keyAt = item * 8 + I.HEADER_BYTES;
  const keyLength = store.arena.words[item * 2 + I.SHAPE]! & I.BYTE;
  const old = store.find(keyAt, keyLength, store.arena.words[item * 2 + I.HASH]!);
  const outcome = old === 0 ? storeNew(store, mode, item, extras) : storeOver(store, mode, item, old, extras);
  if ((cache.watchers.wanted & MUTATIONS) !== 0) {
    const shown = outcome === STORED ? store.stored : item;
    const fd = cache.current?.number ?? 0;
    cache.watchers.log(
      MUTATIONS,
      lines.itemStore(store, shown, OUTCOME_NAMES[outcome], MODE_NAMES[mode], fd),
    );
  }
  if (outcome !== STORED) {
    if (outcome === EXISTS && mode === CAS && cache.narrate)
      cache.lookups.push(lines.casFailure(store, old, item));
    store.memory.discard(item);
  }
  return outcome;
}

function storeNew(
  store: Store,
  mode: StoreMode,
  item: number,
  extras: StoreExtras | undefined,
): StoreOutcome {
  const create = extras?.createUntil;
  if (create !== undefined && (mode === APPEND || mode === PREPEND)) {
    store.arena.words[item * 2 + I.EXPIRES] = create;
  } else if (mode === CAS) {
    store.counters.casMisses++;
    return NOT_FOUND;
  } else if (mode !== SET && mode !== ADD) {
    return NOT_STORED;
  }
  if (store.link(item)) return STORED;
  store.counters.storeNoMemory++;
  return NO_MEMORY;
}

function storeOver(
  store: Store,
  mode: StoreMode,
  item: number,
  old: number,
  extras: StoreExtras | undefined,
): StoreOutcome {
  if (mode === SET || mode === REPLACE) {
    store.replace(old, item);
    return STORED;
  }
  if (mode === ADD) {
    store.refresh(old);
    return NOT_STORED;
  }
  const comparison = compareCas(store, item, old);
  if (mode === CAS) return storeCas(store, item, old, comparison, extras?.allowStale === true);
  if (comparison === 'older' || comparison === 'newer') return EXISTS;
  return join(store, mode, item, old) ? STORED : NOT_STORED;
}

function storeCas(
  store: Store,
  item: number,
  old: number,
  comparison: CasComparison,
  allowStale: boolean,
): StoreOutcome {
  const { words } = store.arena;
  const id = store.list(old) & CLASS_MASK;
  if (comparison === 'older' && allowStale) {
    const won = words[old * 2 + I.SHAPE]! & I.WON;
    words[item * 2 + I.EXPIRES] = words[old * 2 + I.EXPIRES]!;
    words[item * 2 + I.SHAPE]! |= I.STALE | won;
  } else if (comparison !== 'match') {
    store.counters.casBadOf[id]!++;
    return EXISTS;
  }
  store.counters.casHitsOf[id]!++;
  store.replace(old, item);
  return STORED;
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
function join(store: Store, mode: StoreMode, item: number, old: number): boolean {
  const { words, bytes } = store.arena;
  const oldBytes = words[old * 2 + I.LENGTH]!;
  const newBytes = words[item * 2 + I.LENGTH]!;
  const shape = words[old * 2 + I.SHAPE]!;
  store.memory.hold(old); // making room must not take what is about to be copied
  const both = store.memory.allocate(
    old * 8 + I.HEADER_BYTES,
    shape & I.BYTE,
    words[old * 2 + I.FLAGS]!,
    words[old * 2 + I.EXPIRES]!,
    oldBytes + newBytes,
  );
  if (both !== 0) {
    const at = store.memory.valueAt(both);
    const oldAt = mode === APPEND ? at : at + newBytes;
    const newAt = mode === APPEND ? at + oldBytes : at;
    const oldFrom = store.memory.valueAt(old);
    const newFrom = store.memory.valueAt(item);
    bytes.copyWithin(oldAt, oldFrom, oldFrom + oldBytes);
    bytes.copyWithin(newAt, newFrom, newFrom + newBytes);
    bytes[at + oldBytes + newBytes] = 0x0d;
    bytes[at + oldBytes + newBytes + 1] = 0x0a;
    words[both * 2 + I.SHAPE]! |= shape & I.BINARY_KEY;
    store.replace(old, both);
    store.memory.discard(item);
  }
  store.memory.unhold(old);
  return both !== 0;
}
