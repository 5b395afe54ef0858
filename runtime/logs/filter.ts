/** Which lines of a log are wanted. Pure. */
import type { LogLine } from './types.ts';

export interface LogFilter {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** A regular expression on the text. */
  readonly grep?: string;
  /** `RTR`, `APP` (with all below it), `APP/TASK/*`: `*` and `?` stand for anything and one character. */
  readonly source?: string;
  readonly instance?: number;
}

/** @throws SyntaxError for a regular expression that is none */
export function logFilter({ since, grep, source, instance }: LogFilter): (line: LogLine) => boolean {
  const text = grep === undefined ? undefined : new RegExp(grep);
  const from = source === undefined ? undefined : sourcePattern(source);
  return (line) =>
    (since === undefined || line.at >= since) &&
    (instance === undefined || line.instance === instance) &&
    (from === undefined || from.test(line.source)) &&
    (text === undefined || text.test(line.text));
}

function sourcePattern(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  // A name without a wildcard means all below it as well; an index at its end is that of an instance in a header.
  return new RegExp(`^${pattern}${/[*?]/.test(glob) ? '' : '(/.*)?'}$`, 'i');
}
