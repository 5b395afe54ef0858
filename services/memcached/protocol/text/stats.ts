import * as A from './answers.ts';
import { cachedump } from '../../stats/cachedump.ts';
import { resetStats } from '../../stats/reset.ts';
import { statsOf } from '../../stats/stats-of.ts';
import { uint32 } from '../numbers.ts';
import { CLASSES_MAX } from '../../store/slab-classes.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

/** `stats [<what>]` */
export function stats(session: Session, line: Line): void {
  const { cache } = session;
  const { reply } = cache;
  const what = line.count === 1 ? '' : line.word(1);
  switch (what) {
    case 'reset':
      resetStats(cache);
      return reply.bytes(A.RESET);
    case 'detail':
      return detail(session, line.count === 2 ? '' : line.word(2));
    case 'cachedump':
      return dumpClass(session, line);
    default: {
      const values = statsOf(cache, what);
      if (!values) return reply.bytes(A.ERROR);
      for (const [name, value] of values) reply.text(`STAT ${name} ${value}\r\n`);
      // memcached forgets the end after these two, and clients that know them do not wait for it.
      return what === 'sizes_enable' || what === 'sizes_disable' ? undefined : reply.text('END\r\n');
    }
  }
}

/** `stats detail on|off|dump` */
function detail(session: Session, what: string): void {
  const { reply, prefixes } = session.cache;
  if (what === 'dump') return reply.text(prefixes.dump());
  if (what !== 'on' && what !== 'off') return reply.text('CLIENT_ERROR usage: stats detail on|off|dump\r\n');
  prefixes.enabled = what === 'on';
  return reply.bytes(A.OK);
}

/** `stats cachedump <class> <limit>` */
function dumpClass(session: Session, line: Line): void {
  const { reply, settings } = session.cache;
  if (!settings.dumpEnabled) return reply.text('CLIENT_ERROR stats cachedump not allowed\r\n');
  if (line.count < 4) return reply.bytes(A.BAD_LINE);
  const id = uint32(line.word(2));
  const limit = uint32(line.word(3));
  if (id === undefined || limit === undefined) return reply.bytes(A.BAD_FORMAT);
  if (id >= CLASSES_MAX) return reply.text('CLIENT_ERROR Illegal slab id\r\n');
  return reply.text(cachedump(session.cache, id, limit));
}
