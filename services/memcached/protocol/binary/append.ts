import * as S from '../../commands/store-item.ts';
import { finishUpdate, refuse } from './finish-update.ts';
import { OP } from './codes.ts';
import { receiveValue } from '../../commands/receive-value.ts';
import type { BinaryRequest } from './packet.ts';
import type { Session } from '../session.ts';

/** append, prepend and their quiet variants. */
export function append(session: Session, request: BinaryRequest, _at: number, end: number): number {
  const { store, prefixes } = session.cache;
  const { keyAt, keyLength, valueLength } = request;
  if (prefixes.enabled) prefixes.set(store.arena.bytes, keyAt, keyLength);
  session.mode = request.loud === OP.append ? S.APPEND : S.PREPEND;
  session.request = request;
  const item = store.memory.allocate(keyAt, keyLength, 0, 0, valueLength);
  if (item === 0) return refuse(session, request);
  store.setCasWords(item, request.casLow, request.casHigh);
  if (end - request.valueAt < valueLength) session.request = request.copy();
  return receiveValue(session, item, valueLength, request.valueAt, end, finishUpdate);
}
