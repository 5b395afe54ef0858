import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import * as W from './write.ts';
import { casOf } from '../text/cas.ts';
import { ERROR } from '../text/answers.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { isKeyTooLong } from '../text/answer.ts';
import type { Line } from '../text/line.ts';
import type { MetaFlags } from './flags.ts';
import type { Session } from '../session.ts';

/** Words of a meta request, the command included. */
export const META_WORDS_MAX = 19;
/** Room for a line of flags. */
const LINE_BYTES = 600;

/** `mg <key> <flags>*` */
export function metaGet(session: Session, line: Line): number {
  const { cache } = session;
  const { reply, store, meta: flags } = cache;
  const problem = readGet(session, line, flags);
  if (problem) {
    reply.bytes(problem);
    return line.next;
  }
  let item = store.find(flags.keyAt, flags.keyLength, store.keys.hash(flags.keyAt, flags.keyLength));
  const withValue = flags.has(L.VALUE);
  if (item !== 0 && withValue && !reply.hasRoom(LINE_BYTES, store.arena.words[item * 2 + I.LENGTH]! + 2)) {
    reply.flush();
    if (session.transport.blocked) return line.start;
  }
  let created = false;
  if (item === 0 && flags.has(L.CREATE)) {
    item = create(session, flags);
    created = item !== 0;
  }
  count(session, item, flags.has(L.SET_TTL));
  if (item === 0) answerMiss(session, line, flags);
  else answerHit(session, line, flags, item, created);
  return line.next;
}

function readGet(session: Session, line: Line, flags: MetaFlags): Uint8Array | undefined {
  if (line.count < 2) return ERROR;
  if (isKeyTooLong(line)) return E.BAD_FORMAT;
  if (line.count > META_WORDS_MAX) return E.OPTIONS_ARE_TOO_LONG;
  return flags.read(session.cache.store, line, 2) ?? (flags.opaqueTooLong ? E.OPAQUE_TOO_LONG : undefined);
}

/** N: an empty item for whoever asked first. */
function create(session: Session, flags: MetaFlags): number {
  const { store } = session.cache;
  const item = store.memory.allocate(flags.keyAt, flags.keyLength, 0, 0, 0);
  if (item === 0) return 0;
  const { words, bytes } = store.arena;
  const at = store.memory.valueAt(item);
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  if (flags.has(L.BASE64)) words[item * 2 + I.SHAPE]! |= I.BINARY_KEY;
  if (!store.link(item)) {
    store.memory.discard(item);
    return 0;
  }
  if (flags.has(L.EXPLICIT_CAS)) store.setCas64(item, flags.explicitCas);
  return item;
}

function count(session: Session, item: number, touching: boolean): void {
  const { store } = session.cache;
  const { counters } = store;
  // A miss had nothing to touch.
  if (touching && item !== 0) {
    counters.cmdTouch++;
    counters.touchHitsOf[store.list(item) & CLASS_MASK]!++;
  } else {
    counters.cmdGet++;
    if (item === 0) counters.getMisses++;
    else counters.listHits[store.list(item)]!++;
  }
}

function answerMiss(session: Session, line: Line, flags: MetaFlags): void {
  if (flags.has(L.QUIET)) return;
  const { reply } = session.cache;
  W.putStatus(reply, 'EN');
  W.putEchoes(session.cache, line, 2, flags);
  W.putLineEnd(reply);
}

function answerHit(session: Session, line: Line, flags: MetaFlags, item: number, created: boolean): void {
  const { cache } = session;
  const { reply, store } = cache;
  const { words, bytes } = store.arena;
  const valueBytes = words[item * 2 + I.LENGTH]! + 2;
  // C: whoever has this version already does not need the value again.
  const known = flags.has(L.COMPARE_CAS) && flags.compareCas === casOf(store, item);
  const withValue = flags.has(L.VALUE) && !known;
  if (withValue) {
    W.putStatus(reply, 'VA');
    reply.byte(0x20);
    reply.number(valueBytes - 2);
  } else {
    W.putStatus(reply, 'HD');
  }
  let dueForRefresh = false;
  for (let i = 2; i < line.count; i++) {
    const letter = bytes[line.at[i]!]!;
    // What sets the time and what shows it count in their order.
    if (letter === L.OPAQUE) W.putOpaque(cache, line, i);
    else if (letter === L.SET_TTL) words[item * 2 + I.EXPIRES] = flags.expires;
    else if (letter === L.CREATE && created) words[item * 2 + I.EXPIRES] = flags.createUntil;
    else if (letter === L.RECACHE) dueForRefresh = !created && isDue(words[item * 2 + I.EXPIRES]!, flags);
    else W.putItemFlag(cache, letter, item);
  }
  putStates(session, item, created, dueForRefresh);
  W.putLineEnd(reply);
  if (!flags.has(L.NO_BUMP)) store.bump(item);
  if (withValue) reply.value(item, store.memory.valueAt(item), valueBytes);
}

/** R: it ends sooner than the client would like. */
function isDue(expires: number, flags: MetaFlags): boolean {
  return expires !== 0 && expires < flags.refreshBefore;
}

/** Z: somebody refreshes it. X: it is stale. W: you are to refresh it. */
function putStates(session: Session, item: number, created: boolean, dueForRefresh: boolean): void {
  const { reply, store } = session.cache;
  const { words } = store.arena;
  const shape = words[item * 2 + I.SHAPE]!;
  const won = (shape & I.WON) !== 0;
  const stale = (shape & I.STALE) !== 0;
  if (won) W.putLetter(reply, Z);
  if (stale) W.putLetter(reply, X);
  if (created || (!won && (stale || dueForRefresh))) {
    W.putLetter(reply, W_LETTER);
    words[item * 2 + I.SHAPE] = shape | I.WON;
  }
}

const Z = 'Z'.charCodeAt(0);
const X = 'X'.charCodeAt(0);
const W_LETTER = 'W'.charCodeAt(0);
