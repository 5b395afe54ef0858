import * as A from './answers.ts';
import { ANSWER_BYTES } from '../reply.ts';
import { ADD, APPEND, CAS, PREPEND, REPLACE, SET } from '../../commands/store-item.ts';
import { getAndTouch, getKeys } from './get.ts';
import { decrement, deleteItem, increment, touch } from './keyed.ts';
import { crawlerVerb } from './crawler.ts';
import { debugTime } from './debugtime.ts';
import { extstore } from './extstore.ts';
import { lru } from './lru.ts';
import { slabs } from './slabs.ts';
import { flushAll, memoryLimit, quit, shutdown, verbosity, version } from './admin.ts';
import { metaArithmetic } from '../meta/arithmetic.ts';
import { metaDebug } from '../meta/debug.ts';
import { metaDelete } from '../meta/delete.ts';
import { metaGet } from '../meta/get.ts';
import { metaNoop } from '../meta/noop.ts';
import { metaSet } from '../meta/set.ts';
import { stats } from './stats.ts';
import { storageVerb } from './storage.ts';
import { watch } from './watch.ts';
import type { Line } from './line.ts';
import type { Session } from '../session.ts';
import type { Verb } from './verb.ts';

const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['get', getKeys(false)],
  ['gets', getKeys(true)],
  ['bget', getKeys(false)],
  ['gat', getAndTouch],
  ['gats', getAndTouch],
  ['set', storageVerb(SET)],
  ['add', storageVerb(ADD)],
  ['replace', storageVerb(REPLACE)],
  ['append', storageVerb(APPEND)],
  ['prepend', storageVerb(PREPEND)],
  ['cas', storageVerb(CAS)],
  ['delete', deleteItem],
  ['incr', increment],
  ['decr', decrement],
  ['touch', touch],
  ['mg', metaGet],
  ['ms', metaSet],
  ['md', metaDelete],
  ['ma', metaArithmetic],
  ['mn', metaNoop],
  ['me', metaDebug],
  ['flush_all', flushAll],
  ['version', version],
  ['verbosity', verbosity],
  ['quit', quit],
  ['shutdown', shutdown],
  ['cache_memlimit', memoryLimit],
  ['stats', stats],
  ['watch', watch],
  ['lru', lru],
  ['lru_crawler', crawlerVerb],
  ['slabs', slabs],
  ['extstore', extstore],
  ['debugtime', debugTime],
]);

interface NamedVerb {
  readonly name: Uint8Array;
  readonly verb: Verb;
}

/** The same by the length of their names, few enough of each to look through: no text is made of a verb. */
const VERBS_BY_LENGTH: NamedVerb[][] = [];
for (const [name, verb] of VERBS)
  (VERBS_BY_LENGTH[name.length] ??= []).push({ name: Buffer.from(name), verb });

function findVerb(line: Line): Verb | undefined {
  if (line.count === 0) return undefined;
  const candidates = VERBS_BY_LENGTH[line.length[0]!];
  if (candidates === undefined) return undefined;
  for (const { name, verb } of candidates) if (line.is(0, name)) return verb;
  return undefined;
}

/** Serves any line that has no shorter way. Gives the position after what was used. */
export function runLine(session: Session, at: number, stop: number, next: number, end: number): number {
  const { line, reply } = session.cache;
  if (!begin(session, at, stop, next, end)) return at;
  const verb = findVerb(line);
  if (verb) return verb(session, line) ?? next;
  if (isHttp(line)) session.quit('error');
  else reply.bytes(A.ERROR);
  return next;
}

/** First letters of verbs after which memcached looks no further. */
const VERB_LETTERS = 'gsacidt';

/** Whoever speaks HTTP is hung up on. */
function isHttp(line: Line): boolean {
  if (line.count === 0 || line.length[0]! < 2) return false;
  const verb = line.word(0);
  const known = VERB_LETTERS.includes(verb[0]!) || (verb[0] === 'm' && verb.length === 2);
  return !known && line.word(line.count - 1).startsWith('HTTP/');
}

/** Cuts the line and makes room for an answer; false if the client has to read first. */
function begin(session: Session, at: number, stop: number, next: number, end: number): boolean {
  const { line, reply } = session.cache;
  line.cut(at, stop, next, end);
  session.noreply = false;
  if (!reply.fits(ANSWER_BYTES)) reply.flush();
  return !session.transport.blocked;
}
