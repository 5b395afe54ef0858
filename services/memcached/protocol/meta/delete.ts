import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import * as W from './write.ts';
import { casOf } from '../text/cas.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { deleteFound } from '../../commands/delete-found.ts';
import { ERROR, OUT_OF_MEMORY } from '../text/answers.ts';
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
  if (status === undefined) return reply.bytes(OUT_OF_MEMORY);
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

/** @returns undefined if there is no memory for what should stay */
function run(session: Session, flags: MetaFlags): 'HD' | 'NF' | 'EX' | undefined {
  const { cache } = session;
  const { store } = cache;
  const { keyAt, keyLength } = flags;
  const item = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
  if (item === 0) {
    store.counters.deleteMisses++;
    return 'NF';
  }
  if (flags.has(L.COMPARE_CAS) && flags.compareCas !== casOf(store, item)) {
    store.counters.deleteMisses++;
    return 'EX';
  }
  if (!flags.has(L.EMPTY) && !flags.has(L.INVALIDATE)) {
    deleteFound(cache, item, 'md');
    return 'HD';
  }
  const kept = flags.has(L.EMPTY) ? emptied(session, item, flags) : item;
  if (kept === 0) return undefined;
  const { words } = store.arena;
  if (flags.has(L.INVALIDATE)) {
    if (flags.has(L.SET_TTL)) words[kept * 2 + I.EXPIRES] = flags.expires;
    // The next reader is the one to refresh it, whoever was told before.
    words[kept * 2 + I.SHAPE] = (words[kept * 2 + I.SHAPE]! | I.STALE) & ~I.WON;
    store.setCas(kept, store.nextCas());
  } else {
    store.counters.deleteHitsOf[store.list(kept) & CLASS_MASK]!++;
  }
  if (flags.has(L.EXPLICIT_CAS)) store.setCas64(kept, flags.explicitCas);
  return 'HD';
}

/** x: the key stays, with an empty value, the CAS it had, and the flags and the TTL that are asked for. 0 without memory. */
function emptied({ cache }: Session, item: number, flags: MetaFlags): number {
  const { store } = cache;
  const { words, bytes } = store.arena;
  const shape = words[item * 2 + I.SHAPE]!;
  const [low, high] = [words[item * 2 + I.CAS_LOW]!, words[item * 2 + I.CAS_HIGH]!];
  const expires = flags.has(L.SET_TTL) ? flags.expires : 0;
  store.memory.hold(item);
  const empty = store.memory.allocate(
    item * 8 + I.HEADER_BYTES,
    shape & I.BYTE,
    flags.clientFlags,
    expires,
    0,
  );
  if (empty !== 0) {
    const at = store.memory.valueAt(empty);
    bytes[at] = 0x0d;
    bytes[at + 1] = 0x0a;
    words[empty * 2 + I.SHAPE]! |= shape & I.BINARY_KEY;
    store.replace(item, empty);
    store.setCasWords(empty, low, high);
  }
  store.memory.unhold(item);
  return empty;
}
