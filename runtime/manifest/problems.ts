/** Collects what is wrong with a manifest. Takes places, so that spans are only made for what is really shown. */
import { Diagnostics, type Diagnostic } from '../kernel/diagnostics.ts';
import { MAX_DIAGNOSTICS, MAX_RECORDED } from './limits.ts';
import { spanOf, type Place } from './source.ts';

/** Codes of diagnostics; documented in the README beside this file. */
export type ProblemCode =
  | 'MANIFEST_ALIAS'
  | 'MANIFEST_APP_UNKNOWN'
  | 'MANIFEST_CHARACTERS'
  | 'MANIFEST_DEPENDENCY'
  | 'MANIFEST_DUPLICATE_APP'
  | 'MANIFEST_DUPLICATE_KEY'
  | 'MANIFEST_EMPTY'
  | 'MANIFEST_ENV'
  | 'MANIFEST_FOLDER'
  | 'MANIFEST_IGNORED_KEY'
  | 'MANIFEST_INHERIT'
  | 'MANIFEST_MISSING_KEY'
  | 'MANIFEST_NAME'
  | 'MANIFEST_NOT_SUPPORTED'
  | 'MANIFEST_SERVICE'
  | 'MANIFEST_SYMBOL'
  | 'MANIFEST_TOO_DEEP'
  | 'MANIFEST_TOO_LARGE'
  | 'MANIFEST_TYPE'
  | 'MANIFEST_UNKNOWN_KEY'
  | 'MANIFEST_UNREADABLE'
  | 'MANIFEST_VALUE'
  | 'MANIFEST_VARIABLE'
  | 'MANIFEST_YAML';

export interface ProblemDetails {
  /** A function where finding the words takes time; it is called only for what is kept. */
  readonly hint?: string | undefined | (() => string | undefined);
  readonly related?: { readonly message: string; readonly place: Place } | undefined;
}

const ONCE_PER_PLACE: ReadonlySet<ProblemCode> = new Set([
  'MANIFEST_VALUE',
  'MANIFEST_TYPE',
  'MANIFEST_UNKNOWN_KEY',
  'MANIFEST_YAML',
]);

export class Problems {
  readonly #diagnostics = new Diagnostics();
  readonly #seen = new Set<string>();
  #errors = 0;
  #unrecorded = 0;

  error(code: ProblemCode, place: Place | undefined, message: string, details: ProblemDetails = {}): void {
    this.#errors++;
    this.#add('error', code, place, message, details);
  }

  warning(code: ProblemCode, place: Place | undefined, message: string, details: ProblemDetails = {}): void {
    this.#add('warning', code, place, message, details);
  }

  get failed(): boolean {
    return this.#errors > 0;
  }

  /** So that a step can ask whether *it* found errors: compare before and after. */
  get errors(): number {
    return this.#errors;
  }

  /** Errors come before warnings when there are more than can be shown. */
  list(): readonly Diagnostic[] {
    const all = withoutEchoes(this.#diagnostics.list());
    if (all.length + this.#unrecorded <= MAX_DIAGNOSTICS) return all;
    const errors = all.filter((diagnostic) => diagnostic.severity === 'error').slice(0, MAX_DIAGNOSTICS);
    const warnings = all.filter((diagnostic) => diagnostic.severity === 'warning');
    const shown = new Set([...errors, ...warnings.slice(0, MAX_DIAGNOSTICS - errors.length)]);
    const more = new Diagnostics();
    const hidden = all.length - shown.size + this.#unrecorded;
    more.warning('MANIFEST_TOO_LARGE', `${hidden} more problems are not shown`);
    return [...all.filter((diagnostic) => shown.has(diagnostic)), ...more.list()];
  }

  #add(
    severity: 'error' | 'warning',
    code: ProblemCode,
    place: Place | undefined,
    message: string,
    details: ProblemDetails,
  ): void {
    // A block shared through an anchor is checked once per use; its mistake is still one mistake.
    // What is wrong with one value is said once, though it is looked at as written and again as resolved.
    const ofValue = ONCE_PER_PLACE.has(code);
    const identity = `${code}\0${place?.source.file}\0${place?.start}\0${place && ofValue ? '' : message}`;
    if (this.#seen.has(identity)) return;
    if (this.#seen.size >= MAX_RECORDED) {
      this.#unrecorded++;
      return;
    }
    this.#seen.add(identity);
    const hint = typeof details.hint === 'function' ? details.hint() : details.hint;
    this.#diagnostics[severity](code, shortened(message), {
      ...(place ? { span: spanOf(place) } : {}),
      ...(hint === undefined ? {} : { hint: shortened(hint) }),
      ...(details.related
        ? { related: { message: details.related.message, span: spanOf(details.related.place) } }
        : {}),
    });
  }
}

/** Where an error is, a warning at the same place is about the same thing, and says less. */
function withoutEchoes(all: readonly Diagnostic[]): readonly Diagnostic[] {
  const at = ({ span }: Diagnostic): string => `${span?.file}:${span?.line}:${span?.column}`;
  const errors = new Set(all.filter(({ severity, span }) => severity === 'error' && span).map(at));
  return all.filter((diagnostic) => diagnostic.severity === 'error' || !errors.has(at(diagnostic)));
}

/** Longest piece of a manifest quoted in a message, and longest message. */
const MAX_QUOTE = 80;
const MAX_MESSAGE = 1000;

function shortened(message: string): string {
  if (message.length <= MAX_QUOTE) return message;
  const cut = message.replace(/(["'])([^"'\n]+)\1/g, (whole, quote: string, text: string) =>
    text.length > MAX_QUOTE ? `${quote}${text.slice(0, MAX_QUOTE)}…${quote}` : whole,
  );
  return cut.length > MAX_MESSAGE ? `${cut.slice(0, MAX_MESSAGE)}…` : cut;
}
