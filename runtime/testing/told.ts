/** A failure as a test runner shows it: all there is to know of it in its message, and where the platform came from. */
import { PaasError } from '../kernel/errors.ts';

/** Adds hint, mistakes, log lines and the place of the start to the message of an expected failure. Once. */
export function told(error: unknown, startedAt: string): unknown {
  if (!(error instanceof PaasError) || TOLD.has(error)) return error;
  TOLD.add(error);
  const mistakes = error.diagnostics.map(
    ({ span, message, hint }) =>
      `  ${span ? `${span.file}:${span.line}:${span.column}: ` : ''}${message}${hint ? ` (${hint})` : ''}`,
  );
  const lines = error.logLines.map((line) => `  | ${line}`);
  error.message = [
    `${error.message} [${error.code}]`,
    ...(error.hint ? error.hint.split('\n').map((line) => `  ${line}`) : []),
    ...mistakes,
    ...(lines.length > 0
      ? [`  The last ${lines.length === 1 ? 'line' : `${lines.length} lines`} of its log:`, ...lines]
      : []),
    ...(error.hint?.includes(startedAt) ? [] : [`  The platform was started at ${startedAt}`]),
  ].join('\n');
  return error;
}

const TOLD = new WeakSet<Error>();

/** Who called `entry`: `file:line:column`. */
export function callerOf(entry: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, entry);
  const frame = (holder.stack ?? '').split('\n')[1] ?? '';
  return /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(frame.trim())?.[1] ?? 'an unknown place';
}
