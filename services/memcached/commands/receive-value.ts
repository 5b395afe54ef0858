import type { Session } from '../protocol/session.ts';

/**
 * Takes as much of an item's value as has come, and serves the command once it is whole.
 * @param missing bytes the client will send
 * @param next where they begin
 * @param end where the received bytes end
 * @param onFilled serves the command; finds the item in `session.item`
 * @returns the position after what was used
 */
export function receiveValue(
  session: Session,
  item: number,
  missing: number,
  next: number,
  end: number,
  onFilled: (session: Session) => void,
): number {
  const { store } = session.cache;
  session.item = item;
  const valueAt = store.memory.valueAt(item);
  if (end - next >= missing) {
    store.arena.bytes.copyWithin(valueAt, next, next + missing);
    onFilled(session);
    return next + missing;
  }
  session.fillAt = valueAt;
  session.fillLeft = missing;
  session.onFilled = onFilled;
  return next;
}
