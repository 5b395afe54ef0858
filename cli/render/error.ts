/** A failure in words: what, where, and the next step; as one JSON object under `--json`. */
import { errorToJson, PaasError } from '../../runtime/kernel/errors.ts';
import { VERSION } from '../../runtime/kernel/version.ts';
import type { Context } from '../context.ts';
import { renderDiagnostic } from './code-frame.ts';
import { harmless, type Terminal } from './terminal.ts';

type Output = Pick<Context, 'terminal' | 'json'> & Partial<Pick<Context, 'cwd'>>;

export function renderError(error: unknown, { terminal, json, cwd }: Output): void {
  if (json) {
    terminal.out(JSON.stringify({ error: errorToJson(error) }));
    return;
  }
  if (!(error instanceof PaasError)) return renderBug(error, terminal);
  const { paint } = terminal;
  const frame = { colour: terminal.colour, width: terminal.width };
  for (const diagnostic of error.diagnostics)
    terminal.err(
      `${renderDiagnostic(diagnostic, { ...frame, ...(cwd === undefined ? {} : { relativeTo: cwd }) })}\n`,
    );
  if (error.logLines.length > 0) {
    const count = error.logLines.length;
    terminal.err(
      paint.dim(count === 1 ? 'The last line of its log:' : `The last ${count} lines of its log:`),
    );
    for (const line of error.logLines) terminal.err(`   ${harmless(line, terminal.colour)}`);
  }
  terminal.err(`${paint.bold(paint.red('FAILED'))} ${error.message} ${paint.dim(`[${error.code}]`)}`);
  for (const line of (error.hint ?? '').split('\n').filter(Boolean)) terminal.err(`  ${line}`);
}

/** A throw without a code is ours to mend: everything needed for a report is shown. */
function renderBug(error: unknown, terminal: Terminal): void {
  terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.err(`paas-local ${VERSION}, Node ${process.version}, ${process.platform} ${process.arch}`);
  terminal.err('This is a mistake in paas-local itself. Please report it with the lines above.');
}
