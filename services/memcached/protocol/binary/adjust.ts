import { addDelta, isNeverNumber } from '../../commands/add-delta.ts';
import { CAS_HIGH, CAS_LOW } from '../../store/item.ts';
import { createNumber } from '../../commands/create-number.ts';
import { OP, STATUS } from './codes.ts';
import { putError, putHeader, type BinaryRequest } from './packet.ts';
import type { Session } from '../session.ts';

const NUMBER_BYTES = 8;
/** This expiry time forbids creating the number. */
const NEVER_CREATE = 0xffffffff;

/** increment, decrement and their quiet variants. */
export function adjust(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  const { store } = cache;
  const { view, words } = store.arena;
  const { keyAt, keyLength, extrasAt } = request;
  const delta = view.getBigUint64(extrasAt);
  const initial = view.getBigUint64(extrasAt + 8);
  const exptime = view.getUint32(extrasAt + 16);
  const up = request.loud === OP.increment;
  const item = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
  if (item === 0) {
    if (exptime === NEVER_CREATE) {
      if (up) store.counters.incrMisses++;
      else store.counters.decrMisses++;
      putError(cache, request, STATUS.notFound);
    } else if (createNumber(cache, keyAt, keyLength, store.clock.deadline(exptime), String(initial))) {
      answer(session, request, initial);
    } else {
      putError(cache, request, STATUS.noMemory, 'Out of memory allocating new item');
    }
    return request.valueAt;
  }
  const same = words[item * 2 + CAS_LOW] === request.casLow && words[item * 2 + CAS_HIGH] === request.casHigh;
  if (isNeverNumber(store, item)) {
    putError(cache, request, STATUS.nonNumeric);
    return request.valueAt;
  }
  if (request.hasCas && !same) {
    putError(cache, request, STATUS.exists);
    return request.valueAt;
  }
  const result = addDelta(store, item, up, delta);
  if (result === 'non-numeric') putError(cache, request, STATUS.nonNumeric);
  else if (result === 'no-memory') {
    putError(cache, request, STATUS.noMemory, 'Out of memory incrementing value');
  } else answer(session, request, result);
  return request.valueAt;
}

function answer(session: Session, request: BinaryRequest, value: bigint): void {
  if (request.quiet) return;
  const { cache } = session;
  const { reply, store } = cache;
  putHeader(cache, request, STATUS.ok, 0, 0, NUMBER_BYTES, store.stored);
  store.arena.view.setBigUint64(reply.at, value);
  reply.at += NUMBER_BYTES;
}
