import * as I from '../../store/item.ts';
import { ANSWER_BYTES, ZERO_COPY_BYTES } from '../reply.ts';
import { BAD_EXPTIME, BAD_FORMAT, END, ERROR } from './answers.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { int32 } from '../numbers.ts';
import { putItem } from './put-item.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';
import type { Verb } from './verb.ts';

export const KEY_MAX = 250;
const SPACE = 0x20;

/** `get`, `gets`, `bget`: any number of keys. */
export function getKeys(withCas: boolean): Verb {
  return (session, line) => retrieve(session, line, line.at[0]! + line.length[0]!, withCas, undefined);
}

/** `gat`, `gats`: an expiry time, then keys. */
export function getAndTouch(session: Session, line: Line): number {
  const { reply, store } = session.cache;
  const exptime = line.count > 1 ? (line.digits(1) ?? int32(line.word(1))) : 0;
  if (line.count < 2 || exptime === undefined) {
    reply.bytes(exptime === undefined ? BAD_EXPTIME : ERROR);
    return line.next;
  }
  const from = line.at[1]! + line.length[1]!;
  return retrieve(session, line, from, line.length[0] === 4, store.clock.deadline(exptime));
}

/**
 * Answers a line of keys. If the client stops reading in the middle, the rest of the line is turned into a
 * request of its own (the words before the keys put in front of it) and left for later.
 * @param from where its keys begin
 * @param deadline given to the hits; undefined leaves theirs
 */
export function retrieve(
  session: Session,
  line: Line,
  from: number,
  withCas: boolean,
  deadline: number | undefined,
): number {
  const { store, reply, prefixes } = session.cache;
  const { bytes, words } = store.arena;
  const { stop } = line;
  const begun = reply.at;
  let keys = 0;
  let at = from;
  let checked = stop - at <= KEY_MAX;
  let large = false; // whether there was a value that is sent from where it lies, which may have been sent already
  for (;;) {
    while (at < stop && bytes[at] === SPACE) at++;
    if (at >= stop) break;
    const key = at;
    if (large && session.transport.blocked) return resumeAt(bytes, line.start, from, key);
    while (at < stop && bytes[at] !== SPACE) at++;
    const length = at - key;
    if (length > KEY_MAX) return refuseLine(session, begun, line.next);
    keys++;
    const item = store.find(key, length, store.keys.hash(key, length));
    if (prefixes.enabled) prefixes.get(bytes, key, length, item !== 0);
    if (item === 0) {
      countMiss(session, deadline !== undefined);
      continue;
    }
    const shape = words[item * 2 + I.SHAPE]!;
    const head = length + ((shape >>> I.SUFFIX_SHIFT) & I.BYTE);
    const valueBytes = words[item * 2 + I.LENGTH]! + 2;
    if (valueBytes >= ZERO_COPY_BYTES) large = true;
    const fits = reply.hasRoom(head, valueBytes);
    if (!checked && (large || !fits)) {
      if (hasLongKey(bytes, at, stop)) return refuseLine(session, begun, line.next);
      checked = true;
    }
    if (!fits) {
      reply.flush();
      if (session.transport.blocked) return resumeAt(bytes, line.start, from, key);
    }
    countHit(session, item, deadline);
    store.bump(item);
    putItem(session.cache, item, head, valueBytes, withCas);
  }
  if (!reply.fits(ANSWER_BYTES)) reply.flush();
  reply.bytes(keys === 0 && deadline === undefined ? ERROR : END);
  return line.next;
}

/** A key that is too long anywhere spoils the whole answer. */
function refuseLine(session: Session, begun: number, next: number): number {
  const { reply } = session.cache;
  reply.rewind(begun);
  reply.bytes(BAD_FORMAT);
  return next;
}

function countMiss(session: Session, touching: boolean): void {
  const { counters } = session.cache.store;
  if (touching) {
    counters.cmdTouch++;
    counters.touchMisses++;
  } else {
    counters.cmdGet++;
    counters.getMisses++;
  }
}

function countHit(session: Session, item: number, deadline: number | undefined): void {
  const { store } = session.cache;
  const list = store.list(item);
  if (deadline === undefined) {
    store.counters.cmdGet++;
    store.counters.listHits[list]!++;
    return;
  }
  store.counters.cmdTouch++;
  store.counters.touchHitsOf[list & CLASS_MASK]!++;
  store.arena.words[item * 2 + I.EXPIRES] = deadline;
}

/** Puts the words before the keys in front of the keys still to be served, over what was served. */
function resumeAt(bytes: Uint8Array, lineAt: number, from: number, key: number): number {
  const prefix = from - lineAt;
  bytes.copyWithin(key - 1 - prefix, lineAt, from);
  bytes[key - 1] = SPACE;
  return key - 1 - prefix;
}

function hasLongKey(bytes: Uint8Array, from: number, stop: number): boolean {
  let length = 0;
  for (let at = from; at < stop; at++) {
    length = bytes[at] === SPACE ? 0 : length + 1;
    if (length > KEY_MAX) return true;
  }
  return false;
}
