/** Which items go first, and where the others are meanwhile: beside the reference. */
import { describe, expect, test } from 'vitest';
import { createServer, type CacheServerOptions } from '../../../services/memcached/index.ts';
import { referenceObstacle } from './helpers/both.ts';
import { exchange } from './helpers/exchange.ts';
import { startReference } from './helpers/reference.ts';

const MB = 1024 * 1024;
const VALUE = 'v'.repeat(1000);
/** Age alone moves nothing: how old items are depends on how fast the machine is. */
const BY_SIZE_ONLY = 'lru tune 20 40 1000 1000\r\n';

const keys = (from: number, to: number, name = 'key') =>
  Array.from({ length: to - from }, (_, at) => `${name}${from + at}`);
const set = (names: readonly string[], ttl = 0) =>
  names.map((name) => `set ${name} 0 ${ttl} 1000 noreply\r\n${VALUE}\r\n`).join('');
/** Two reads make an item active. */
const read = (names: readonly string[]) => names.map((name) => `get ${name}\r\nget ${name}\r\n`).join('');

type Answers = Readonly<Record<string, number>>;
/** Requests, and what has to be so before the next: what is done in the background, that is. */
type Step = readonly [requests: string, until?: (stats: Answers) => boolean];

async function statsOf(port: number): Promise<Answers> {
  const answers = await exchange(port, ['stats\r\nstats items\r\n']);
  const rows = answers.toString('latin1').matchAll(/^STAT (?:items:\d+:)?(\S+) (\d+)\r$/gm);
  return Object.fromEntries(Array.from(rows, ([, name, value]) => [name!, Number(value)]));
}

/** Goes through the steps, and tells which of the keys are left. */
async function survivors(port: number, steps: readonly Step[], names: readonly string[]): Promise<string[]> {
  for (const [requests, holds = () => true] of steps) {
    await exchange(port, [requests]);
    for (let stats = await statsOf(port); !holds(stats); stats = await statsOf(port));
  }
  const answers = await exchange(port, [names.map((name) => `mg ${name} k\r\n`).join('')]);
  return Array.from(answers.toString('latin1').matchAll(/HD k(\w+)/g), ([, name]) => name!);
}

const flat = { lruMaintainer: false, lruSegmented: false, lruCrawler: false };
const FLAT = 'no_lru_maintainer,no_lru_crawler';
/** Items of 1000 bytes that fit. */
const ROOM = 7000;

interface Case {
  readonly flags?: string;
  readonly settings?: CacheServerOptions;
  readonly steps: readonly Step[];
  readonly names: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a flat list': {
    flags: FLAT,
    settings: flat,
    steps: [[set(keys(0, 9000))], [read(keys(8000, 8100))], [set(keys(0, 3000))]],
    names: keys(0, 9000),
  },
  'a flat list with deletes and another class': {
    flags: FLAT,
    settings: flat,
    steps: [
      [set(keys(0, 12_000))],
      [
        keys(0, 500)
          .map((_, at) => `delete key${11_999 - at * 7} noreply\r\n`)
          .join(''),
      ],
      [
        keys(0, 1000, 'more')
          .map((name) => `set ${name} 0 0 500 noreply\r\n${VALUE.slice(500)}\r\n`)
          .join(''),
      ],
      [set(keys(0, 500))],
    ],
    names: [...keys(0, 12_000), ...keys(0, 1000, 'more')],
  },
  'hot, warm and cold: what was read twice stays': {
    steps: [
      [BY_SIZE_ONLY],
      [set(keys(0, 5000)), ({ number_cold = 0 }) => number_cold === 4001],
      [read(keys(500, 1500)), ({ moves_to_warm = 0 }) => moves_to_warm === 1000],
      [set(keys(5000, 13_000)), ({ evictions = 0 }) => evictions > 0],
    ],
    names: keys(0, 13_000),
  },
  'a flat list from the command on': {
    steps: [
      [`${BY_SIZE_ONLY}lru mode flat\r\n`],
      [set(keys(0, 5000)), ({ number_cold = 0 }) => number_cold === 5000],
      [read(keys(0, 1000))],
      [set(keys(5000, 10_000))],
    ],
    names: keys(0, 10_000),
  },
  'temporary items are not evicted': {
    flags: 'temporary_ttl=100',
    settings: { tempLru: true, temporaryTtl: 100 },
    steps: [
      [BY_SIZE_ONLY],
      [set(keys(0, 1000), 90), ({ number_temp = 0 }) => number_temp === 1000],
      [set(keys(1000, 2000), 3600)],
      [set(keys(2000, 12_000)), ({ evictions = 0 }) => evictions > 0],
    ],
    names: keys(0, 12_000),
  },
  'temporary items by command': {
    steps: [
      [`${BY_SIZE_ONLY}lru temp_ttl 50\r\n`],
      [set(keys(0, 1000), 40), ({ number_temp = 0 }) => number_temp === 1000],
      [set(keys(1000, 2000), 60)],
      ['lru temp_ttl -1\r\n'],
      [set(keys(2000, 3000), 40)],
      [set(keys(3000, 12_000)), ({ evictions = 0 }) => evictions > 0],
    ],
    names: keys(0, 12_000),
  },
};

describe.skipIf(referenceObstacle('the order of evictions'))(
  'evictions take the items memcached’s take',
  () => {
    test.each(Object.entries(CASES))(
      '%s',
      { timeout: 240_000 },
      async (_, { flags, settings, steps, names }) => {
        const options = ['no_slab_automove', ...(flags === undefined ? [] : [flags])].join(',');
        await using reference = await startReference(['-m', '8', '-o', options]);
        await using ours = await createServer({ memoryBytes: 8 * MB, slabAutomove: 0, ...settings });
        const mine = await survivors(ours.port, steps, names);
        const theirs = await survivors(reference.port, steps, names);
        expect(mine.length).toBeLessThan(names.length);
        expect(mine.length).toBeGreaterThan(ROOM / 2);
        // With threads in the background, memcached passes over an item that one of them just looks at.
        const strays = settings === flat ? 0 : theirs.length / 100;
        const [kept, keptThere] = [new Set(mine), new Set(theirs)];
        expect(mine.filter((name) => !keptThere.has(name)).length).toBeLessThanOrEqual(strays);
        expect(theirs.filter((name) => !kept.has(name)).length).toBeLessThanOrEqual(strays);
      },
    );

    test.each([
      [20, 40],
      [10, 70],
      [40, 20],
    ])('lru tune %i %i: as many items are hot, warm and cold', { timeout: 240_000 }, async (hot, warm) => {
      // Names of one length, so that shares of bytes are shares of items.
      const all = keys(1000, 6000);
      const idle = all.slice(0, all.length / 2);
      const isWithin = ({ number_hot = all.length, number_warm = all.length }: Answers) =>
        number_hot <= (all.length * hot) / 100 && number_warm <= (all.length * warm) / 100;
      const lists = async (port: number) => {
        const steps: Step[] = [
          [`lru tune ${hot} ${warm} 1000 1000\r\n`],
          [set(all), isWithin],
          [read(idle), (stats) => stats['moves_to_warm'] === idle.length && isWithin(stats)],
        ];
        await survivors(port, steps, []);
        const { number_hot, number_warm, number_cold } = await statsOf(port);
        return { number_hot, number_warm, number_cold };
      };
      await using reference = await startReference(['-m', '64']);
      await using ours = await createServer({ memoryBytes: 64 * MB });
      expect(await lists(ours.port)).toEqual(await lists(reference.port));
    });
  },
);
