/** Lines for a shell in the comments of a converted manifest: whoever copies one must get what was meant. */
import { shellQuote } from '../kernel/shell-quote.ts';
import type { HookCommand, Manifest } from './types.ts';

/** Everything that could end a comment. */
export const LINE_ENDS = /[\r\n\u0085\u2028\u2029]+/;

/** One word on one line. */
export function word(text: string): string {
  if (!LINE_ENDS.test(text)) return text === '' ? "''" : shellQuote(text);
  const escaped = text
    .replaceAll(/[\\']/g, (sign) => `\\${sign}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll(
      /[\u0085\u2028\u2029]/g,
      (sign) => `\\u${sign.codePointAt(0)!.toString(16).padStart(4, '0')}`,
    );
  return `$'${escaped}'`;
}

/** Cloud Foundry binds only what exists. */
export function servicesToCreate({ apps }: Manifest): readonly string[] {
  const lines = new Set<string>();
  for (const { name, type, plan, tags, parameters, credentials } of apps.flatMap((app) => app.services)) {
    if (type === undefined) continue;
    const tagged = tags.length > 0 ? ` -t ${word(tags.join(', '))}` : '';
    const given = parameters === undefined ? '' : ` -c ${word(JSON.stringify(parameters))}`;
    lines.add(
      type === 'user-provided'
        ? `  cf create-user-provided-service ${word(name)} -p ${word(JSON.stringify(credentials ?? {}))}${tagged}`
        : `  cf create-service ${word(type)} ${word(plan ?? 'free')} ${word(name)}${given}${tagged}`,
    );
  }
  return lines.size > 0 ? ['', 'Create the services first:', ...lines] : [];
}

/** More than one program, or one that changes the shell it runs in. */
const COMPOUND = /[;&|#\r\n]|^\s*(?:cd|export|set|source|\.)\s/;

/**
 * Hooks as one command that ends at the first that fails. `fresh`: each begins in a shell of its own, so what it
 * changes there must not reach the next.
 */
export function chain(hooks: readonly HookCommand[], { fresh }: { readonly fresh: boolean }): string {
  const [open, close] = fresh ? ['(', ')'] : ['{ ', '; }'];
  return hooks
    .map(({ command, ignoreFailure }) => {
      const compound = COMPOUND.test(command);
      const grouped = compound && (hooks.length > 1 || ignoreFailure) ? `${open}${command}${close}` : command;
      return ignoreFailure ? `{ ${grouped} || true; }` : grouped;
    })
    .join(' && ');
}
