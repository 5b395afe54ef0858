/** A failure that does not end the command: on standard error, so that `--json` stays what it is. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import type { Context } from '../context.ts';

export function warn({ terminal }: Pick<Context, 'terminal'>, error: Error): void {
  const { paint } = terminal;
  const { code, hint } = error instanceof PaasError ? error : {};
  terminal.err(
    `${paint.bold(paint.yellow('warning:'))} ${error.message}${code ? paint.dim(` [${code}]`) : ''}`,
  );
  for (const line of (hint ?? '').split('\n').filter(Boolean)) terminal.err(`  ${line}`);
}
