import * as A from './answers.ts';
import { answer } from './answer.ts';
import { decimal, int32, uint32 } from '../numbers.ts';
import type { Reassigned } from '../../store/page-mover.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const WINDOW_LEAST_SECONDS = 3;
const WINDOW_MOST_SECONDS = 1800;

const ANSWERS: Readonly<Record<Reassigned, string>> = {
  ok: 'OK',
  running: 'BUSY currently processing reassign request',
  'bad class': 'BADCLASS invalid src or dst class id',
  'no spare': 'NOSPARE source class has no spare pages',
  same: 'SAME src and dst class are identical',
};

/** `slabs reassign <from> <to>` and `slabs automove ...` */
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
  reply.text(`${ANSWERS[store.mover.reassign(from, to)]}\r\n`);
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
