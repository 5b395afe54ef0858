import { EXIT, failure } from './ending.ts';
import { PAGE_BYTES } from '../store/arena.ts';
import * as read from './suboption-values.ts';
import type { Draft } from './draft.ts';

type Settings = Draft['settings'];
type Apply = (draft: Draft, value: string | undefined) => void;

export interface Suboption {
  readonly name: string;
  /** The value's name in the help text. */
  readonly shows?: string;
  /** Empty for what the help text does not tell. */
  readonly help: string;
  /** @param value undefined if there was no `=` */
  readonly apply: Apply;
}

/** What memcached's defaults were before 1.5. */
const BEFORE_MODERN: Partial<Settings> = {
  slabReassign: false,
  slabAutomove: 0,
  maxConnectionsFast: false,
  lruSegmented: false,
  lruMaintainer: false,
  lruCrawler: false,
  hashAlgorithm: 'jenkins',
};

/** memcached's settings for `-o`, but for those of what is not here: storage, TLS, the proxy. */
export const SUBOPTIONS: readonly Suboption[] = [
  sets('maxconns_fast', 'a client too many is told so and closed (the default)', { maxConnectionsFast: true }),
  sets('no_maxconns_fast', 'a client too many waits', { maxConnectionsFast: false }),
  takes('hashpower=<power>', 'first size of the hash table, 2^12 to 2^32', 'hashPowerInit', read.hashPower),
  inert('no_hashexpand'),
  sets('slab_reassign', 'pages may move to another class (the default)', { slabReassign: true }),
  sets('no_slab_reassign', 'they may not, and "slabs reassign" is refused', { slabReassign: false }),
  takes('slab_automove=<0..2>', 'never, by age (the default), at every eviction', 'slabAutomove', read.slabAutomove),
  sets('no_slab_automove', 'pages move when told to only', { slabAutomove: 0 }),
  takes('slab_automove_ratio=<ratio>', 'age of evicted to oldest items at which a page moves (0.8)', 'slabAutomoveRatio', read.automoveRatio),
  takes('slab_automove_window=<seconds>', 'that are looked at for it (30)', 'slabAutomoveWindow', read.automoveWindow),
  reports('tail_repair_time=<seconds>', '', 'tailRepairSeconds', read.tailRepair),
  reports('hash_algorithm=<name>', `: ${read.HASHES.join(', ')}`, 'hashAlgorithm', read.hashAlgorithm),
  sets('lru_crawler', 'remove expired items in the background (the default)', { lruCrawler: true }),
  sets('no_lru_crawler', 'do not', { lruCrawler: false }),
  reports('lru_crawler_sleep=<microseconds>', ' (100)', 'lruCrawlerSleep', read.crawlerSleep),
  takes('lru_crawler_tocrawl=<items>', 'at most so many of a class in one run (0, all)', 'lruCrawlerToCrawl', read.crawlerToCrawl),
  sets('lru_maintainer', 'keep hot, warm and cold items apart (the default)', { lruMaintainer: true, lruSegmented: true }),
  sets('no_lru_maintainer', 'one list of items a class', { lruMaintainer: false, lruSegmented: false }),
  takes('hot_lru_pct=<percent>', 'of a class for hot items (20)', 'hotPercent', read.percent('hot_lru_pct')),
  takes('warm_lru_pct=<percent>', 'of a class for warm items (40)', 'warmPercent', read.percent('warm_lru_pct')),
  takes('hot_max_factor=<factor>', 'of the age of cold items, after which idle items are not hot (0.2)', 'hotMaxFactor', read.factor('hot_max_factor')),
  takes('warm_max_factor=<factor>', 'the same for warm items (2)', 'warmMaxFactor', read.factor('warm_max_factor')),
  takes('temporary_ttl=<seconds>', 'items that live shorter have a list of their own and are not evicted', 'temporaryTtl', read.temporaryTtl, { tempLru: true }),
  takes('idle_timeout=<seconds>', 'close clients that ask nothing for so long (0, never)', 'idleTimeoutSeconds', read.idleTimeout),
  takes('watcher_logbuf_size=<kilobytes>', 'log lines kept for a slow watcher (256)', 'watcherBufferBytes', read.kilobytes('watcher_logbuf_size')),
  reports('worker_logbuf_size=<kilobytes>', ' (64)', 'workerBufferBytes', read.kilobytes('worker_logbuf_size')),
  option('slab_sizes=<list>', 'the chunk sizes, ascending, separated by dashes', (draft, value) => void (draft.slabSizes = read.given(value, 'Missing slab_sizes argument'))),
  option('slab_chunk_max=<bytes>', 'largest chunk, below 128 in kilobytes; larger items take several', slabChunkMax),
  sets('no_chunked_items', 'the same as slab_chunk_max=1048576', { slabChunkMax: PAGE_BYTES }),
  sets('track_sizes', 'count items by size: "stats sizes"', { trackSizes: true }),
  inert('inline_ascii_resp'),
  inert('no_inline_ascii_resp'),
  sets('modern', 'the defaults as they are', {}),
  option('no_modern', 'the defaults of memcached 1.4', noModern),
  // Programs look for these names in the help text to learn whether the option does something.
  { ...inert('drop_privileges'), help: '' },
  { ...inert('no_drop_privileges'), help: '' },
  // Only memcached's debug build knows it, which its test suite uses: it wants that build's `debugtime`.
  option('relaxed_privileges', '', (draft) => void (draft.debug = true)),
  inert('resp_obj_mem_limit=<megabytes>'),
  takes('read_buf_mem_limit=<megabytes>', 'for unfinished requests of all clients (0, only each is bounded)', 'readBufferLimitBytes', read.readBufferLimit),
]; // prettier-ignore

/** Reads the list of one `-o`. @throws Ending */
export function applySuboptions(draft: Draft, list: string): void {
  let rest = list;
  while (rest !== '') {
    const comma = rest.indexOf(',');
    const item = comma < 0 ? rest : rest.slice(0, comma);
    const equals = item.indexOf('=');
    const name = equals < 0 ? item : item.slice(0, equals);
    const suboption = SUBOPTIONS.find((candidate) => candidate.name === name);
    if (!suboption) throw failure(EXIT.failure, `Illegal suboption "${item}"`);
    suboption.apply(draft, equals < 0 ? undefined : item.slice(equals + 1));
    rest = comma < 0 ? '' : rest.slice(comma + 1);
  }
}

/** @param written `name` or `name=<what the value is>` */
function option(written: string, help: string, apply: Apply): Suboption {
  const [name = '', shows] = written.split('=');
  return { name, ...(shows === undefined ? {} : { shows: shows.slice(1, -1) }), help, apply };
}

/** One without a value. */
function sets(name: string, help: string, settings: Partial<Settings>): Suboption {
  return option(name, help, (draft) => void Object.assign(draft.settings, settings));
}

/** One with a value. @param also what is set besides */
function takes<Key extends keyof Settings>(
  written: string,
  help: string,
  key: Key,
  readValue: (value: string | undefined) => Settings[Key],
  also: Partial<Settings> = {},
): Suboption {
  return option(written, help, ({ settings }, value) => {
    settings[key] = readValue(value);
    Object.assign(settings, also);
  });
}

/** One with a value that `stats settings` tells and nothing else cares for. */
function reports<Key extends keyof Settings>(
  written: string,
  more: string,
  key: Key,
  readValue: (value: string | undefined) => Settings[Key],
): Suboption {
  const told = takes(written, `no effect here, but reported${more}`, key, readValue);
  return { ...told, apply: (draft, value) => (told.apply(draft, value), without(draft, told.name)) };
}

/** One that does nothing here. */
function inert(written: string): Suboption {
  return option(written, 'no effect here', (draft) => without(draft, written.split('=')[0]!));
}

function without(draft: Draft, name: string): void {
  draft.withoutEffect.add(`-o ${name}`);
}

function slabChunkMax(draft: Draft, value: string | undefined): void {
  draft.settings.slabChunkMax = read.slabChunkMax(value);
  draft.slabChunkGiven = true;
}

function noModern({ settings, slabChunkGiven }: Draft): void {
  Object.assign(settings, BEFORE_MODERN, slabChunkGiven ? {} : { slabChunkMax: PAGE_BYTES });
}
