import { applyOption } from './apply-option.ts';
import { BadArgument, readOptions } from './getopt.ts';
import { checkDraft } from './check.ts';
import { EXIT, failure } from './ending.ts';
import { newDraft, type Draft } from './draft.ts';
import { OPTIONS } from './options.ts';

/** What memcached was asked to be. */
export type CommandLine = Readonly<Omit<Draft, 'slabSizes' | 'slabChunkGiven' | 'tcpGiven' | 'udpGiven'>>;

/**
 * Reads memcached's command line, without the program's name.
 * @throws Ending with the exit code and words memcached would have, or for `-h`, `-V` and `-i`
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const draft = newDraft();
  try {
    for (const { letter, value } of readOptions(argv, OPTIONS)) applyOption(draft, letter, value);
  } catch (error) {
    if (!(error instanceof BadArgument)) throw error;
    throw failure(EXIT.failure, `memcached: ${error.message}\nIllegal argument "?"`);
  }
  checkDraft(draft);
  return draft;
}
