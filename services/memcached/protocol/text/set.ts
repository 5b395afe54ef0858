import * as A from './answers.ts';
import * as I from '../../store/item.ts';
import * as S from '../../commands/store-item.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { KEY_MAX } from './get.ts';
import { receiveValue } from '../../commands/receive-value.ts';
import { refuseStore } from '../../commands/refuse-store.ts';
import type { Session } from '../session.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const CR = 0x0d;
const LF = 0x0a;
/** Numbers of up to nine digits need no care; others take the long way. */
const PLAIN_DIGITS = 9;
/** By the outcome. */
const ANSWERS = [A.STORED, A.NOT_STORED, A.EXISTS, A.NOT_FOUND, A.NO_MEMORY] as const;
/** "STOR" and "ED\r\n" as little-endian words. */
const STOR = 0x524f5453;
const ED_CRLF = 0x0a0d4445;

/**
 * Serves `set` with plain numbers, by far the most frequent storage command.
 * @param at position after the verb and its space
 * @returns the position after what was used, or 0 if the line is not that plain
 */
export function runSet(session: Session, at: number, end: number): number {
  const { store, prefixes } = session.cache;
  const { bytes } = store.arena;
  let keyLength = store.keys.lengthAt(at);
  if (keyLength === 0) while (bytes[at + keyLength]! > SPACE) keyLength++;
  let i = at + keyLength;
  if (keyLength === 0 || keyLength > KEY_MAX || bytes[i] !== SPACE) return 0;

  const flagsAt = ++i;
  let flags = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!) {
    flags = flags * 10 + digit - ZERO;
  }
  if (i === flagsAt || i - flagsAt > PLAIN_DIGITS || bytes[i] !== SPACE) return 0;

  const exptimeAt = ++i;
  let exptime = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!) {
    exptime = exptime * 10 + digit - ZERO;
  }
  if (i === exptimeAt || i - exptimeAt > PLAIN_DIGITS || bytes[i] !== SPACE) return 0;

  const lengthAt = ++i;
  let length = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!) {
    length = length * 10 + digit - ZERO;
  }
  const next = i + 2;
  if (i === lengthAt || i - lengthAt > PLAIN_DIGITS || bytes[i] !== CR || bytes[i + 1] !== LF || next > end)
    return 0;

  session.noreply = false;
  session.mode = S.SET;
  if (prefixes.enabled) prefixes.set(bytes, at, keyLength);
  const item = store.memory.allocate(at, keyLength, flags, store.clock.deadline(exptime), length);
  if (item === 0) return refuse(session, at, keyLength, length, next);
  store.setCas(item, 0);
  return receiveValue(session, item, length + 2, next, end, finishStore);
}

/** There is no item for the value: says so and ignores it. */
export function refuse(
  session: Session,
  keyAt: number,
  keyLength: number,
  length: number,
  next: number,
): number {
  const { cache } = session;
  const mode = session.mode as S.StoreMode;
  const tooLarge = refuseStore(cache, mode, keyAt, keyLength, mode === S.SET);
  if (!cache.reply.fits(A.LONGEST)) cache.reply.flush();
  if (!session.noreply) cache.reply.bytes(tooLarge ? A.TOO_LARGE : A.NO_MEMORY);
  session.swallow = length + 2;
  return next;
}

/** The value is in place: checks its end, stores, answers. */
export function finishStore(session: Session): void {
  const { cache, item } = session;
  const { store, reply } = cache;
  const { bytes, view, words } = store.arena;
  session.item = 0;
  const end = store.memory.valueAt(item) + words[item * 2 + I.LENGTH]!;
  store.counters.setsOf[store.list(item) & CLASS_MASK]!++;
  if (!reply.fits(A.LONGEST)) reply.flush();
  if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) {
    store.memory.discard(item);
    if (!session.noreply) reply.bytes(A.BAD_CHUNK);
    return;
  }
  const outcome = S.storeItem(cache, session.mode as S.StoreMode, item);
  if (session.noreply) return;
  if (outcome === S.STORED) {
    view.setInt32(reply.at, STOR, true);
    view.setInt32(reply.at + 4, ED_CRLF, true);
    reply.at += A.STORED.length;
  } else {
    reply.bytes(ANSWERS[outcome]);
  }
}
