/** What the library does with options that cannot be. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  CacheOptionsError,
  createServer,
  type CacheServerOptions,
  type OptionProblem,
} from '../../../services/memcached/index.ts';
import { DEFAULT_SETTINGS } from '../../../services/memcached/settings.ts';

const MB = 1024 * 1024;

/** As if from JavaScript, where nobody checks. */
async function problemsOf(options: object): Promise<readonly OptionProblem[]> {
  const starting = createServer(options as CacheServerOptions);
  const error = await starting.then(
    (cache) => cache.stop(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CacheOptionsError))
    throw new Error(`Refused with ${String(error)}`, { cause: error });
  return error.problems;
}

/** Each by itself. */
const WRONG: readonly Readonly<Record<string, unknown>>[] = [
  { memoryBytes: -1 }, { memoryBytes: Number.NaN }, { memoryBytes: 0 }, { memoryBytes: 1.5 * MB + 0.5 }, { memoryBytes: '64' },
  { memoryBytes: 5000 * MB }, { memoryBytes: Infinity }, { memoryBytes: null }, { itemSizeMax: 1000 }, { itemSizeMax: 2 * 1024 * MB },
  { port: 70_000 }, { port: -1 }, { port: 11_211.5 }, { port: '11211' }, { udpPort: 65_536 }, { host: '' }, { host: 5 }, { path: '' },
  { maxConnections: 0 }, { maxConnections: -5 }, { maxConnections: Number.NaN }, { backlog: -1 }, { idleTimeoutSeconds: -1 },
  { growthFactor: 1 }, { growthFactor: Infinity }, { chunkSize: 0 }, { slabChunkMax: 300_000 }, { slabChunkMax: 64 },
  { slabSizes: [] }, { slabSizes: [200, 100] }, { slabSizes: [100, 104] }, { slabSizes: 100 }, { slabSizes: [Symbol('size')] },
  { protocol: 'http' }, { prefixDelimiter: '' }, { prefixDelimiter: '::' }, { sasl: 'yes' }, { evictions: 0 }, { clock: 5 },
  { users: 5 }, { users: 'ab' }, { seed: 0.5 }, { hashPowerInit: 5 }, { hashPowerInit: 40 }, { threads: 0 }, { slabAutomove: 3 },
  { slabAutomoveRatio: 2 }, { slabAutomoveWindow: 2 }, { hotPercent: 80 }, { hotMaxFactor: 0 }, { temporaryTtl: -1 },
  { hashAlgorithm: 'md5' }, { memory: 64 * MB }, { constructor: 5 }, { verbosity: -1 }, { lruCrawlerSleep: 2_000_000 },
]; // prettier-ignore

test.each(WRONG)('%o is refused', async (options) => {
  const [option, value] = Object.entries(options)[0]!;
  const problems = await problemsOf(options);
  expect(problems).toEqual([{ option, value, expected: expect.any(String) }]);
});

const MISMATCHED: readonly (readonly [Readonly<Record<string, unknown>>, string, string])[] = [
  [{ memoryBytes: 2 * MB, itemSizeMax: 3 * MB }, 'itemSizeMax', `at most memoryBytes, which is ${2 * MB}`],
  [{ chunkSize: 1024, slabChunkMax: 512 }, 'chunkSize', 'at most slabChunkMax, which is 512'],
  [{ slabSizes: [10, 100] }, 'slabSizes', 'from chunkSize to slabChunkMax, which are 48 and 524288'],
  [{ hotPercent: 50, warmPercent: 40 }, 'warmPercent', 'at most 80 together with hotPercent, which is 50'],
];

test.each(MISMATCHED)('%o does not go together', async (options, option, expected) => {
  expect(await problemsOf(options)).toEqual([{ option, value: options[option], expected }]);
});

test('all that is wrong is said at once', async () => {
  const starting = createServer({ memoryBytes: -1, port: 70_000, nonsense: () => {} } as CacheServerOptions);
  await expect(starting).rejects.toMatchObject({
    name: 'CacheOptionsError',
    code: 'CACHE_OPTIONS_INVALID',
    message:
      'Cannot start the cache server: memoryBytes is -1, not a whole number from 1048576 to 4288675840; ' +
      'port is 70000, not a whole number from 0 to 65535; nonsense is a function, not an option there is',
  });
  const readme = readFileSync(new URL('../../../services/memcached/README.md', import.meta.url), 'utf8');
  expect(readme).toContain('memoryBytes is -1, not a whole number from 1048576 to 4288675840;');
});

test('the defaults, and what is undefined, are no mistakes', async () => {
  await using cache = await createServer({
    ...DEFAULT_SETTINGS,
    memoryBytes: undefined,
    port: undefined,
  } as object);
  cache.set('a', 'x');
  expect(cache.stats()).toMatchObject({ curr_items: 1, limit_maxbytes: 64 * MB });
});

test('chunks of any size hold what they are given', async () => {
  await using cache = await createServer({ slabSizes: [100, 204, 301] });
  const value = (at: number) => String(at).repeat(30);
  for (let at = 0; at < 100; at++) cache.set(`key${at}`, value(at));
  for (let at = 0; at < 100; at++) expect(cache.get(`key${at}`)?.value.toString()).toBe(value(at));
});
