/** Mistakes found in a file: collected, with their places, and reported all at once. */

/** A place in a text. Lines and columns count from 1; `length` is in characters and stays on the first line. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The text of that line, for the code frame. Cut to 500 characters. */
  readonly source: string;
}

export interface Diagnostic {
  /** Stable, e.g. `MANIFEST_UNKNOWN_KEY`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly span?: Span;
  /** What was expected, or the next step. */
  readonly hint?: string;
  /** A second place that matters, e.g. "first defined here". */
  readonly related?: { readonly message: string; readonly span: Span };
}

/** The place of an error that is told by other means. */
export const pointer = (code: string, message: string, span: Span): Diagnostic => ({
  code,
  severity: 'error',
  message,
  span,
});

export class Diagnostics {
  readonly #list: Diagnostic[] = [];

  error(code: string, message: string, more: Omit<Diagnostic, 'code' | 'severity' | 'message'> = {}): void {
    this.#list.push({ code, severity: 'error', message, ...more });
  }

  warning(code: string, message: string, more: Omit<Diagnostic, 'code' | 'severity' | 'message'> = {}): void {
    this.#list.push({ code, severity: 'warning', message, ...more });
  }

  get failed(): boolean {
    return this.#list.some((diagnostic) => diagnostic.severity === 'error');
  }

  /** File by file as first met, what has no place first; inside a file by line and column, then as found. */
  list(): readonly Diagnostic[] {
    const files = [...new Set(this.#list.map((diagnostic) => diagnostic.span?.file))];
    const rank = new Map(files.map((file, index) => [file, file === undefined ? -1 : index]));
    const at = ({ span }: Diagnostic) => ({
      file: rank.get(span?.file) ?? -1,
      line: span?.line ?? 0,
      column: span?.column ?? 0,
    });
    return this.#list.toSorted((a, b) => {
      const [one, other] = [at(a), at(b)];
      return one.file - other.file || one.line - other.line || one.column - other.column;
    });
  }
}
