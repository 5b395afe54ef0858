import * as I from '../../store/item.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { KEY_MAX } from '../text/get.ts';
import type { Session } from '../session.ts';

/** "mg " as a little-endian word, and what of a word to compare with it. */
export const META_GET_WORD = 0x20676d;
const THREE_BYTES = 0xffffff;
const VERB_BYTES = 3;
const SPACE = 0x20;
/** " v\r\n", "EN\r\n" and "VA" as such words. */
const VALUE_WANTED = 0x0a0d7620;
const WANTED_BYTES = 4;
const MISS = 0x0a0d4e45;
const VA = 0x4156;
/** Larger values take the long way: they may be sent from where they lie. */
const COPIED_BYTES = 4096;
/** Items of which there is more to say than their value. */
const SPECIAL = I.STALE | I.WON | I.LARGE;

/**
 * Serves `mg`s that want the value and nothing else, as many as follow each other.
 * @param from position of the first, which begins with "mg "
 * @returns the position of the first that is not that plain, not complete, or has to wait
 */
export function servePlainMetaGets(session: Session, from: number, end: number): number {
  const { store, reply, oneByOne } = session.cache;
  const { keys, counters } = store;
  const { view, words, bytes } = store.arena;
  if (oneByOne) return from; // an item with more to say is looked up again, which who watches must not see
  let at = from;
  let served = 0;
  for (;;) {
    const key = at + VERB_BYTES;
    if (key >= end || (view.getInt32(at, true) & THREE_BYTES) !== META_GET_WORD) break;
    let length = keys.lengthAt(key);
    if (length === 0) while (bytes[key + length]! > SPACE) length++;
    const flags = key + length;
    const next = flags + WANTED_BYTES;
    if (length === 0 || length > KEY_MAX || next > end || view.getInt32(flags, true) !== VALUE_WANTED) break;
    const item = store.find(key, length, keys.hash(key, length));
    if (item === 0) {
      if (!reply.fits(ANSWER_BYTES)) reply.flush();
      counters.getMisses++;
      view.setInt32(reply.at, MISS, true);
      reply.at += 4;
    } else {
      const shape = words[item * 2 + I.SHAPE]!;
      const valueBytes = words[item * 2 + I.LENGTH]! + 2;
      if ((shape & SPECIAL) !== 0 || valueBytes > COPIED_BYTES) break;
      if (!reply.hasRoom(KEY_MAX, valueBytes)) {
        reply.flush();
        if (session.transport.blocked) break;
      }
      counters.listHits[(shape >>> I.LIST_SHIFT) & I.BYTE]!++;
      store.bump(item);
      view.setInt16(reply.at, VA, true);
      reply.at += 2;
      // Behind the key lies " flags length\r\n": what follows the flags is the rest of the answer.
      const skipped = 1 + I.digits(words[item * 2 + I.FLAGS]! >>> 0);
      const suffix = (shape >>> I.SUFFIX_SHIFT) & I.BYTE;
      reply.copy(item * 8 + I.HEADER_BYTES + length + skipped, suffix - skipped + valueBytes);
    }
    counters.cmdGet++;
    served++;
    at = next;
    if (session.transport.blocked) break;
  }
  if (served > 1) session.turn += served - 1; // who called counts one
  return at;
}
