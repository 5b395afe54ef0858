/** Long pipelines to the reference server and to ours, whole and in pieces: answers and counters are equal. */
import { describe, expect, test } from 'vitest';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { cutAt, exchange } from './helpers/exchange.ts';
import { masked } from './helpers/mask.ts';
import { answersOf } from './helpers/binary.ts';
import { arithmeticPipeline, binaryPipeline, metaPipeline, textPipeline } from './helpers/pipelines.ts';
import { Random } from './helpers/random.ts';

const SEEDS = [1, 2, 3];
const CUTS = 60;
/** Not how many items there are: that depends on when the reference removes what the tests before have flushed. */
const COUNTERS = /^STAT (?:cmd_\w+|get_(?:hits|misses)|touch_\w+|delete_\w+|incr_\w+|decr_\w+) \d+/gm;

describe.skipIf(referenceObstacle('pipeline test'))('a long pipeline', () => {
  const ask = bothServers();

  const lines = (answers: Buffer) => masked(answers).split('\r\n');

  const compare = async (
    chunks: readonly Buffer[],
    shown: (answers: Buffer) => readonly string[] = lines,
  ) => {
    const { mine, theirs } = await ask(async (port) => {
      const answers = shown(await exchange(port, chunks));
      const stats = (await exchange(port, ['stats\r\n'])).toString().match(COUNTERS) ?? [];
      return { answers, stats };
    });
    expect(theirs.answers.length).toBeGreaterThan(1000);
    expect(theirs.stats.length).toBeGreaterThan(10);
    const at = mine.answers.findIndex((line, index) => line !== theirs.answers[index]);
    expect(mine.answers.slice(at, at + 3)).toEqual(theirs.answers.slice(at, at + 3));
    expect(mine).toEqual(theirs);
  };

  for (const [protocol, pipeline] of [['text', textPipeline], ['meta', metaPipeline], ['arithmetic', arithmeticPipeline]] as const) {
    test.each(SEEDS)(`${protocol}, whole, seed %i`, async (seed) => {
      await compare([Buffer.from(pipeline(seed), 'latin1')]);
    });

    test.each(SEEDS)(`${protocol}, in pieces, seed %i`, async (seed) => {
      const bytes = Buffer.from(pipeline(seed), 'latin1');
      const random = new Random(seed);
      await compare(cutAt(bytes, Array.from({ length: CUTS }, () => random.below(bytes.length))));
    });
  }

  test.each(SEEDS)('binary, whole and in pieces, seed %i', async (seed) => {
    const bytes = binaryPipeline(seed);
    const random = new Random(seed);
    await compare([bytes], answersOf);
    await compare(cutAt(bytes, Array.from({ length: CUTS }, () => random.below(bytes.length))), answersOf);
  });
}); // prettier-ignore
