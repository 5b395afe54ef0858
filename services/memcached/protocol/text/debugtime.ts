import * as A from './answers.ts';
import { int32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

/** `debugtime p|r|<seconds>`, a command of memcached's debug build: holds, releases or moves the clock. */
export function debugTime(session: Session, line: Line): void {
  const { reply, store, debugClock } = session.cache;
  if (!debugClock || line.count < 2) return reply.bytes(A.ERROR);
  const what = line.word(1);
  if (what === 'p') {
    debugClock.hold();
  } else if (what === 'r') {
    debugClock.release();
  } else {
    const seconds = int32(what);
    if (seconds === undefined) return reply.bytes(A.ERROR);
    debugClock.move(seconds);
  }
  store.clock.tick();
  return reply.bytes(A.OK);
}
