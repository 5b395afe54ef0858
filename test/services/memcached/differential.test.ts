/** The same lines to the reference server and to ours, whole and byte by byte: the answers are equal. */
import { describe, expect, test } from 'vitest';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { META_CASES, TEXT_CASES, type Case } from './helpers/cases.ts';
import { byteByByte, cutAt, exchange } from './helpers/exchange.ts';
import { masked } from './helpers/mask.ts';
import { Random } from './helpers/random.ts';

/** Longer ones are cut in some places instead of all. */
const BYTES_MAX = 3000;
const CUTS = 40;

type Split = (bytes: Buffer) => readonly Buffer[];

const SPLITS: Readonly<Record<string, Split>> = {
  'whole': (bytes) => [bytes],
  'in pieces': (bytes) =>
    bytes.length <= BYTES_MAX ? byteByByte(bytes) : cutAt(bytes, placesIn(bytes.length)),
}; // prettier-ignore

/** Whether requests came together is what their answer is about, and pieces may be put together on their way. */
const WHOLE_ONLY = ['watch cannot be pipelined'];

/** The same places each time. */
function placesIn(length: number): number[] {
  const random = new Random(length);
  return Array.from({ length: CUTS }, () => random.below(length));
}

describe.skipIf(referenceObstacle('differential test'))('answers are those of the reference server', () => {
  const ask = bothServers();

  for (const [way, split] of Object.entries(SPLITS)) {
    for (const [protocol, cases] of [['text', TEXT_CASES], ['meta', META_CASES]] as const) {
      describe(`${protocol}, ${way}`, () => {
        const these = Object.entries<Case>(cases).filter(
          ([name]) => way === 'whole' || !WHOLE_ONLY.includes(name),
        );
        test.each(these)('%s', async (_, text) => {
          const parts = (typeof text === 'string' ? [text] : text).map((part) => Buffer.from(part, 'latin1'));
          const { mine, theirs } = await ask(async (port) => {
            const answers: string[] = [];
            // Each on a connection of its own.
            for (const part of parts) answers.push(masked(await exchange(port, split(part))));
            return answers;
          });
          expect(mine).toEqual(theirs);
        });
      });
    }
  }
}); // prettier-ignore
