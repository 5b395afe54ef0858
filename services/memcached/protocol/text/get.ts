import * as I from '../../store/item.ts';
import { ANSWER_BYTES } from '../reply.ts';
import type { Session } from '../session.ts';
import { BAD_FORMAT, END, ERROR } from './answers.ts';
import { writeCas } from './cas.ts';

export const KEY_MAX = 250;
const SPACE = 0x20;
/** "VALU" and "E " as little-endian words. */
const VALU = 0x554c4156;
const E_SPACE = 0x2045;
const VALUE_BYTES = 6;

/**
 * Serves `get`, and through `retrieve` its relatives. `at` is the start of the line, `stop` its end without the
 * line end, `next` the position after it.
 */
export function runGet(session: Session, at: number, stop: number, next: number, verb: 'get'): number {
  return retrieve(session, at, at + verb.length, stop, next, false, undefined);
}

/**
 * Answers a line of keys that begins at `from`. If the client stops reading in the middle, the rest of the
 * line is turned into a request of its own (the words before `from` put in front of it) and left for later.
 * @param withCas whether to add the CAS to each hit
 * @param deadline touches the hits: gives the expiry second
 */
export function retrieve(
  session: Session,
  lineAt: number,
  from: number,
  stop: number,
  next: number,
  withCas: boolean,
  deadline: number | undefined,
): number {
  const { store, reply } = session.cache;
  const { bytes, view, words } = store.arena;
  const begun = reply.at;
  let keys = 0;
  let at = from;
  let checked = stop - from <= KEY_MAX;
  for (;;) {
    while (at < stop && bytes[at] === SPACE) at++;
    if (at >= stop) break;
    const key = at;
    while (at < stop && bytes[at] !== SPACE) at++;
    const length = at - key;
    if (length > KEY_MAX) {
      reply.rewind(begun);
      reply.bytes(BAD_FORMAT);
      return next;
    }
    keys++;
    const hash = store.index.hash(key, length);
    const item = store.find(key, length, hash);
    if (item === 0) {
      countMiss(session, deadline !== undefined);
      continue;
    }
    const shape = words[item * 2 + I.SHAPE]!;
    const head = length + ((shape >>> I.SUFFIX_SHIFT) & I.BYTE);
    const valueBytes = words[item * 2 + I.LENGTH]! + 2;
    if (!reply.hasRoom(head, valueBytes)) {
      if (!checked && hasLongKey(bytes, at, stop)) {
        reply.rewind(begun);
        reply.bytes(BAD_FORMAT);
        return next;
      }
      checked = true;
      reply.flush();
      if (session.transport.blocked) return resumeAt(bytes, lineAt, from, key);
    }
    countHit(session, item, deadline);
    store.bump(item);
    const out = reply.at;
    view.setInt32(out, VALU, true);
    view.setInt16(out + 4, E_SPACE, true);
    reply.at = out + VALUE_BYTES;
    const source = item * 8 + I.HEADER_BYTES;
    if (!withCas && (shape & I.LARGE) === 0 && valueBytes < 4096) {
      reply.copy(source, head + valueBytes);
      continue;
    }
    reply.copy(source, withCas ? head - 2 : head);
    if (withCas) writeCas(reply, store, item);
    reply.value(item, store.valueAt(item), valueBytes);
  }
  if (keys === 0) {
    reply.bytes(ERROR);
    return next;
  }
  if (!reply.fits(ANSWER_BYTES)) reply.flush();
  reply.bytes(END);
  return next;
}

function countMiss(session: Session, touching: boolean): void {
  const { counters } = session.cache.store;
  counters.getMisses++;
  if (touching) {
    counters.cmdTouch++;
    counters.touchMisses++;
  } else {
    counters.cmdGet++;
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
  store.counters.touchHitsOf[list & 63]!++;
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
