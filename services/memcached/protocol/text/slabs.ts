import * as A from './answers.ts';
import { answer } from './answer.ts';
import { decimal, int32, uint32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const WINDOW_LEAST_SECONDS = 3;
const WINDOW_MOST_SECONDS = 1800;

/** `slabs automove ...`; `slabs reassign` has no meaning here and finds no page to move. */
export function slabs(session: Session, line: Line): void {
  const { reply, settings } = session.cache;
  const words = line.words(1);
  if (words[0] === 'reassign' && words.length === 3) {
    if (!settings.slabReassign) return reply.text('CLIENT_ERROR slab reassignment disabled\r\n');
    return reassign(session, int32(words[1]!), int32(words[2]!));
  }
  if (words[0] === 'automove' && words.length >= 2) return automove(session, line, words.slice(1));
  return reply.bytes(A.ERROR);
}

function reassign(session: Session, from: number | undefined, to: number | undefined): void {
  const { reply, store } = session.cache;
  if (from === undefined || to === undefined) return reply.bytes(A.BAD_FORMAT);
  const { largest } = store.classes;
  if (from === to) return reply.text('SAME src and dst class are identical\r\n');
  const bad = from < -1 || from > largest || to < 0 || to > largest;
  if (bad) return reply.text('BADCLASS invalid src or dst class id\r\n');
  // Pages that become empty change class by themselves; one that holds items is never moved.
  return reply.text('NOSPARE source class has no spare pages\r\n');
}

function automove(session: Session, line: Line, words: readonly string[]): void {
  const { tuning } = session.cache.store;
  session.noreply = line.noreply;
  const [what = '', value] = words;
  if (what === 'ratio' || what === 'freeratio') {
    const ratio = value === undefined ? undefined : decimal(value);
    if (ratio === undefined) return answer(session, A.ERROR);
    if (what === 'ratio') tuning.slabAutomoveRatio = ratio;
    else tuning.slabAutomoveFreeRatio = ratio;
    return answer(session, A.OK);
  }
  if (what === 'window') {
    const window = value === undefined ? undefined : uint32(value);
    if (window === undefined) return answer(session, A.ERROR);
    if (window < WINDOW_LEAST_SECONDS || window > WINDOW_MOST_SECONDS) return answer(session, A.BAD_WINDOW);
    tuning.slabAutomoveWindow = window;
    return answer(session, A.OK);
  }
  const level = uint32(what);
  if (level === undefined) return answer(session, A.BAD_FORMAT);
  if (level > 2) return answer(session, A.ERROR);
  tuning.slabAutomove = level;
  return answer(session, A.OK);
}
