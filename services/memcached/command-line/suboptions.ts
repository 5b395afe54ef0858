import { EXIT, Ending, failure } from './ending.ts';
import { int32, uint32 } from '../protocol/numbers.ts';
import { leadingFloat, leadingInt } from './numbers.ts';
import { PAGE_BYTES } from '../store/arena.ts';
import type { Draft } from './draft.ts';

const KB = 1024;
const MB = 1024 * KB;
const CRAWLER_SLEEP_MAX = 1_000_000;
const HASH_POWER_LEAST = 12;
const HASH_POWER_MOST = 32;
const HASHES = ['jenkins', 'murmur3', 'xxh3'];

export interface Suboption {
  readonly name: string;
  /** The value's name in the help text. */
  readonly shows?: string;
  readonly help: string;
  /** @param value undefined if there was no `=` */
  readonly apply: (draft: Draft, value: string | undefined) => void;
}

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

/** memcached's settings for `-o`, but for those of what is not here: storage, TLS, the proxy. */
export const SUBOPTIONS: readonly Suboption[] = [
  {
    name: 'maxconns_fast',
    help: 'a client too many is told so and closed (the default)',
    apply: ({ settings }) => void (settings.maxConnectionsFast = true),
  },
  {
    name: 'no_maxconns_fast',
    help: 'a client too many waits',
    apply: ({ settings }) => void (settings.maxConnectionsFast = false),
  },
  { name: 'hashpower', shows: 'power', help: 'first size of the hash table, 2^12 to 2^32', apply: hashPower },
  withoutEffect('no_hashexpand'),
  {
    name: 'slab_reassign',
    help: 'reported; pages change class when they are empty',
    apply: (draft) => {
      draft.settings.slabReassign = true;
      draft.withoutEffect.add('-o slab_reassign');
    },
  },
  {
    name: 'no_slab_reassign',
    help: 'refuse "slabs reassign"',
    apply: ({ settings }) => void (settings.slabReassign = false),
  },
  { name: 'slab_automove', shows: '0..2', help: 'no effect here, but reported', apply: slabAutomove },
  {
    name: 'no_slab_automove',
    help: 'no effect here, but reported',
    apply: ({ settings }) => void (settings.slabAutomove = 0),
  },
  {
    name: 'slab_automove_ratio',
    shows: 'ratio',
    help: 'no effect here, but reported',
    apply(draft, value) {
      const ratio = leadingFloat(given(value, 'Missing slab_automove_ratio argument'));
      check(ratio > 0 && ratio <= 1, 'slab_automove_ratio must be > 0 and < 1');
      draft.settings.slabAutomoveRatio = ratio;
      draft.withoutEffect.add('-o slab_automove_ratio');
    },
  },
  {
    name: 'slab_automove_window',
    shows: 'seconds',
    help: 'no effect here, but reported',
    apply(draft, value) {
      const window = leadingInt(given(value, 'Missing slab_automove_window argument'));
      check(window >= 3, 'slab_automove_window must be > 2');
      draft.settings.slabAutomoveWindow = window;
      draft.withoutEffect.add('-o slab_automove_window');
    },
  },
  {
    name: 'tail_repair_time',
    shows: 'seconds',
    help: 'no effect here, but reported',
    apply(draft, value) {
      const seconds = leadingInt(given(value, 'Missing numeric argument for tail_repair_time'));
      check(seconds >= 10, 'Cannot set tail_repair_time to less than 10 seconds');
      draft.settings.tailRepairSeconds = seconds;
      draft.withoutEffect.add('-o tail_repair_time');
    },
  },
  {
    name: 'hash_algorithm',
    shows: 'name',
    help: `no effect here, but reported: ${HASHES.join(', ')}`,
    apply(draft, value) {
      const hash = given(value, 'Missing hash_algorithm argument');
      check(HASHES.includes(hash), 'Unknown hash_algorithm option (jenkins, murmur3, xxh3)');
      draft.settings.hashAlgorithm = hash;
      draft.withoutEffect.add('-o hash_algorithm');
    },
  },
  {
    name: 'lru_crawler',
    help: 'remove expired items in the background (the default)',
    apply: ({ settings }) => void (settings.lruCrawler = true),
  },
  {
    name: 'no_lru_crawler',
    help: 'do not',
    apply: ({ settings }) => void (settings.lruCrawler = false),
  },
  {
    name: 'lru_crawler_sleep',
    shows: 'microseconds',
    help: 'between items (100)',
    apply({ settings }, value) {
      const sleep = leadingInt(given(value, 'Missing lru_crawler_sleep value'));
      const valid = sleep >= 0 && sleep <= CRAWLER_SLEEP_MAX;
      check(valid, 'LRU crawler sleep must be between 0 and 1 second');
      settings.lruCrawlerSleep = sleep;
    },
  },
  {
    name: 'lru_crawler_tocrawl',
    shows: 'items',
    help: 'at most so many of a class in one run (0, all)',
    apply({ settings }, value) {
      const items = uint32(given(value, 'Missing lru_crawler_tocrawl value'));
      settings.lruCrawlerToCrawl = known(items, 'lru_crawler_tocrawl takes a numeric 32bit value');
    },
  },
  {
    name: 'lru_maintainer',
    help: 'keep hot, warm and cold items apart (the default)',
    apply({ settings }) {
      settings.lruMaintainer = true;
      settings.lruSegmented = true;
    },
  },
  {
    name: 'no_lru_maintainer',
    help: 'one list of items a class',
    apply({ settings }) {
      settings.lruMaintainer = false;
      settings.lruSegmented = false;
    },
  },
  {
    name: 'hot_lru_pct',
    shows: 'percent',
    help: 'of a class for hot items (20)',
    apply: ({ settings }, value) => void (settings.hotPercent = percent(value, 'hot_lru_pct')),
  },
  {
    name: 'warm_lru_pct',
    shows: 'percent',
    help: 'of a class for warm items (40)',
    apply: ({ settings }, value) => void (settings.warmPercent = percent(value, 'warm_lru_pct')),
  },
  {
    name: 'hot_max_factor',
    shows: 'factor',
    help: 'of the age of cold items, after which idle items are not hot (0.2)',
    apply: ({ settings }, value) => void (settings.hotMaxFactor = factor(value, 'hot_max_factor')),
  },
  {
    name: 'warm_max_factor',
    shows: 'factor',
    help: 'the same for warm items (2)',
    apply: ({ settings }, value) => void (settings.warmMaxFactor = factor(value, 'warm_max_factor')),
  },
  {
    name: 'temporary_ttl',
    shows: 'seconds',
    help: 'items that live shorter have a list of their own and are not evicted',
    apply({ settings }, value) {
      settings.temporaryTtl = leadingInt(given(value, 'Missing temporary_ttl argument'));
      settings.tempLru = true;
    },
  },
  {
    name: 'idle_timeout',
    shows: 'seconds',
    help: 'close clients that ask nothing for so long (0, never)',
    apply({ settings }, value) {
      settings.idleTimeoutSeconds = leadingInt(given(value, 'Missing numeric argument for idle_timeout'));
    },
  },
  {
    name: 'watcher_logbuf_size',
    shows: 'kilobytes',
    help: 'log lines kept for a slow watcher (256)',
    apply: ({ settings }, value) => void (settings.watcherBufferBytes = size(value, 'watcher_logbuf_size')),
  },
  {
    name: 'worker_logbuf_size',
    shows: 'kilobytes',
    help: 'no effect here, but reported (64)',
    apply(draft, value) {
      draft.settings.workerBufferBytes = size(value, 'worker_logbuf_size');
      draft.withoutEffect.add('-o worker_logbuf_size');
    },
  },
  {
    name: 'slab_sizes',
    shows: 'list',
    help: 'the chunk sizes, ascending, separated by dashes',
    apply: (draft, value) => void (draft.slabSizes = given(value, 'Missing slab_sizes argument')),
  },
  {
    name: 'slab_chunk_max',
    shows: 'bytes',
    help: 'largest chunk; larger items take several',
    apply(draft, value) {
      const bytes = int32(given(value, 'Missing slab_chunk_max argument'));
      draft.settings.slabChunkMax = known(bytes, 'could not parse argument to slab_chunk_max');
      draft.slabChunkGiven = true;
    },
  },
  {
    name: 'no_chunked_items',
    help: 'the same as slab_chunk_max=1048576',
    apply: ({ settings }) => void (settings.slabChunkMax = PAGE_BYTES),
  },
  {
    name: 'track_sizes',
    help: 'count items by size: "stats sizes"',
    apply: ({ settings }) => void (settings.trackSizes = true),
  },
  withoutEffect('inline_ascii_resp'),
  withoutEffect('no_inline_ascii_resp'),
  { name: 'modern', help: 'the defaults as they are', apply: () => {} },
  { name: 'no_modern', help: 'the defaults of memcached 1.4', apply: noModern },
  unlisted('drop_privileges'),
  unlisted('no_drop_privileges'),
  {
    // Only memcached's debug build knows it, which its test suite uses: it wants that build's `debugtime`.
    name: 'relaxed_privileges',
    help: '',
    apply: (draft) => void (draft.debug = true),
  },
  withoutEffect('resp_obj_mem_limit', 'megabytes'),
  {
    name: 'read_buf_mem_limit',
    shows: 'megabytes',
    help: 'no effect here, but reported; buffers are bounded anyway',
    apply(draft, value) {
      const megabytes = uint32(given(value, 'Missing read_buf_mem_limit argument'));
      draft.settings.readBufferLimitBytes =
        known(megabytes, 'could not parse argument to read_buf_mem_limit') * MB;
      draft.withoutEffect.add('-o read_buf_mem_limit');
    },
  },
];

function withoutEffect(name: string, shows?: string): Suboption {
  return {
    name,
    ...(shows === undefined ? {} : { shows }),
    help: 'no effect here',
    apply: (draft) => void draft.withoutEffect.add(`-o ${name}`),
  };
}

/** Programs look for these names in the help text to learn whether the option does something. */
function unlisted(name: string): Suboption {
  return { ...withoutEffect(name), help: '' };
}

function hashPower({ settings }: Draft, value: string | undefined): void {
  const power = leadingInt(given(value, 'Missing numeric argument for hashpower'));
  check(power >= HASH_POWER_LEAST, `Initial hashtable multiplier of ${power} is too low`);
  check(
    power <= HASH_POWER_MOST,
    `Initial hashtable multiplier of ${power} is too high\n` +
      'Choose a value based on "STAT hash_power_level" from a running instance',
  );
  settings.hashPowerInit = power;
}

function slabAutomove(draft: Draft, value: string | undefined): void {
  const level = value === undefined ? 1 : leadingInt(value);
  check(level >= 0 && level <= 2, 'slab_automove must be between 0 and 2');
  draft.settings.slabAutomove = level;
  draft.withoutEffect.add('-o slab_automove');
}

function noModern(draft: Draft): void {
  const { settings } = draft;
  if (!draft.slabChunkGiven) settings.slabChunkMax = PAGE_BYTES;
  settings.slabReassign = false;
  settings.slabAutomove = 0;
  settings.maxConnectionsFast = false;
  settings.lruSegmented = false;
  settings.lruMaintainer = false;
  settings.lruCrawler = false;
  settings.hashAlgorithm = 'jenkins';
}

function percent(value: string | undefined, name: string): number {
  const number = leadingInt(given(value, `Missing ${name} argument`));
  check(number >= 1 && number < 80, `${name} must be > 1 and < 80`);
  return number;
}

function factor(value: string | undefined, name: string): number {
  const number = leadingFloat(given(value, `Missing ${name} argument`));
  check(number > 0, `${name} must be > 0`);
  return number;
}

function size(value: string | undefined, name: string): number {
  const kilobytes = uint32(given(value, `Missing ${name} argument`));
  return known(kilobytes, `could not parse argument to ${name}`) * KB;
}

function given(value: string | undefined, missing: string): string {
  if (value === undefined) throw failure(EXIT.failure, missing);
  return value;
}

function known(value: number | undefined, wrong: string): number {
  if (value === undefined) throw failure(EXIT.failure, wrong);
  return value;
}

function check(valid: boolean, wrong: string): void {
  if (!valid) throw new Ending(EXIT.failure, { stderr: `${wrong}\n` });
}
