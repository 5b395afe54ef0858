import * as lines from '../watch/lines.ts';
import { MODE_NAMES, type StoreMode } from './store-item.ts';
import { MUTATIONS } from '../watch/watchers.ts';
import { TOO_LARGE } from '../store/item-memory.ts';
import type { Cache } from '../cache.ts';

/**
 * Notes that a storage command got no item.
 * @param removeOld also removes what the key names, so that nobody reads a value that was to be replaced
 * @returns true if the value was too large, false if there is no memory
 */
export function refuseStore(
  cache: Cache,
  mode: StoreMode,
  keyAt: number,
  keyLength: number,
  removeOld: boolean,
): boolean {
  const { store, watchers } = cache;
  const tooLarge = store.memory.refused === TOO_LARGE;
  if (tooLarge) store.counters.storeTooLarge++;
  else store.counters.storeNoMemory++;
  if ((watchers.wanted & MUTATIONS) !== 0) {
    const status = tooLarge ? 'too_large' : 'no_memory';
    const fd = cache.current?.number ?? 0;
    watchers.log(MUTATIONS, lines.itemRefused(store, keyAt, keyLength, status, MODE_NAMES[mode], fd));
  }
  if (removeOld) {
    const old = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
    if (old !== 0) store.unlink(old);
  }
  return tooLarge;
}
