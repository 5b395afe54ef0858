import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import * as S from '../../commands/store-item.ts';
import * as W from './write.ts';
import { BAD_CHUNK, ERROR, NO_MEMORY, TOO_LARGE } from '../text/answers.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { int32 } from '../numbers.ts';
import { isKeyTooLong } from '../text/answer.ts';
import { LENGTH_MAX } from '../text/storage.ts';
import { META_WORDS_MAX } from './get.ts';
import { receiveValue } from '../../commands/receive-value.ts';
import { refuseStore } from '../../commands/refuse-store.ts';
import type { Line } from '../text/line.ts';
import type { MetaFlags } from './flags.ts';
import type { Session } from '../session.ts';

/** What the answer needs once the value is there; the line is gone by then. */
interface SetRequest {
  readonly quiet: boolean;
  /** Letters to answer with, in the order asked; `O` stands for the opaque. */
  readonly letters: readonly number[];
  readonly opaque: string;
  readonly extras: S.StoreExtras | undefined;
  readonly explicitCas: bigint | undefined;
}

const MODES: ReadonlyMap<number, S.StoreMode> = new Map<number, S.StoreMode>([
  [0, S.SET],
  ['E'.charCodeAt(0), S.ADD],
  ['A'.charCodeAt(0), S.APPEND],
  ['P'.charCodeAt(0), S.PREPEND],
  ['R'.charCodeAt(0), S.REPLACE],
  ['S'.charCodeAt(0), S.SET],
]);

const ECHOED: ReadonlySet<number> = new Set([L.OPAQUE, L.KEY, L.CAS, L.SIZE]);

/** `ms <key> <length> <flags>*`, then the value. */
export function metaSet(session: Session, line: Line): number {
  const { cache } = session;
  const { store, reply, meta: flags } = cache;
  const length = line.count > 2 ? (line.digits(2) ?? int32(line.word(2))) : undefined;
  if (line.count < 3 || isKeyTooLong(line) || line.count > META_WORDS_MAX) {
    reply.bytes(line.count < 2 ? ERROR : line.count > META_WORDS_MAX ? E.OPTIONS_TOO_LONG : E.BAD_FORMAT);
    return line.next;
  }
  if (length === undefined || length < 0 || length > LENGTH_MAX) {
    reply.bytes(E.BAD_FORMAT);
    return line.next;
  }
  const problem = flags.read(store, line, 3);
  const mode = MODES.get(flags.mode);
  if (problem || mode === undefined || flags.opaqueTooLong) {
    reply.bytes(problem ?? (mode === undefined ? E.BAD_SET_MODE : E.OPAQUE_TOO_LONG));
    session.swallow = length + 2;
    return line.next;
  }
  const item = store.memory.allocate(flags.keyAt, flags.keyLength, flags.clientFlags, flags.expires, length);
  if (item === 0) {
    const tooLarge = refuseStore(cache, mode, flags.keyAt, flags.keyLength, true);
    reply.bytes(tooLarge ? TOO_LARGE : NO_MEMORY);
    session.swallow = length + 2;
    return line.next;
  }
  const comparing = flags.has(L.COMPARE_CAS);
  if (flags.compareCas === 0n) store.setCas(item, 0);
  else store.setCas64(item, flags.compareCas);
  if (flags.has(L.BASE64)) store.arena.words[item * 2 + I.SHAPE]! |= I.BINARY_KEY;
  session.mode = comparing && (mode === S.SET || mode === S.REPLACE) ? S.CAS : mode;
  session.request = line.count > 3 ? remember(session, line, flags) : undefined;
  return receiveValue(session, item, length + 2, line.next, line.end, finishMetaSet);
}

function remember(session: Session, line: Line, flags: MetaFlags): SetRequest {
  const { bytes } = session.cache.store.arena;
  const letters: number[] = [];
  let opaque = '';
  for (let i = 3; i < line.count; i++) {
    const letter = bytes[line.at[i]!]!;
    if (ECHOED.has(letter)) letters.push(letter);
    if (letter === L.OPAQUE) opaque = line.word(i);
  }
  const allowStale = flags.has(L.INVALIDATE) && session.mode === S.CAS;
  const createUntil = flags.has(L.CREATE) ? flags.createUntil : undefined;
  return {
    quiet: flags.has(L.QUIET),
    letters,
    opaque,
    extras: allowStale || createUntil !== undefined ? { allowStale, createUntil } : undefined,
    explicitCas: flags.has(L.EXPLICIT_CAS) ? flags.explicitCas : undefined,
  };
}

const STATUS = ['HD', 'NS', 'EX', 'NF'] as const;

function finishMetaSet(session: Session): void {
  const { cache, item } = session;
  const { store, reply } = cache;
  const { bytes, words } = store.arena;
  const request = session.request as SetRequest | undefined;
  session.item = 0;
  const end = store.memory.valueAt(item) + words[item * 2 + I.LENGTH]!;
  store.counters.setsOf[store.list(item) & CLASS_MASK]!++;
  if (!reply.fits(ANSWER_MAX)) reply.flush();
  if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) {
    store.memory.discard(item);
    reply.bytes(BAD_CHUNK);
    return;
  }
  if (request) store.memory.hold(item); // its key is part of the answer even if it is not stored
  const outcome = S.storeItem(cache, session.mode as S.StoreMode, item, request?.extras);
  if (outcome === S.STORED && request?.explicitCas !== undefined) {
    store.setCas64(store.stored, request.explicitCas);
  }
  if (outcome === S.NO_MEMORY) {
    reply.bytes(NO_MEMORY);
  } else if (outcome !== S.STORED || !request?.quiet) {
    W.putStatus(reply, STATUS[outcome]);
    if (outcome !== S.STORED) store.setCas(item, 0);
    if (request) putFlags(session, request, outcome === S.STORED ? store.stored : item);
    W.putLineEnd(reply);
  }
  if (request) store.memory.unhold(item);
}

/** Room for any answer: a key in base64, an opaque, two numbers. */
const ANSWER_MAX = 600;

function putFlags(session: Session, { letters, opaque }: SetRequest, item: number): void {
  const { cache } = session;
  for (const letter of letters) {
    if (letter === L.OPAQUE) cache.reply.text(` ${opaque}`);
    else W.putItemFlag(cache, letter, item);
  }
}
