import * as S from '../../commands/store-item.ts';
import { finishUpdate, refuse } from './finish-update.ts';
import { OP } from './codes.ts';
import { receiveValue } from '../../commands/receive-value.ts';
import type { BinaryRequest } from './packet.ts';
import type { Session } from '../session.ts';

/** set, add, replace and their quiet variants. A CAS in the header makes each of them a comparison. */
export function update(session: Session, request: BinaryRequest, _at: number, end: number): number {
  const { store, prefixes } = session.cache;
  const { view, bytes } = store.arena;
  const { keyAt, keyLength, extrasAt, valueLength } = request;
  if (prefixes.enabled) prefixes.set(bytes, keyAt, keyLength);
  const flags = view.getInt32(extrasAt);
  const deadline = store.clock.deadline(view.getUint32(extrasAt + 4));
  session.mode = request.loud === OP.set ? S.SET : request.loud === OP.add ? S.ADD : S.REPLACE;
  session.request = request;
  const item = store.memory.allocate(keyAt, keyLength, flags, deadline, valueLength);
  if (item === 0) return refuse(session, request);
  if (request.hasCas) session.mode = S.CAS;
  store.setCasWords(item, request.casLow, request.casHigh);
  if (end - request.valueAt < valueLength) session.request = request.copy();
  return receiveValue(session, item, valueLength, request.valueAt, end, finishUpdate);
}
