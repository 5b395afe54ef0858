import { HEADER_BYTES, REQUEST_MAGIC } from './codes.ts';
import type { Store } from '../../store/store.ts';

/** As its namesake of the text protocol: has the store fetch what the requests in a chunk will ask for. */
export function lookAhead(store: Store, from: number, end: number): void {
  const { index, keys } = store;
  const { view } = store.arena;
  let at = from;
  while (at + HEADER_BYTES <= end && view.getUint8(at) === REQUEST_MAGIC) {
    const keyLength = view.getUint16(at + 2);
    const key = at + HEADER_BYTES + view.getUint8(at + 4);
    if (key + keyLength > end || (keyLength > 0 && !keys.note(key, keyLength))) break;
    at += HEADER_BYTES + view.getUint32(at + 8);
  }
  keys.fetch(index);
}
