import * as A from './answers.ts';
import * as I from '../../store/item.ts';
import { addDelta, addSmallDelta } from '../../commands/add-delta.ts';
import { answer, findKey, isKeyTooLong } from './answer.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { deleteFound } from '../../commands/delete-found.ts';
import { int32, uint64 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const CRLF = Buffer.from('\r\n');

/** `delete <key> [0] [noreply]` */
export function deleteItem(session: Session, line: Line): void {
  const { store, reply, prefixes } = session.cache;
  if (line.count < 2 || line.count > 4) return reply.bytes(A.ERROR);
  if (line.count > 2) {
    const zero = line.word(2) === '0';
    session.noreply = line.noreply;
    const valid = line.count === 3 ? zero || session.noreply : zero && session.noreply;
    if (!valid) return answer(session, A.DELETE_USAGE);
  }
  if (isKeyTooLong(line)) return answer(session, A.BAD_FORMAT);
  if (prefixes.enabled) prefixes.delete(store.arena.bytes, line.at[1]!, line.length[1]!);
  const item = findKey(session, line);
  if (item === 0) {
    store.counters.deleteMisses++;
    return answer(session, A.NOT_FOUND);
  }
  deleteFound(session.cache, item, 'delete');
  return answer(session, A.DELETED);
}

/** `touch <key> <exptime> [noreply]` */
export function touch(session: Session, line: Line): void {
  const { store, reply } = session.cache;
  if (line.count < 3 || line.count > 4) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  if (isKeyTooLong(line)) return answer(session, A.BAD_FORMAT);
  const exptime = line.digits(2) ?? int32(line.word(2));
  if (exptime === undefined) return answer(session, A.BAD_EXPTIME);
  const item = findKey(session, line);
  store.counters.cmdTouch++;
  if (item === 0) {
    store.counters.touchMisses++;
    return answer(session, A.NOT_FOUND);
  }
  store.counters.touchHitsOf[store.list(item) & CLASS_MASK]!++;
  store.bump(item);
  store.arena.words[item * 2 + I.EXPIRES] = store.clock.deadline(exptime);
  return answer(session, A.TOUCHED);
}

/** `incr <key> <delta> [noreply]` */
export function increment(session: Session, line: Line): void {
  arithmetic(session, line, true);
}

/** `decr <key> <delta> [noreply]` */
export function decrement(session: Session, line: Line): void {
  arithmetic(session, line, false);
}

function arithmetic(session: Session, line: Line, up: boolean): void {
  const { store, reply } = session.cache;
  if (line.count < 3 || line.count > 4) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  if (isKeyTooLong(line)) return answer(session, A.BAD_FORMAT);
  const delta = line.digits(2) ?? uint64(line.word(2));
  if (delta === undefined) return answer(session, A.BAD_DELTA);
  const item = findKey(session, line);
  if (item === 0) {
    if (up) store.counters.incrMisses++;
    else store.counters.decrMisses++;
    return answer(session, A.NOT_FOUND);
  }
  const result =
    (typeof delta === 'number' ? addSmallDelta(store, item, up, delta) : undefined) ??
    addDelta(store, item, up, BigInt(delta));
  if (result === 'non-numeric') return answer(session, A.NOT_NUMERIC);
  if (result === 'no-memory') return answer(session, A.OUT_OF_MEMORY);
  if (session.noreply) return;
  if (typeof result === 'number') reply.number(result);
  else reply.text(String(result));
  reply.bytes(CRLF);
}
