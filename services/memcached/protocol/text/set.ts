import * as I from '../../store/item.ts';
import { NO_MEMORY as OUT_OF_MEMORY } from '../../store/store.ts';
import { SET, storeItem, type StoreMode } from '../../commands/store-item.ts';
import type { Session } from '../session.ts';
import { BAD_CHUNK, EXISTS, NOT_FOUND, NOT_STORED, NO_MEMORY, STORED, TOO_LARGE } from './answers.ts';
import { KEY_MAX } from './get.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
/** Numbers of up to nine digits need no care; others take the long way. */
const PLAIN_DIGITS = 9;
/** "STOR" and "ED\r\n" as little-endian words. */
const STOR = 0x524f5453;
const ED_CRLF = 0x0a0d4445;

/**
 * Serves `set` with plain numbers, by far the most frequent storage command.
 * @param at position after the verb
 * @returns the position after the command, or 0 if the line is not that plain
 */
export function runSet(session: Session, at: number, stop: number, next: number, end: number): number {
  const { bytes } = session.cache.store.arena;
  let i = at;
  while (i < stop && bytes[i] !== SPACE) i++;
  const keyLength = i - at;
  if (keyLength === 0 || keyLength > KEY_MAX || i === stop) return 0;

  const flagsAt = ++i;
  let flags = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!)
    flags = flags * 10 + digit - ZERO;
  if (i === flagsAt || i - flagsAt > PLAIN_DIGITS || bytes[i] !== SPACE) return 0;

  let exptimeAt = ++i;
  const negative = bytes[i] === MINUS;
  if (negative) exptimeAt = ++i;
  let exptime = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!) {
    exptime = exptime * 10 + digit - ZERO;
  }
  if (i === exptimeAt || i - exptimeAt > PLAIN_DIGITS || bytes[i] !== SPACE) return 0;

  const lengthAt = ++i;
  let length = 0;
  for (let digit = bytes[i]!; digit >= ZERO && digit <= NINE; digit = bytes[++i]!)
    length = length * 10 + digit - ZERO;
  if (i === lengthAt || i - lengthAt > PLAIN_DIGITS || i !== stop) return 0;

  session.noreply = false;
  return beginStore(session, SET, at, keyLength, flags, negative ? -exptime : exptime, length, next, end);
}

/**
 * Allocates an item for a storage command and takes as much of its value as has come.
 * @returns the position after what was used
 */
export function beginStore(
  session: Session,
  mode: StoreMode,
  keyAt: number,
  keyLength: number,
  flags: number,
  exptime: number,
  length: number,
  next: number,
  end: number,
  casLow = 0,
  casHigh = 0,
): number {
  const { store } = session.cache;
  const hash = store.index.hash(keyAt, keyLength);
  const item = store.allocate(keyAt, keyLength, flags, store.clock.deadline(exptime), length);
  if (item === 0) {
    refuse(session, mode, keyAt, keyLength, hash);
    session.swallow = length + 2;
    return next;
  }
  const { words, bytes } = store.arena;
  words[item * 2 + I.CAS_LOW] = casLow;
  words[item * 2 + I.CAS_HIGH] = casHigh;
  session.item = item;
  session.hash = hash;
  session.mode = mode;
  const valueAt = store.valueAt(item);
  const missing = length + 2;
  if (end - next >= missing) {
    bytes.copyWithin(valueAt, next, next + missing);
    finishStore(session);
    return next + missing;
  }
  session.fillAt = valueAt;
  session.fillLeft = missing;
  session.onFilled = finishStore;
  return next;
}

/** The value is in place: checks its end, stores, answers. */
function finishStore(session: Session): void {
  const { store, reply } = session.cache;
  const { bytes, view, words } = store.arena;
  const { item } = session;
  session.item = 0;
  const end = store.valueAt(item) + words[item * 2 + I.LENGTH]!;
  store.counters.setsOf[store.list(item) & 63]!++;
  if (!reply.fits(64)) reply.flush();
  if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) {
    store.discard(item);
    if (!session.noreply) reply.bytes(BAD_CHUNK);
    return;
  }
  const outcome = storeItem(store, session.mode as StoreMode, item, session.hash);
  if (session.noreply) return;
  if (outcome === 'stored') {
    view.setInt32(reply.at, STOR, true);
    view.setInt32(reply.at + 4, ED_CRLF, true);
    reply.at += STORED.length;
  } else {
    reply.bytes(outcome === 'not-stored' ? NOT_STORED : outcome === 'exists' ? EXISTS : NOT_FOUND);
  }
}

/** The item cannot be had. A `set` that fails leaves nothing old behind. */
function refuse(session: Session, mode: StoreMode, keyAt: number, keyLength: number, hash: number): void {
  const { store, reply } = session.cache;
  const noMemory = store.refused === OUT_OF_MEMORY;
  if (noMemory) store.counters.storeNoMemory++;
  else store.counters.storeTooLarge++;
  if (!reply.fits(64)) reply.flush();
  if (!session.noreply) reply.bytes(noMemory ? NO_MEMORY : TOO_LARGE);
  if (mode !== SET) return;
  const old = store.find(keyAt, keyLength, hash);
  if (old !== 0) store.unlink(old);
}
