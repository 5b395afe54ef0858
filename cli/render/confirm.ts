import { PaasError } from '../../runtime/kernel/errors.ts';
import type { Context } from '../context.ts';
import { readLine } from './read-line.ts';
import { harmless } from './terminal.ts';

/**
 * A yes on the terminal. Without one the answer is no: nothing may wait for an answer that cannot come.
 * @param otherwise what Ctrl-C is answered with: `Nothing was deleted`
 */
export async function confirm(
  { world, json, terminal }: Context,
  question: string,
  otherwise: string,
): Promise<boolean> {
  if (json || !process.stdin.isTTY || !world.stdout.isTTY) return false;
  const answer = await readLine(world.stdout, `${harmless(question, false)} [yN]: `, {
    onInterrupt: () => terminal.err(otherwise),
  });
  return answer !== undefined && /^y(es)?$/i.test(answer.trim());
}

/**
 * For what loses something: goes on with a yes or with `-f` only.
 * @param otherwise as for `confirm`
 * @throws PaasError `USAGE`
 */
export async function mustConfirm(
  context: Context,
  { force, question, otherwise }: { force?: boolean | undefined; question: string; otherwise: string },
): Promise<void> {
  if (force || (await confirm(context, question, otherwise))) return;
  throw new PaasError('USAGE', { message: otherwise, hint: 'Confirm on a terminal, or use -f' });
}
