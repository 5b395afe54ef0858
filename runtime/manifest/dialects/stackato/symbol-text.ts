/**
 * Finds `${…}` in a text. By hand: a pattern looks for the closing brace anew from every opening one, which takes hours
 * where a hostile megabyte has half a million of them and no end.
 */

interface Found {
  /** Between the braces, trimmed. */
  readonly symbol: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function* symbolsIn(text: string): Generator<Found> {
  for (let start = text.indexOf('${'); start !== -1;) {
    const close = text.indexOf('}', start + 2);
    if (close === -1) return;
    yield { symbol: text.slice(start + 2, close).trim(), start, end: close + 1 };
    start = text.indexOf('${', close + 1);
  }
}

export function replaceSymbols(text: string, value: (symbol: string) => string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { symbol, start, end } of symbolsIn(text)) {
    parts.push(text.slice(from, start), value(symbol));
    from = end;
  }
  return from === 0 ? text : parts.join('') + text.slice(from);
}

/** The question of `${ask TEXT}`. */
export const questionOf = (symbol: string): string | undefined =>
  /^ask\s/.test(symbol) ? symbol.slice('ask'.length).trim() : undefined;
