/** What `createServer` is given, checked before anything is made of it. */
import { PAGES_MAX, PAGE_BYTES } from './store/arena.ts';
import { CHUNK_ALIGN, CLASSES_MAX } from './store/slab-classes.ts';
import { DEFAULT_SETTINGS, ITEM_LEAST, ITEM_MOST, SHARES_MOST } from './settings.ts';
import type { CacheServerOptions } from './server.ts';

/** One option that cannot be used. */
export interface OptionProblem {
  readonly option: string;
  readonly value: unknown;
  /** What it should be, as in "a whole number from 1 to 5". */
  readonly expected: string;
}

/** Options of `createServer` are wrong: all that are, in their order. */
export class CacheOptionsError extends TypeError {
  override readonly name = 'CacheOptionsError';
  readonly code = 'CACHE_OPTIONS_INVALID';
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    const lines = problems.map(
      ({ option, value, expected }) => `${option} is ${shown(value)}, not ${expected}`,
    );
    super(`Cannot start the cache server: ${lines.join('; ')}`);
    this.problems = problems;
  }
}

const CHUNK_LEAST = 128;
const PORT_MOST = 65_535;
const HASH_POWER_LEAST = 12;
const HASH_POWER_MOST = 28;
const CRAWLER_SLEEP_MOST = 1_000_000;
const AUTOMOVE_WINDOW_LEAST = 3;
const SHOWN_LETTERS = 80;

/** Whether a value is what an option takes, and how to say what that is. */
interface Kind {
  readonly fits: (value: unknown) => boolean;
  readonly expected: string;
}

function whole(least: number, most = Number.MAX_SAFE_INTEGER): Kind {
  return {
    fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    expected: `a whole number ${most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`}`,
  };
}

/** @param least not one of them */
function above(least: number, most = Infinity): Kind {
  return {
    fits: (value) => typeof value === 'number' && value > least && value <= most && value < Infinity,
    expected: `a number above ${least}${most === Infinity ? '' : ` and at most ${most}`}`,
  };
}

function oneOf(...values: readonly string[]): Kind {
  return {
    fits: (value) => values.includes(value as string),
    expected: values.map((value) => `"${value}"`).join(' or '),
  };
}

const either: Kind = { fits: (value) => typeof value === 'boolean', expected: 'true or false' };
const text: Kind = { fits: (value) => typeof value === 'string' && value !== '', expected: 'a string' };
const letter: Kind = {
  fits: (value) => typeof value === 'string' && value.length === 1,
  expected: 'a string of one character',
};
const zeroOr = ({ fits, expected }: Kind): Kind => ({
  fits: (value) => value === 0 || fits(value),
  expected: `0 or ${expected}`,
});

const KINDS: Readonly<Record<keyof CacheServerOptions, Kind>> = {
  host: text,
  port: whole(0, PORT_MOST),
  path: text,
  udpPort: whole(0, PORT_MOST),
  clock: {
    fits: (value) => typeof value === 'function',
    expected: 'a function that gives milliseconds',
  },
  users: {
    fits: (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
    expected: 'pairs of user and password',
  },
  seed: whole(-(2 ** 31), 2 ** 32 - 1),
  readIntoArena: either,
  memoryBytes: whole(PAGE_BYTES, PAGES_MAX * PAGE_BYTES),
  itemSizeMax: whole(ITEM_LEAST, ITEM_MOST),
  growthFactor: above(1),
  chunkSize: whole(1, PAGE_BYTES),
  slabChunkMax: {
    fits: (value) => whole(CHUNK_LEAST, PAGE_BYTES).fits(value) && PAGE_BYTES % (value as number) === 0,
    expected: `a whole number of at least ${CHUNK_LEAST} that divides ${PAGE_BYTES}`,
  },
  slabSizes: { fits: isAscending, expected: `ascending whole numbers, at least ${CHUNK_ALIGN + 1} apart` },
  casEnabled: either,
  evictions: either,
  flushEnabled: either,
  dumpEnabled: either,
  watchEnabled: either,
  shutdownCommand: either,
  maxConnections: whole(1),
  maxConnectionsFast: either,
  backlog: whole(0, 2 ** 31 - 1),
  requestsPerTurn: whole(1),
  idleTimeoutSeconds: whole(0),
  protocol: oneOf('auto-negotiate', 'ascii', 'binary'),
  prefixDelimiter: letter,
  detail: either,
  sasl: either,
  verbosity: whole(0),
  threads: whole(1),
  hashPowerInit: zeroOr(whole(HASH_POWER_LEAST, HASH_POWER_MOST)),
  lruSegmented: either,
  lruMaintainer: either,
  lruCrawler: either,
  lruCrawlerSleep: whole(0, CRAWLER_SLEEP_MOST),
  lruCrawlerToCrawl: whole(0, 2 ** 32 - 1),
  hotPercent: whole(1, SHARES_MOST - 1),
  warmPercent: whole(1, SHARES_MOST - 1),
  hotMaxFactor: above(0),
  warmMaxFactor: above(0),
  tempLru: either,
  temporaryTtl: whole(0),
  trackSizes: either,
  slabReassign: either,
  slabAutomove: whole(0, 2),
  slabAutomoveRatio: above(0, 1),
  slabAutomoveWindow: whole(AUTOMOVE_WINDOW_LEAST),
  slabAutomoveFreeRatio: above(0, 1),
  tailRepairSeconds: zeroOr(whole(10)),
  watcherBufferBytes: whole(0),
  workerBufferBytes: whole(0),
  readBufferLimitBytes: whole(0),
  hashAlgorithm: oneOf('jenkins', 'murmur3', 'xxh3'),
};

/** @throws CacheOptionsError if any are wrong by themselves, unknown, or do not go together */
export function checkOptions(options: CacheServerOptions): void {
  const problems: OptionProblem[] = [];
  for (const [option, value] of Object.entries(options)) {
    const kind = Object.hasOwn(KINDS, option) ? KINDS[option as keyof CacheServerOptions] : undefined;
    if (!kind) problems.push({ option, value, expected: 'an option there is' });
    else if (value !== undefined && !kind.fits(value))
      problems.push({ option, value, expected: kind.expected });
  }
  // What is wrong by itself need not be said twice.
  if (problems.length === 0) problems.push(...mismatches(options));
  if (problems.length > 0) throw new CacheOptionsError(problems);
}

/** An option that is there but undefined is one not given. */
export function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function* mismatches(options: CacheServerOptions): Generator<OptionProblem> {
  const { memoryBytes, itemSizeMax, chunkSize, slabChunkMax, slabSizes, hotPercent, warmPercent } = {
    ...DEFAULT_SETTINGS,
    ...withoutUndefined(options),
  };
  if (options.itemSizeMax !== undefined && itemSizeMax > memoryBytes) {
    yield {
      option: 'itemSizeMax',
      value: itemSizeMax,
      expected: `at most memoryBytes, which is ${memoryBytes}`,
    };
  }
  if (chunkSize > slabChunkMax) {
    yield {
      option: 'chunkSize',
      value: chunkSize,
      expected: `at most slabChunkMax, which is ${slabChunkMax}`,
    };
  }
  if (slabSizes && (slabSizes[0]! < chunkSize || slabSizes.at(-1)! > slabChunkMax)) {
    const expected = `from chunkSize to slabChunkMax, which are ${chunkSize} and ${slabChunkMax}`;
    yield { option: 'slabSizes', value: slabSizes, expected };
  }
  if (hotPercent + warmPercent > SHARES_MOST) {
    const expected = `at most ${SHARES_MOST} together with hotPercent, which is ${hotPercent}`;
    yield { option: 'warmPercent', value: warmPercent, expected };
  }
}

function isAscending(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length >= CLASSES_MAX - 1) return false;
  return value.every(
    (size: unknown, at) =>
      whole(1).fits(size) && (at === 0 || (size as number) > Number(value[at - 1]) + CHUNK_ALIGN),
  );
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_LETTERS));
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `[${value.map(shown).join(', ').slice(0, SHOWN_LETTERS)}]` : 'an object';
}
