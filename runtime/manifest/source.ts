/** A text with a name, and places in it. */
import type { Span } from '../kernel/diagnostics.ts';

/** Characters of a line kept in a span. */
const MAX_LINE_LENGTH = 500;

export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** `end` is exclusive; a span never leaves its first line and is at least one character long. */
  span(start: number, end: number): Span {
    const starts = (this.#lineStarts ??= lineStarts(this.text));
    const line = lastNotAfter(starts, start);
    const from = starts[line]!;
    const next = starts[line + 1];
    const to = withoutLineEnd(this.text, from, next ?? this.text.length);
    return {
      file: this.file,
      line: line + 1,
      column: start - from + 1,
      length: Math.max(1, Math.min(end, to) - start),
      source: this.text.slice(from, Math.min(to, from + MAX_LINE_LENGTH)),
    };
  }
}

/** Offsets into a source; `end` is exclusive. Cheap to keep, turned into a `Span` only where one is shown. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export const spanOf = (place: Place): Span => place.source.span(place.start, place.end);

/** A place in something that is not a file, such as a flag: `--env FOO=bar`. */
export function placeInFlag(flag: string, value: string): Place {
  return { source: new SourceText(flag, value), start: 0, end: value.length };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lastNotAfter(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function withoutLineEnd(text: string, from: number, end: number): number {
  let to = end;
  while (to > from && (text[to - 1] === '\n' || text[to - 1] === '\r')) to--;
  return to;
}
