import * as A from './answers.ts';
import * as I from '../../store/item.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { encodeKey } from '../../watch/encode-key.ts';
import { classSet, hasItems } from './classes.ts';
import { ItemWalk } from '../../store/walk.ts';
import { casOf } from './cas.ts';
import type { ClassSet } from '../../store/crawler.ts';
import type { Session } from '../session.ts';
import type { Store } from '../../store/store.ts';

/** Chunks looked at before other connections get their turn. */
const CHUNKS_PER_STEP = 5_000;
/** Longest line: a key of 250 bytes, each as %XX, and the numbers. */
const LINE_MAX = 1024;

/** `lru_crawler metadump <classes>|all|hash`: a line about every item. */
export function dumpMeta(session: Session, classes: string): void {
  const set = prepare(session, classes === 'hash' ? 'all' : classes);
  if (set) dump(session, set, metaLine, 'END\r\n');
}

/** `lru_crawler mgdump <classes>|all|hash`: a request for every item, to be sent back as it is. */
export function dumpMetaGet(session: Session, classes: string): void {
  const set = prepare(session, classes === 'hash' ? 'all' : classes);
  if (set) dump(session, set, requestLine, 'EN\r\n');
}

function prepare(session: Session, classes: string): ClassSet | undefined {
  const { store, reply, settings } = session.cache;
  const set = classSet(classes);
  if (!store.tuning.crawlerEnabled) reply.bytes(A.CRAWLER_DISABLED);
  else if (!settings.dumpEnabled) reply.text('ERROR metadump not allowed\r\n');
  else if (reply.pending || session.answered)
    reply.text('ERROR cannot pipeline other commands before metadump\r\n');
  else if (!set) reply.bytes(A.BAD_CLASS);
  else if (!hasItems(session, set) && classes !== 'all') reply.bytes(A.NOTHING_TO_CRAWL);
  else return set;
  return undefined;
}

function dump(
  session: Session,
  classes: ClassSet,
  lineOf: (store: Store, item: number) => string,
  ending: string,
): void {
  const { store, reply } = session.cache;
  const walk = new ItemWalk(store);
  session.busy = true;
  session.transport.pause();
  const step = () => {
    if (session.closing) return;
    reply.open(session.transport);
    store.clock.tick();
    for (let left = CHUNKS_PER_STEP; left > 0 && !session.transport.blocked; left--) {
      const item = walk.next(left);
      if (item < 0) break;
      if (item === 0) {
        reply.text(ending);
        reply.flush();
        session.busy = false;
        session.transport.unpause();
        session.resume();
        return;
      }
      if (!classes[store.list(item) & CLASS_MASK] || isGone(store, item)) continue;
      if (!reply.fits(LINE_MAX)) reply.flush();
      reply.text(lineOf(store, item));
    }
    reply.flush();
    session.transport.afterDrain(() => setImmediate(step));
  };
  setImmediate(step);
}

function isGone(store: Store, item: number): boolean {
  const expires = store.arena.words[item * 2 + I.EXPIRES]!;
  return (expires !== 0 && expires <= store.clock.now) || store.isFlushed(item);
}

function metaLine(store: Store, item: number): string {
  const { words, bytes } = store.arena;
  const { epoch } = store.clock;
  const shape = words[item * 2 + I.SHAPE]!;
  const key = encodeKey(bytes, item * 8 + I.HEADER_BYTES, shape & I.BYTE);
  const expires = words[item * 2 + I.EXPIRES]!;
  const used = words[item * 2 + I.USED]! + epoch;
  const fetched = (shape & I.FETCHED) === 0 ? 'no' : 'yes';
  const id = store.list(item) & CLASS_MASK;
  return `key=${key} exp=${expires === 0 ? -1 : expires + epoch} la=${used} cas=${casOf(store, item)} fetch=${fetched} cls=${id} size=${store.size(item)}\n`;
}

function requestLine(store: Store, item: number): string {
  const { words, bytes } = store.arena;
  const shape = words[item * 2 + I.SHAPE]!;
  const at = item * 8 + I.HEADER_BYTES;
  const length = shape & I.BYTE;
  return (shape & I.BINARY_KEY) === 0
    ? `mg ${store.arena.text(at, at + length)}\r\n`
    : `mg ${bytes.subarray(at, at + length).toString('base64')} b\r\n`;
}
