import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Ask } from '../../runtime/manifest/index.ts';
import type { Context } from '../context.ts';

/** Asks on the terminal; undefined without one, or where the user wants no questions. */
export function askOnTerminal({ world, json }: Context, wanted: boolean): Ask | undefined {
  if (!wanted || json || !process.stdin.isTTY || !world.stdout.isTTY) return undefined;
  return async (prompt, { hidden, choices } = {}) => {
    const shown = choices ? `${prompt} (${choices.join(', ')}): ` : `${prompt.replace(/:?\s*$/, '')}: `;
    world.stdout.write(shown);
    // What is typed for a hidden answer is echoed to nowhere.
    const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : world.stdout;
    const reader = createInterface({ input: process.stdin, output, terminal: true });
    try {
      return await reader.question('');
    } finally {
      reader.close();
      if (hidden) world.stdout.write('\n');
    }
  };
}
