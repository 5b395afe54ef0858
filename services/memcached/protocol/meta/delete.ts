import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import * as W from './write.ts';
import { deleteFound } from '../../commands/delete-found.ts';
import { ERROR } from '../text/answers.ts';
import { isKeyTooLong } from '../text/answer.ts';
import { META_WORDS_MAX } from './get.ts';
import type { Line } from '../text/line.ts';
import type { MetaFlags } from './flags.ts';
import type { Session } from '../session.ts';

/** `md <key> <flags>*` */
export function metaDelete(session: Session, line: Line): void {
  const { cache } = session;
  const { reply, meta: flags } = cache;
  const problem = readDelete(session, line, flags);
  if (problem) return reply.bytes(problem);
  const status = run(session, flags);
  if (status === 'HD' && flags.has(L.QUIET)) return;
  W.putStatus(reply, status);
  W.putEchoes(cache, line, 2, flags);
  W.putLineEnd(reply);
}

function readDelete(session: Session, line: Line, flags: MetaFlags): Uint8Array | undefined {
  if (line.count < 2) return ERROR;
  if (isKeyTooLong(line)) return E.BAD_FORMAT;
  if (line.count > META_WORDS_MAX) return E.OPTIONS_TOO_LONG;
  if (flags.read(session.cache.store, line, 2)) return E.INVALID_OR_DUPLICATE;
  return flags.opaqueTooLong ? E.OPAQUE_TOO_LONG : undefined;
}

function run(session: Session, flags: MetaFlags): 'HD' | 'NF' | 'EX' {
  const { cache } = session;
  const { store, prefixes } = cache;
  const { keyAt, keyLength } = flags;
  if (prefixes.enabled) prefixes.delete(store.arena.bytes, keyAt, keyLength);
  const item = store.find(keyAt, keyLength, store.index.hash(keyAt, keyLength));
  if (item === 0) {
    store.counters.deleteMisses++;
    return 'NF';
  }
  if (flags.has(L.COMPARE_CAS) && flags.compareCas !== BigInt(store.cas(item))) {
    store.counters.deleteMisses++;
    return 'EX';
  }
  if (!flags.has(L.EMPTY) && !flags.has(L.INVALIDATE)) {
    deleteFound(cache, item, 'md');
    return 'HD';
  }
  const kept = flags.has(L.EMPTY) ? emptied(session, item) : item;
  const { words } = store.arena;
  if (flags.has(L.SET_TTL)) words[kept * 2 + I.EXPIRES] = flags.expires;
  if (flags.has(L.INVALIDATE)) {
    // The next reader is the one to refresh it, whoever was told before.
    words[kept * 2 + I.SHAPE] = (words[kept * 2 + I.SHAPE]! | I.STALE) & ~I.WON;
  }
  if (flags.has(L.EXPLICIT_CAS)) store.setCas64(kept, flags.explicitCas);
  else store.setCas(kept, store.nextCas());
  return 'HD';
}

/** x: the item stays, its value and its flags go. Gives the item that took its place. */
function emptied(session: Session, item: number): number {
  const { store } = session.cache;
  const { words, bytes } = store.arena;
  const shape = words[item * 2 + I.SHAPE]!;
  const expires = words[item * 2 + I.EXPIRES]!;
  store.hold(item);
  const empty = store.allocate(item * 8 + I.HEADER_BYTES, shape & I.BYTE, 0, expires, 0);
  if (empty !== 0) {
    const at = store.valueAt(empty);
    bytes[at] = 0x0d;
    bytes[at + 1] = 0x0a;
    words[empty * 2 + I.SHAPE]! |= shape & (I.BINARY_KEY | I.STALE | I.WON | I.FETCHED);
    store.replace(item, empty);
  }
  store.unhold(item);
  return empty === 0 ? item : empty;
}
