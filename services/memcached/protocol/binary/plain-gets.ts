import * as I from '../../store/item.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { HEADER_BYTES, REQUEST_MAGIC, RESPONSE_MAGIC, STATUS } from './codes.ts';
import { KEY_MAX } from '../text/get.ts';
import { putError } from './packet.ts';
import type { Session } from '../session.ts';

/** The first two bytes of a get. */
export const GET_WORD = REQUEST_MAGIC << 8;
/** The first four bytes of its answer, and the four after those: how many bytes flags take. */
const ANSWER = RESPONSE_MAGIC << 24;
const FLAGS_BYTES = 4;
const FLAGS_FOLLOW = FLAGS_BYTES << 24;
const HEAD_BYTES = HEADER_BYTES + FLAGS_BYTES;

/**
 * Serves gets in their plainest form, as many as follow each other.
 * @param from position of the first, which begins with `GET_WORD`
 * @returns the position of the first that is not that plain, not complete, or has to wait
 */
export function servePlainGets(session: Session, from: number, end: number): number {
  const { cache } = session;
  const { store, reply, prefixes, settings, oneByOne, binary: request } = cache;
  const { keys, counters } = store;
  const { bytes, view, words } = store.arena;
  if (settings.sasl && !session.authenticated) return from;
  let at = from;
  let served = 0;
  while (at + HEADER_BYTES <= end && view.getUint16(at) === GET_WORD) {
    const length = view.getUint16(at + 2);
    const key = at + HEADER_BYTES;
    const next = key + length;
    const plain = view.getInt32(at + 4) === 0 && view.getUint32(at + 8) === length;
    if (!plain || length === 0 || length > KEY_MAX || next > end) break;
    if (!reply.fits(ANSWER_BYTES)) reply.flush();
    if (session.transport.blocked) break;
    const item = store.find(key, length, keys.hash(key, length));
    if (item === 0) {
      counters.getMisses++;
      request.read(view, at);
      putError(cache, request, STATUS.notFound);
    } else {
      const valueBytes = words[item * 2 + I.LENGTH]!;
      if (!reply.hasRoom(HEAD_BYTES, valueBytes)) {
        reply.flush();
        if (session.transport.blocked) break;
      }
      counters.listHits[(words[item * 2 + I.SHAPE]! >>> I.LIST_SHIFT) & I.BYTE]!++;
      store.bump(item);
      const out = reply.at;
      view.setInt32(out, ANSWER);
      view.setInt32(out + 4, FLAGS_FOLLOW);
      view.setInt32(out + 8, FLAGS_BYTES + valueBytes);
      view.setInt32(out + 12, view.getInt32(at + 12)); // the opaque, echoed
      view.setInt32(out + 16, words[item * 2 + I.CAS_HIGH]!);
      view.setInt32(out + 20, words[item * 2 + I.CAS_LOW]!);
      view.setInt32(out + HEADER_BYTES, words[item * 2 + I.FLAGS]!);
      reply.at = out + HEAD_BYTES;
      if (valueBytes > 0) reply.value(item, store.memory.valueAt(item), valueBytes);
    }
    counters.cmdGet++;
    if (prefixes.enabled) prefixes.get(bytes, key, length, item !== 0);
    at = next;
    served++;
    if (oneByOne || session.transport.blocked) break;
  }
  if (served > 1) session.turn += served - 1; // who called counts one
  return at;
}
