/** The same random requests to the reference server and to ours, one by one: the answers are equal. */
import { describe, expect, test } from 'vitest';
import { answersOf, packet } from './helpers/binary.ts';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { converse } from './helpers/conversation.ts';
import { masked } from './helpers/mask.ts';
import { binaryRequest, textRequest } from './helpers/random-requests.ts';
import { Random } from './helpers/random.ts';

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1);
const REQUESTS = 500;

/** `mn` is answered even behind requests that want no answer. */
const TEXT_END = {
  request: Buffer.from('mn\r\n'),
  whole: (received: Buffer) => received.subarray(-4).equals(Buffer.from('MN\r\n')),
};
const NOOP = packet(0x0a, { opaque: 0x0badcafe });
const BINARY_END = {
  request: NOOP,
  whole: (received: Buffer) =>
    received.length >= 24 &&
    received.readUInt8(received.length - 23) === 0x0a &&
    received.readUInt32BE(received.length - 12) === 0x0badcafe,
};

describe.skipIf(referenceObstacle('random differential test'))(
  'random requests',
  { timeout: 180_000 },
  () => {
    const ask = bothServers();

    const compare = async (
      requests: readonly Buffer[],
      end: Parameters<typeof converse>[2],
      shown: (answers: readonly Buffer[]) => readonly string[],
    ) => {
      const { mine, theirs } = await ask(async (port) => shown(await converse(port, requests, end)));
      expect(theirs.length).toBeGreaterThan(REQUESTS / 2);
      // Only where they part, with what led there: the whole would be unreadable.
      const at = mine.findIndex((answer, index) => answer !== theirs[index]);
      if (at < 0 && mine.length === theirs.length) return;
      const before = requests
        .slice(Math.max(0, at - 8), at + 1)
        .map((bytes) => bytes.toString('latin1').slice(0, 300));
      expect({ before, answer: mine[at] }).toEqual({ before, answer: theirs[at] });
    };

    test.each(SEEDS)('text and meta, seed %i', async (seed) => {
      const random = new Random(seed);
      const requests = Array.from({ length: REQUESTS }, () => textRequest(random));
      await compare(requests, TEXT_END, (answers) => maskedEach(answers));
    });

    test.each(SEEDS)('binary, seed %i', async (seed) => {
      const random = new Random(1000 + seed);
      const requests = Array.from({ length: REQUESTS }, () => binaryRequest(random));
      await compare(requests, BINARY_END, (answers) => answersOf(Buffer.concat(answers)));
    });
  },
);

const SEPARATOR = '\n--next--\n';

/**
 * Masked as one text, so that the same CAS is the same ordinal throughout. Whether a number that was counted up is a
 * new item, which nobody has fetched, depends on what else the reference does at that moment.
 */
function maskedEach(answers: readonly Buffer[]): readonly string[] {
  const text = answers.map((answer) => answer.toString('latin1')).join(SEPARATOR);
  return masked(Buffer.from(text, 'latin1'))
    .replaceAll(/ fetch=\w+/g, '')
    .split(SEPARATOR);
}
