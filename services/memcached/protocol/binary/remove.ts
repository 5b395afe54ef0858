import { deleteFound } from '../../commands/delete-found.ts';
import { putError, putSuccess, type BinaryRequest } from './packet.ts';
import { CAS_HIGH, CAS_LOW } from '../../store/item.ts';
import { STATUS } from './codes.ts';
import type { Session } from '../session.ts';

/** delete, deleteq */
export function remove(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  const { store, prefixes } = cache;
  const { keyAt, keyLength } = request;
  const { words, bytes } = store.arena;
  if (prefixes.enabled) prefixes.delete(bytes, keyAt, keyLength);
  const item = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
  if (item === 0) {
    store.counters.deleteMisses++;
    putError(cache, request, STATUS.notFound);
    return request.valueAt;
  }
  const same = words[item * 2 + CAS_LOW] === request.casLow && words[item * 2 + CAS_HIGH] === request.casHigh;
  if (request.hasCas && !same) {
    putError(cache, request, STATUS.exists);
    return request.valueAt;
  }
  deleteFound(cache, item, 'delete');
  putSuccess(cache, request);
  return request.valueAt;
}
