import * as I from '../../store/item.ts';
import { writeCas } from './cas.ts';
import type { Cache } from '../../cache.ts';

/** "VALU" and "E " as little-endian words. */
const VALU = 0x554c4156;
const E_SPACE = 0x2045;
const VALUE_BYTES = 6;
/** Values at least this long may be sent from where they lie; `Reply` decides. */
const COPIED_BYTES = 4096;

/**
 * Answers with an item: its line, then its value. Room for the line, and for a value that is copied, has to be there.
 * @param head length of key and ready-made part
 * @param valueBytes its line end counted
 */
export function putItem(
  cache: Cache,
  item: number,
  head: number,
  valueBytes: number,
  withCas: boolean,
): void {
  const { store, reply } = cache;
  const { view, words } = store.arena;
  const out = reply.at;
  view.setInt32(out, VALU, true);
  view.setInt16(out + 4, E_SPACE, true);
  reply.at = out + VALUE_BYTES;
  const source = item * 8 + I.HEADER_BYTES;
  if (!withCas && valueBytes < COPIED_BYTES && (words[item * 2 + I.SHAPE]! & I.LARGE) === 0) {
    reply.copy(source, head + valueBytes);
    return;
  }
  reply.copy(source, withCas ? head - 2 : head);
  if (withCas) writeCas(reply, store, item);
  reply.value(item, store.memory.valueAt(item), valueBytes);
}
