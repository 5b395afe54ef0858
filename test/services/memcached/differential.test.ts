import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type CacheServer } from '../../../services/memcached/server.ts';
import { byteByByte, cutAt, exchange } from './helpers/exchange.ts';
import { masked } from './helpers/mask.ts';
import { META_CASES, TEXT_CASES, type Case } from './helpers/cases.ts';
import { referenceVersion, startReference, type Reference } from './helpers/reference.ts';

const installed = referenceVersion();
if ('reason' in installed) console.log(`differential test skipped: ${installed.reason}`);

describe.skipIf('reason' in installed)('answers are those of the reference server', () => {
  let reference: Reference;
  let ours: CacheServer;
  beforeAll(async () => {
    reference = await startReference();
    ours = await createServer({ threads: 1 });
  });
  afterAll(async () => {
    await ours[Symbol.asyncDispose]();
    await reference[Symbol.asyncDispose]();
  });

  /** What each of the two answers to the parts, each on a connection of its own. */
  const both = async (parts: readonly (readonly Buffer[])[]) => {
    const answers = { mine: '', theirs: '' };
    await Promise.all([ours.port, reference.port].map((port) => exchange(port, [RESET])));
    for (const chunks of parts) {
      const [mine, theirs] = await Promise.all(
        [ours.port, reference.port].map((port) => exchange(port, chunks)),
      );
      answers.mine += masked(mine!);
      answers.theirs += masked(theirs!);
    }
    return answers;
  };

  for (const [name, text] of Object.entries({
    ...prefixed('text: ', TEXT_CASES),
    ...prefixed('meta: ', META_CASES),
  })) {
    test(name, async () => {
      const parts = (typeof text === 'string' ? [text] : text).map((part) => [Buffer.from(part, 'latin1')]);
      const { mine, theirs } = await both(parts);
      expect(mine).toBe(theirs);
    });
  }
});

const RESET = 'flush_all\r\nstats detail off\r\nstats reset\r\n';

function prefixed(prefix: string, cases: Readonly<Record<string, Case>>): Record<string, Case> {
  return Object.fromEntries(Object.entries(cases).map(([name, text]) => [prefix + name, text]));
}
void byteByByte;
void cutAt;
