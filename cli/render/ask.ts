import { isatty } from 'node:tty';
import type { Ask } from '../../runtime/manifest/index.ts';
import type { Context } from '../context.ts';
import { readLine } from './read-line.ts';
import { harmless } from './terminal.ts';

/** Asked by its number: `process.stdin` opens it, and loads for that what few commands need. */
const STDIN = 0;

/** Asks on the terminal; undefined without one, or where the user wants no questions. */
export function askOnTerminal(context: Context, wanted: boolean): Ask | undefined {
  const { world, json } = context;
  if (!wanted || json || !isatty(STDIN) || !world.stdout.isTTY) return undefined;
  // Whoever ends the input answers nothing more.
  let ended = false;
  return async (prompt, { hidden = false, choices = [], required = false }) => {
    if (ended) return undefined;
    const words = harmless(prompt.replace(/:? *$/, ''), false);
    const offered = harmless(choices.join(', '), false);
    const shown = choices.length > 0 ? `${words} (${offered}): ` : `${words}: `;
    for (;;) {
      const answer = await readLine(world.stdout, shown, { hidden });
      if (answer === undefined) {
        ended = true;
        return undefined;
      }
      if (answer === '' ? !required : choices.length === 0 || choices.includes(answer)) return answer;
      world.stdout.write(answer === '' ? 'A value is needed.\n' : `Choose one of ${offered}.\n`);
    }
  };
}
