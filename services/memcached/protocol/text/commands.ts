import * as I from '../../store/item.ts';
import { ADD, APPEND, CAS, PREPEND, REPLACE, SET, type StoreMode } from '../../commands/store-item.ts';
import { addDelta } from '../../commands/add-delta.ts';
import { generalStats } from '../../stats/general.ts';
import { int32, uint32, uint64 } from '../numbers.ts';
import type { Session } from '../session.ts';
import * as A from './answers.ts';
import { KEY_MAX, retrieve } from './get.ts';
import { beginStore } from './set.ts';
import type { Line } from './line.ts';

const STORE_MODES: Readonly<Record<string, StoreMode>> = {
  set: SET,
  add: ADD,
  replace: REPLACE,
  append: APPEND,
  prepend: PREPEND,
  cas: CAS,
};

/** Serves any line that has no shorter way. Gives the position after what was used. */
export function runLine(session: Session, at: number, stop: number, next: number, end: number): number {
  const { line, reply } = session.cache;
  line.cut(at, stop);
  session.noreply = false;
  if (!reply.fits(1024)) reply.flush();
  if (line.count === 0) {
    reply.bytes(A.ERROR);
    return next;
  }
  const verb = line.word(0);
  switch (verb) {
    case 'get':
    case 'gets':
    case 'bget':
      return retrieve(session, at, line.at[0]! + verb.length, stop, next, verb === 'gets', undefined);
    case 'gat':
    case 'gats':
      return getAndTouch(session, line, at, next, verb === 'gats');
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
    case 'cas':
      return store(session, line, STORE_MODES[verb]!, next, end);
    default:
      runWord(session, line, verb);
      return next;
  }
}

function runWord(session: Session, line: Line, verb: string): void {
  const { reply } = session.cache;
  switch (verb) {
    case 'delete':
      return remove(session, line);
    case 'incr':
      return arithmetic(session, line, true);
    case 'decr':
      return arithmetic(session, line, false);
    case 'touch':
      return touch(session, line);
    case 'flush_all':
      return flushAll(session, line);
    case 'version':
      return reply.text(`VERSION ${session.cache.version}\r\n`);
    case 'verbosity':
      if (line.count < 2) return reply.bytes(A.ERROR);
      return answer(session, line, A.OK);
    case 'quit':
      return session.quit();
    case 'stats':
      if (line.count > 1) return reply.bytes(A.ERROR);
      for (const [name, value] of generalStats(session.cache)) reply.text(`STAT ${name} ${value}\r\n`);
      return reply.bytes(A.END);
    default:
      if (line.count > 1 && line.word(line.count - 1).startsWith('HTTP/')) return session.quit();
      return reply.bytes(A.ERROR);
  }
}

function answer(session: Session, line: Line, text: Uint8Array): void {
  if (!line.noreply) session.cache.reply.bytes(text);
}

/** Keys longer than allowed make any command malformed. */
function badKey(line: Line): boolean {
  return line.length[1]! > KEY_MAX;
}

function store(session: Session, line: Line, mode: StoreMode, next: number, end: number): number {
  const { reply } = session.cache;
  const words = mode === CAS ? 6 : 5;
  if (line.count !== words && line.count !== words + 1) {
    reply.bytes(A.ERROR);
    return next;
  }
  session.noreply = line.noreply;
  const flags = uint32(line.word(2));
  const exptime = int32(line.word(3));
  const length = int32(line.word(4));
  const cas = mode === CAS ? uint64(line.word(5)) : 0n;
  const bad = flags === undefined || exptime === undefined || length === undefined || cas === undefined;
  if (bad || badKey(line) || length < 0 || length > 2 ** 31 - 3) {
    answer(session, line, A.BAD_FORMAT);
    return next;
  }
  const casLow = Number(BigInt.asIntN(32, cas));
  const casHigh = Number(BigInt.asIntN(32, cas >> 32n));
  return beginStore(
    session,
    mode,
    line.at[1]!,
    line.length[1]!,
    flags | 0,
    exptime,
    length,
    next,
    end,
    casLow,
    casHigh,
  );
}

function getAndTouch(session: Session, line: Line, at: number, next: number, withCas: boolean): number {
  const { reply, store } = session.cache;
  if (line.count < 3) {
    reply.bytes(A.ERROR);
    return next;
  }
  const exptime = int32(line.word(1));
  if (exptime === undefined) {
    reply.bytes(A.BAD_EXPTIME);
    return next;
  }
  const from = line.at[1]! + line.length[1]!;
  return retrieve(session, at, from, line.stop, next, withCas, store.clock.deadline(exptime));
}

function remove(session: Session, line: Line): void {
  const { store } = session.cache;
  if (line.count < 2 || line.count > 4) return session.cache.reply.bytes(A.ERROR);
  if (line.count > 2) {
    const plainZero = line.word(2) === '0';
    const valid = (line.count === 3 && plainZero) || (line.count === 3 && line.noreply);
    if (!valid && !(line.count === 4 && plainZero && line.noreply))
      return answer(session, line, A.DELETE_USAGE);
  }
  if (badKey(line)) return answer(session, line, A.BAD_FORMAT);
  const item = find(session, line);
  if (item === 0) {
    store.counters.deleteMisses++;
    return answer(session, line, A.NOT_FOUND);
  }
  store.counters.deleteHitsOf[store.list(item) & 63]!++;
  store.unlink(item);
  return answer(session, line, A.DELETED);
}

function touch(session: Session, line: Line): void {
  const { store, reply } = session.cache;
  if (line.count < 3 || line.count > 4) return reply.bytes(A.ERROR);
  if (badKey(line)) return answer(session, line, A.BAD_FORMAT);
  const exptime = int32(line.word(2));
  if (exptime === undefined) return answer(session, line, A.BAD_EXPTIME);
  const item = find(session, line);
  store.counters.cmdTouch++;
  if (item === 0) {
    store.counters.touchMisses++;
    return answer(session, line, A.NOT_FOUND);
  }
  store.counters.touchHitsOf[store.list(item) & 63]!++;
  store.bump(item);
  store.arena.words[item * 2 + I.EXPIRES] = store.clock.deadline(exptime);
  return answer(session, line, A.TOUCHED);
}

function arithmetic(session: Session, line: Line, increment: boolean): void {
  const { store, reply } = session.cache;
  if (line.count < 3 || line.count > 4) return reply.bytes(A.ERROR);
  if (badKey(line)) return answer(session, line, A.BAD_FORMAT);
  const delta = uint64(line.word(2));
  if (delta === undefined) return answer(session, line, A.BAD_DELTA);
  const item = find(session, line);
  if (item === 0) {
    if (increment) store.counters.incrMisses++;
    else store.counters.decrMisses++;
    return answer(session, line, A.NOT_FOUND);
  }
  const result = addDelta(store, item, increment, delta);
  if (result === 'non-numeric') return answer(session, line, A.NOT_NUMERIC);
  if (result === 'no-memory') return answer(session, line, A.NO_MEMORY);
  if (!line.noreply) reply.text(`${result}\r\n`);
}

function flushAll(session: Session, line: Line): void {
  const { store, reply, settings } = session.cache;
  if (line.count > 3) return reply.bytes(A.ERROR);
  if (!settings.flushEnabled) return answer(session, line, A.FLUSH_FORBIDDEN);
  let exptime: number | undefined = 0;
  if (line.count > (line.noreply ? 2 : 1)) {
    exptime = int32(line.word(1));
    if (exptime === undefined) return answer(session, line, A.BAD_EXPTIME);
  }
  store.flush(exptime > 0 ? store.clock.deadline(exptime) : 0);
  return answer(session, line, A.OK);
}

function find(session: Session, line: Line): number {
  const { store } = session.cache;
  const at = line.at[1]!;
  const length = line.length[1]!;
  return store.find(at, length, store.index.hash(at, length));
}
