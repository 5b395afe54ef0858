import * as A from './answers.ts';
import { answer } from './answer.ts';
import { decimal, int32, uint32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const PERCENT_MAX = 80;

/** `lru tune <hot%> <warm%> <hot factor> <warm factor>`, `lru mode flat|segmented`, `lru temp_ttl <seconds>` */
export function lru(session: Session, line: Line): void {
  const { store, settings, reply } = session.cache;
  const { tuning } = store;
  if (line.count < 2) return reply.bytes(A.ERROR);
  session.noreply = line.noreply;
  const [what, first = '', ...rest] = line.words(1);
  if (what === 'tune' && line.count >= 6) return tune(session, [first, ...rest]);
  if (!settings.lruMaintainer || line.count < 3) return answer(session, A.ERROR);
  if (what === 'mode') {
    if (first !== 'flat' && first !== 'segmented') return answer(session, A.ERROR);
    tuning.segmented = first === 'segmented';
    return answer(session, A.OK);
  }
  const ttl = what === 'temp_ttl' ? int32(first) : undefined;
  if (ttl === undefined) return answer(session, A.ERROR);
  tuning.tempLru = ttl >= 0;
  if (ttl >= 0) tuning.temporaryTtl = ttl;
  return answer(session, A.OK);
}

function tune(session: Session, words: readonly string[]): void {
  const { tuning } = session.cache.store;
  const hot = uint32(words[0]!);
  const warm = uint32(words[1]!);
  const hotFactor = decimal(words[2]!);
  const warmFactor = decimal(words[3]!);
  if (hot === undefined || warm === undefined || hotFactor === undefined || warmFactor === undefined) {
    return answer(session, A.ERROR);
  }
  if (hot + warm > PERCENT_MAX) return answer(session, A.PERCENTS_TOO_HIGH);
  if (hotFactor <= 0 || warmFactor <= 0) return answer(session, A.FACTORS_TOO_LOW);
  tuning.hotPercent = hot;
  tuning.warmPercent = warm;
  tuning.hotMaxFactor = hotFactor;
  tuning.warmMaxFactor = warmFactor;
  return answer(session, A.OK);
}
