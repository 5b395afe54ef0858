import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { Ask } from '../../runtime/manifest/index.ts';
import type { Context } from '../context.ts';
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
      const answer = await readLine(world.stdout, shown, hidden);
      if (answer === undefined) {
        ended = true;
        return undefined;
      }
      if (answer === '' ? !required : choices.length === 0 || choices.includes(answer)) return answer;
      world.stdout.write(answer === '' ? 'A value is needed.\n' : `Choose one of ${offered}.\n`);
    }
  };
}

/** Undefined at the end of input. */
async function readLine(
  stdout: NodeJS.WriteStream,
  prompt: string,
  hidden: boolean,
): Promise<string | undefined> {
  // What is typed for a hidden answer is echoed to nowhere.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stdout;
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  if (hidden) stdout.write(prompt);
  let ended = false;
  // The reader takes Ctrl-C for itself; the terminal is given back before it counts.
  reader.once('SIGINT', () => {
    reader.close();
    stdout.write('\n');
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const closed = new Promise<undefined>((resolve) =>
      reader.once('close', () => {
        ended = true;
        resolve(undefined);
      }),
    );
    return await Promise.race([reader.question(prompt), closed]);
  } finally {
    const left = ended;
    reader.close();
    if (hidden || left) stdout.write('\n');
  }
}
