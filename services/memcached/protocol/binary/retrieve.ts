import * as I from '../../store/item.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { OP, STATUS } from './codes.ts';
import { putError, putHeader, type BinaryRequest } from './packet.ts';
import type { Session } from '../session.ts';

const FLAGS_BYTES = 4;
const HEAD_BYTES = 24 + FLAGS_BYTES;

/** get, getk, touch, gat, gatk and their quiet variants. */
export function retrieve(session: Session, request: BinaryRequest, at: number): number {
  const { cache } = session;
  const { store, reply, prefixes } = cache;
  const { view, words, bytes } = store.arena;
  const { keyAt, keyLength, loud } = request;
  const touching = loud === OP.touch || loud === OP.gat || loud === OP.gatK;
  const withKey = loud === OP.getK || loud === OP.gatK;
  const withValue = loud !== OP.touch;
  const item = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
  if (item === 0) {
    if (prefixes.enabled) prefixes.get(bytes, keyAt, keyLength, false);
    miss(session, request, touching, withKey);
    return request.valueAt;
  }
  const valueBytes = withValue ? words[item * 2 + I.LENGTH]! : 0;
  if (!reply.hasRoom(HEAD_BYTES + keyLength, valueBytes)) {
    reply.flush();
    if (session.transport.blocked) return at;
  }
  if (prefixes.enabled) prefixes.get(bytes, keyAt, keyLength, true);
  const list = store.list(item);
  if (touching) {
    store.counters.cmdTouch++;
    store.counters.touchHitsOf[list & CLASS_MASK]!++;
    words[item * 2 + I.EXPIRES] = store.clock.deadline(view.getUint32(request.extrasAt));
  } else {
    store.counters.cmdGet++;
    store.counters.listHits[list]!++;
  }
  store.bump(item);
  const shownKey = withKey ? keyLength : 0;
  putHeader(cache, request, STATUS.ok, FLAGS_BYTES, shownKey, FLAGS_BYTES + shownKey + valueBytes, item);
  view.setInt32(reply.at, words[item * 2 + I.FLAGS]!);
  reply.at += FLAGS_BYTES;
  if (withKey) reply.copy(item * 8 + I.HEADER_BYTES, keyLength);
  if (valueBytes > 0) reply.value(item, store.memory.valueAt(item), valueBytes);
  return request.valueAt;
}

function miss(session: Session, request: BinaryRequest, touching: boolean, withKey: boolean): void {
  const { cache } = session;
  const { counters } = cache.store;
  if (touching) {
    counters.cmdTouch++;
    counters.touchMisses++;
  } else {
    counters.cmdGet++;
    counters.getMisses++;
  }
  if (request.quiet) return;
  if (!withKey) return putError(cache, request, STATUS.notFound);
  putHeader(cache, request, STATUS.notFound, 0, request.keyLength, request.keyLength);
  cache.reply.copy(request.keyAt, request.keyLength);
}
