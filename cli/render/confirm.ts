import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.ts';
import { harmless } from './terminal.ts';

/** A yes on the terminal. Without one the answer is no: nothing may wait for an answer that cannot come. */
export async function confirm({ world, json }: Context, question: string): Promise<boolean> {
  if (json || !process.stdin.isTTY || !world.stdout.isTTY) return false;
  const reader = createInterface({ input: process.stdin, output: world.stdout });
  try {
    const answer = await reader.question(`${harmless(question, false)} [yN]: `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
