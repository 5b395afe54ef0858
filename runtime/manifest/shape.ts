/**
 * What may stand under a key, as data. The tables of both dialects are made of these; the checker, "did you mean",
 * the JSON Schema for editors and the parity report of `plan` are all read off them.
 */

export type Shape =
  | TextShape
  | IntegerShape
  | NumberShape
  | { readonly kind: 'boolean' }
  | SizeShape
  /** Any mapping of names to `of`. */
  | { readonly kind: 'map'; readonly of: Shape; readonly keys?: KeyPattern }
  | { readonly kind: 'list'; readonly of: Shape }
  /** One value, or a list of such values. */
  | { readonly kind: 'one-or-list'; readonly of: Shape }
  | RecordShape
  /** Different shapes for a single value, a list and a mapping; one left out is refused. */
  | { readonly kind: 'either'; readonly scalar?: Shape; readonly list?: Shape; readonly map?: Shape }
  | { readonly kind: 'anything' };

export interface TextShape {
  readonly kind: 'text';
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Source of an anchored regular expression, valid in JavaScript and JSON Schema alike. */
  readonly pattern?: string;
  readonly maxLength?: number;
  /** Numbers and booleans are taken as they are written; otherwise Cloud Foundry wants a string. */
  readonly coerce?: boolean;
}

export interface IntegerShape {
  readonly kind: 'integer';
  readonly min?: number;
  readonly max?: number;
}

export interface NumberShape {
  readonly kind: 'number';
  readonly min?: number;
  readonly max?: number;
}

export interface SizeShape {
  readonly kind: 'size';
  /** `log-rate` also takes 0 and -1 (unlimited). */
  readonly of: 'memory' | 'log-rate';
  /** Bytes. Default: any. */
  readonly min?: number;
}

export interface KeyPattern {
  /** Source of an anchored regular expression that keys must match. */
  readonly pattern: string;
  readonly problem: string;
}

export interface RecordShape {
  readonly kind: 'record';
  /** What this is, for messages: `an app`, `a route`. */
  readonly name: string;
  readonly keys: KeyTable;
  /** Most unknown keys only warn; a few places refuse them. */
  readonly unknown: 'warn' | 'refuse';
  /** How messages name one of several: by the word and the value of the key, in these quotes. */
  readonly titled?: { readonly word: string; readonly key: string; readonly quote: string };
  /** What comes of an unknown key, where it is more than nothing. */
  readonly unknownMeans?: string;
  /** Keys that are known elsewhere, with what to do instead. */
  readonly elsewhere?: ReadonlyMap<string, string>;
}

/** What this platform does with a key. */
export type Verdict = 'honoured' | 'approximated' | 'ignored';

export interface KeyRule {
  readonly shape: Shape;
  /** One sentence for editors. */
  readonly summary: string;
  readonly verdict: Verdict;
  /** One line: how it is honoured, what differs, or why it has no meaning here. */
  readonly why: string;
  /** The sentence for a wrong value, after the place: `Memory must use a supported unit: …`. */
  readonly refusal?: string;
  /** A correct use, shown as the hint. */
  readonly example?: string;
  readonly required?: boolean;
  /** Another spelling of this key; the checker and the decoder go by that one. */
  readonly aliasOf?: string;
  /** Works, but there is a better way: shown as a warning. */
  readonly deprecated?: string;
}

export type KeyTable = ReadonlyMap<string, KeyRule>;

export const table = (rules: Readonly<Record<string, KeyRule>>): KeyTable => new Map(Object.entries(rules));

export const text = (more: Omit<TextShape, 'kind'> = {}): TextShape => ({ kind: 'text', ...more });
export const integer = (min?: number, max?: number): IntegerShape => ({
  kind: 'integer',
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
});
export const boolean = { kind: 'boolean' } as const;
export const anything = { kind: 'anything' } as const;
export const listOf = (of: Shape): Shape => ({ kind: 'list', of });
export const mapOf = (of: Shape, keys?: KeyPattern): Shape => ({
  kind: 'map',
  of,
  ...(keys ? { keys } : {}),
});
export const oneOrList = (of: Shape): Shape => ({ kind: 'one-or-list', of });
export const record = (
  name: string,
  keys: KeyTable,
  more: Partial<Pick<RecordShape, 'unknown' | 'unknownMeans' | 'titled' | 'elsewhere'>> = {},
): RecordShape => ({ kind: 'record', name, keys, unknown: 'warn', ...more });
