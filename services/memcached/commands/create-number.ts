import { ADD, STORED, storeItem } from './store-item.ts';
import type { Cache } from '../cache.ts';

/**
 * Stores a number under a key nobody has, for `incr` and its relatives; it is in `store.stored` then.
 * @returns false if there is no memory
 */
export function createNumber(
  cache: Cache,
  keyAt: number,
  keyLength: number,
  deadline: number,
  text: string,
): boolean {
  const { store } = cache;
  const item = store.memory.allocate(keyAt, keyLength, 0, deadline, text.length);
  if (item === 0) return false;
  store.arena.write(`${text}\r\n`, store.memory.valueAt(item));
  store.setCas(item, 0);
  return storeItem(cache, ADD, item) === STORED;
}
