import * as A from './answers.ts';
import { classSet, hasItems } from './classes.ts';
import { dumpMeta, dumpMetaGet } from './dump.ts';
import { uint32 } from '../numbers.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';

const SLEEP_MAX_US = 1_000_000;

/** `lru_crawler enable|disable`, `crawl|metadump|mgdump <classes>`, `tocrawl <n>`, `sleep <us>` */
export function crawlerVerb(session: Session, line: Line): void {
  const { store, reply, crawler } = session.cache;
  const { tuning } = store;
  const [what, argument] = line.words(1);
  if (line.count === 2 && (what === 'enable' || what === 'disable')) {
    const enable = what === 'enable';
    if (enable && tuning.crawlerEnabled) return reply.text('ERROR failed to start lru crawler thread\r\n');
    tuning.crawlerEnabled = enable;
    if (!enable) crawler.stop();
    return reply.bytes(A.OK);
  }
  if (line.count !== 3) return reply.bytes(A.ERROR);
  switch (what) {
    case 'crawl':
      return crawl(session, argument!);
    case 'metadump':
      return dumpMeta(session, argument!);
    case 'mgdump':
      return dumpMetaGet(session, argument!);
    case 'tocrawl': {
      const items = uint32(argument!);
      if (items === undefined) return reply.bytes(A.BAD_FORMAT);
      tuning.crawlerToCrawl = items;
      return reply.bytes(A.OK);
    }
    case 'sleep': {
      const micros = uint32(argument!);
      if (micros === undefined) return reply.bytes(A.BAD_FORMAT);
      if (micros > SLEEP_MAX_US) return reply.text('CLIENT_ERROR sleep must be one second or less\r\n');
      tuning.crawlerSleep = micros;
      return reply.bytes(A.OK);
    }
    default:
      return reply.bytes(A.ERROR);
  }
}

function crawl(session: Session, classes: string): void {
  const { store, reply, crawler } = session.cache;
  if (!store.tuning.crawlerEnabled) return reply.bytes(A.CRAWLER_DISABLED);
  const set = classSet(classes);
  if (!set) return reply.bytes(A.BAD_CLASS);
  if (crawler.running) return reply.bytes(A.CRAWLER_BUSY);
  if (!hasItems(session, set)) return reply.bytes(A.NOTHING_TO_CRAWL);
  crawler.start(set, store.tuning.crawlerToCrawl);
  return reply.bytes(A.OK);
}
