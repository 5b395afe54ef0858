import type { Session } from '../session.ts';
import type { Line } from './line.ts';
import { KEY_MAX } from './get.ts';

/** Answers unless the request asked for silence. */
export function answer(session: Session, line: Uint8Array): void {
  if (!session.noreply) session.cache.reply.bytes(line);
}

/** Whether the key, always the second word, is longer than allowed. */
export function isKeyTooLong(line: Line): boolean {
  return line.length[1]! > KEY_MAX;
}

/** The item named by the second word, or 0. */
export function findKey(session: Session, line: Line): number {
  const { store } = session.cache;
  const at = line.at[1]!;
  const length = line.length[1]!;
  return store.find(at, length, store.keys.hash(at, length));
}
