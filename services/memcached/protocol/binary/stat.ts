import { ANSWER_BYTES } from '../reply.ts';
import { putError, putHeader, type BinaryRequest } from './packet.ts';
import { resetStats } from '../../stats/reset.ts';
import { STATUS } from './codes.ts';
import { statsOf, type Stat } from '../../stats/stats-of.ts';
import type { Session } from '../session.ts';

/** stat: one packet per statistic, then an empty one. */
export function stat(session: Session, request: BinaryRequest): number {
  const { cache } = session;
  const what = cache.store.arena.text(request.keyAt, request.valueAt);
  const values = valuesOf(session, what);
  if (!values) {
    putError(cache, request, STATUS.notFound);
    return request.valueAt;
  }
  for (const [name, value] of values) put(session, request, name, String(value));
  put(session, request, '', '');
  return request.valueAt;
}

/** As memcached, what is asked for only has to begin with these words. */
function valuesOf(session: Session, what: string): Iterable<Stat> | undefined {
  const { cache } = session;
  const { prefixes } = cache;
  if (what.startsWith('reset')) {
    resetStats(cache);
    return [];
  }
  if (what.startsWith('settings')) return statsOf(cache, 'settings');
  if (what.startsWith('detail dump')) return [['detailed', prefixes.dump()]];
  if (what.startsWith('detail on') || what.startsWith('detail off')) {
    prefixes.enabled = what.startsWith('detail on');
    return [];
  }
  return what === 'conns' ? undefined : statsOf(cache, what); // which the text protocol alone has
}

function put(session: Session, request: BinaryRequest, name: string, value: string): void {
  const { cache } = session;
  if (!cache.reply.fits(ANSWER_BYTES)) cache.reply.flush();
  putHeader(cache, request, STATUS.ok, 0, name.length, name.length + value.length);
  cache.reply.text(name + value);
}
