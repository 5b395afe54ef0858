import { CARRY_BYTES } from '../../store/arena.ts';
import type { Session } from '../session.ts';
import { META_GET_WORD, servePlainMetaGets } from '../meta/plain-gets.ts';
import { runLine } from './dispatch.ts';
import { GET_WORD, servePlainGets } from './plain-gets.ts';
import { retrieve } from './get.ts';
import { runSet } from './set.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** A line without end may grow this long before the connection is closed; `get` and `gets` may go on. */
const LINE_MAX = 2048;
/** Spaces tolerated before a long `get`. */
const LEADING_SPACES_MAX = 100;

/** "set " as a little-endian word. */
const SET_WORD = 0x20746573;
const SET_BYTES = 4;
const THREE_BYTES = 0xffffff;

/** Serves the line at `at`, if it is complete. */
export function textStep(session: Session, at: number, end: number): number {
  const { bytes, view } = session.cache.store.arena;
  bytes[end] = LF; // ends the scan without a bounds check per byte
  const word = view.getInt32(at, true);
  if (word === GET_WORD) {
    const after = servePlainGets(session, at, end);
    if (after !== at) return after;
  } else if (word === SET_WORD) {
    const after = runSet(session, at + SET_BYTES, end);
    if (after !== 0) return after;
  } else if ((word & THREE_BYTES) === META_GET_WORD) {
    const after = servePlainMetaGets(session, at, end);
    if (after !== at) return after;
  }
  let eol = at;
  let nul = 0;
  for (;;) {
    while (bytes[eol]! > LF) eol++;
    if (bytes[eol] === LF) break;
    if (bytes[eol] === 0 && nul === 0) nul = eol;
    eol++;
  }
  if (eol === end) return incomplete(session, at, end);
  const next = eol + 1;
  let stop = eol > at && bytes[eol - 1] === CR ? eol - 1 : eol;
  if (nul !== 0 && nul < stop) stop = nul; // a line ends at NUL, as a string of C does
  if (word === GET_WORD) {
    const { line } = session.cache;
    line.place(at, stop, next, end);
    return retrieve(session, line, at + 3, false, undefined);
  }
  return runLine(session, at, stop, next, end);
}

/** Waits for the rest of a line, unless it is hopeless. */
function incomplete(session: Session, at: number, end: number): number {
  const length = end - at;
  if (length > LINE_MAX) {
    if (length >= CARRY_BYTES || !beginsLikeGet(session, at, end)) {
      session.quit('error');
      return end;
    }
    session.lineOpen = true;
  }
  return at;
}

function beginsLikeGet(session: Session, at: number, end: number): boolean {
  const { bytes } = session.cache.store.arena;
  let from = at;
  while (from < end && bytes[from] === SPACE) from++;
  if (from - at > LEADING_SPACES_MAX) return false;
  const verb = session.cache.store.arena.text(from, from + 5);
  return verb.startsWith('get ') || verb === 'gets ';
}
