import * as I from '../../store/item.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { END } from './answers.ts';
import { KEY_MAX } from './get.ts';
import { putItem } from './put-item.ts';
import type { Session } from '../session.ts';

/** "get " as a little-endian word. */
export const GET_WORD = 0x20746567;
const VERB_BYTES = 4;
const SPACE = 0x20;
/** "\r\n" and "END\r" as such words. */
const CRLF = 0x0a0d;
const END_CR = 0x0d444e45;
const LF = 0x0a;

/**
 * Serves `get`s of one key and nothing else, by far the most frequent request, as many as follow each other.
 * @param from position of the first, which begins with "get "
 * @returns the position of the first that is not that plain, not complete, or has to wait
 */
export function servePlainGets(session: Session, from: number, end: number): number {
  const { store, reply, prefixes, oneByOne } = session.cache;
  const { keys, counters } = store;
  const { bytes, view, words } = store.arena;
  let at = from;
  let served = 0;
  for (;;) {
    const key = at + VERB_BYTES;
    if (key >= end || view.getInt32(at, true) !== GET_WORD) break;
    let length = keys.lengthAt(key);
    if (length === 0) while (bytes[key + length]! > SPACE) length++;
    const stop = key + length;
    if (length === 0 || length > KEY_MAX || stop + 2 > end || view.getInt16(stop, true) !== CRLF) break;
    const item = store.find(key, length, keys.hash(key, length));
    if (item === 0) {
      if (!reply.fits(ANSWER_BYTES)) reply.flush();
      counters.getMisses++;
    } else {
      const shape = words[item * 2 + I.SHAPE]!;
      const head = length + ((shape >>> I.SUFFIX_SHIFT) & I.BYTE);
      const valueBytes = words[item * 2 + I.LENGTH]! + 2;
      if (!reply.hasRoom(head, valueBytes)) {
        reply.flush();
        if (session.transport.blocked) break;
      }
      counters.listHits[(shape >>> I.LIST_SHIFT) & I.BYTE]!++;
      store.bump(item);
      putItem(session.cache, item, head, valueBytes, false);
    }
    counters.cmdGet++;
    if (prefixes.enabled) prefixes.get(bytes, key, length, item !== 0);
    const out = reply.at;
    view.setInt32(out, END_CR, true);
    bytes[out + 4] = LF;
    reply.at = out + END.length;
    at = stop + 2;
    served++;
    if (oneByOne || session.transport.blocked) break;
  }
  if (served > 1) session.turn += served - 1; // who called counts one
  return at;
}
