/** Collects what is wrong with a manifest. Takes places, so that spans are only made for what is really shown. */
import { Diagnostics, type Diagnostic } from '../kernel/diagnostics.ts';
import { MAX_DIAGNOSTICS } from './limits.ts';
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
  readonly hint?: string | undefined;
  readonly related?: { readonly message: string; readonly place: Place } | undefined;
}

export class Problems {
  readonly #diagnostics = new Diagnostics();
  readonly #seen = new Set<string>();
  #errors = 0;

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
    const all = this.#diagnostics.list();
    if (all.length <= MAX_DIAGNOSTICS) return all;
    const errors = all.filter((diagnostic) => diagnostic.severity === 'error').slice(0, MAX_DIAGNOSTICS);
    const warnings = all.filter((diagnostic) => diagnostic.severity === 'warning');
    const shown = new Set([...errors, ...warnings.slice(0, MAX_DIAGNOSTICS - errors.length)]);
    const more = new Diagnostics();
    more.warning('MANIFEST_TOO_LARGE', `${all.length - shown.size} more problems are not shown`);
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
    const identity = `${code}\0${place?.source.file}\0${place?.start}\0${message}`;
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    this.#diagnostics[severity](code, message, {
      ...(place ? { span: spanOf(place) } : {}),
      ...(details.hint === undefined ? {} : { hint: details.hint }),
      ...(details.related
        ? { related: { message: details.related.message, span: spanOf(details.related.place) } }
        : {}),
    });
  }
}
