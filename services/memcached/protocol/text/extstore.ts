import * as A from './answers.ts';
import { answer } from './answer.ts';
import { decimal, uint32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

/** External storage is not there; its settings are taken for the sake of scripts that set them. */
export function extstore(session: Session, line: Line): void {
  if (line.count < 2) return session.cache.reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  const [what = '', ...values] = line.words(1);
  const numbers = what === 'free_memchunks' ? 2 : 1;
  const known = EXTSTORE_SETTINGS.has(what) && values.length >= numbers;
  const read = what === 'max_frag' ? decimal : uint32;
  const valid = known && values.slice(0, numbers).every((value) => read(value) !== undefined);
  return answer(session, valid ? A.OK : A.ERROR);
}

const EXTSTORE_SETTINGS: ReadonlySet<string> = new Set([
  'free_memchunks',
  'item_size',
  'item_age',
  'low_ttl',
  'recache_rate',
  'compact_under',
  'drop_under',
  'max_sleep',
  'max_frag',
  'drop_unread',
]);
