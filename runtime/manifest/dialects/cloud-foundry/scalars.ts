/**
 * The types that plain scalars have in the parser of the `cf` client (YAML 1.1 with deviations of its own), and the
 * text an environment variable ends up with after the client has written it again and the API has read that.
 * Quoted text is a string, always.
 */
import type { ScalarNode } from '../../tree.ts';

export type ScalarValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' }
  | { readonly type: 'timestamp'; readonly text: string };

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const NULL = new Set(['', '~', 'null', 'Null', 'NULL']);
const SPECIAL_FLOATS: ReadonlyMap<string, number> = new Map(
  (
    [
      [Number.NaN, ['.nan', '.NaN', '.NAN']],
      [Infinity, ['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF']],
      [-Infinity, ['-.inf', '-.Inf', '-.INF']],
    ] as const
  ).flatMap(([value, spellings]) => spellings.map((spelling) => [spelling, value] as const)),
);
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?)?)?$/;
/** The longest spelling of 64 bits, in binary and with underscores, has some 130 characters; the rest is not a number. */
const MAX_NUMBER_LENGTH = 400;
const MAX_UINT64 = 2n ** 64n;
const MIN_INT64 = -(2n ** 63n);

export function readScalar({ text, plain }: Pick<ScalarNode, 'text' | 'plain'>): ScalarValue {
  if (!plain) return { type: 'string', value: text };
  if (NULL.has(text)) return { type: 'null' };
  const first = text.charCodeAt(0);
  const mayBeNumber = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!mayBeNumber) {
    if (TRUE.has(text)) return { type: 'boolean', value: true };
    if (FALSE.has(text)) return { type: 'boolean', value: false };
    return { type: 'string', value: text };
  }
  if (text.length > MAX_NUMBER_LENGTH) return { type: 'string', value: text };
  const special = SPECIAL_FLOATS.get(text);
  if (special !== undefined) return { type: 'float', value: special };
  if (TIMESTAMP.test(text)) return { type: 'timestamp', text };
  const digits = text.replaceAll('_', '');
  const integer = readInteger(digits);
  if (integer !== undefined) return { type: 'integer', value: integer };
  // Go's parser refuses what no 64 bits can hold; then it is text.
  if (FLOAT.test(digits) && Number.isFinite(Number(digits))) return { type: 'float', value: Number(digits) };
  return { type: 'string', value: text };
}

/** Go's notation: 0x, 0o and 0b prefixes, and a leading zero means octal. Undefined if it fits no 64 bits. */
function readInteger(text: string): bigint | undefined {
  const match = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9]\d*))$/.exec(text);
  if (!match) return undefined;
  const [, sign, hex, octal, binary, decimal] = match;
  const magnitude = BigInt(hex ? `0x${hex}` : octal ? `0o${octal}` : binary ? `0b${binary}` : decimal!);
  const value = sign === '-' ? -magnitude : magnitude;
  return value < MAX_UINT64 && value >= MIN_INT64 ? value : undefined;
}

/** The value as the client would write it again. */
export function canonicalText(value: ScalarValue): string {
  switch (value.type) {
    case 'string':
      return value.value;
    case 'integer':
      return value.value.toString();
    case 'float':
      return goFloat(value.value);
    case 'boolean':
      return String(value.value);
    case 'null':
      return 'null';
    case 'timestamp':
      return value.text;
  }
}

/** What an app sees in its environment. A timestamp has no such text: the API refuses it. */
export function environmentText(value: Exclude<ScalarValue, { type: 'timestamp' }>): string {
  if (value.type === 'null') return '';
  if (value.type !== 'float') return canonicalText(value);
  const written = goFloat(value.value);
  // The API's parser knows floats only with a point, so "1e+06" stays text, and "3" is an integer.
  return written.includes('.') && Number.isFinite(value.value)
    ? rubyFloat(value.value)
    : (RUBY_SPECIAL.get(written) ?? written);
}

const RUBY_SPECIAL: ReadonlyMap<string, string> = new Map([
  ['.inf', 'Infinity'],
  ['-.inf', '-Infinity'],
  ['.nan', 'NaN'],
]);

/** Shortest digits; an exponent from 1e+21 in JavaScript, but from six digits before the point in Go's "g". */
const GO_EXPONENT_FROM = 6;
const RUBY_EXPONENT_FROM = 16;

function goFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return withExponent(value, GO_EXPONENT_FROM, (mantissa) => mantissa);
}

function rubyFloat(value: number): string {
  return withExponent(value, RUBY_EXPONENT_FROM, (mantissa) =>
    mantissa.includes('.') ? mantissa : `${mantissa}.0`,
  );
}

function withExponent(value: number, from: number, finish: (mantissa: string) => string): string {
  if (value === 0) return finish(Object.is(value, -0) ? '-0' : '0');
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < from) return finish(plainDecimal(value));
  const sign = exponent < 0 ? '-' : '+';
  return `${finish(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** JavaScript writes no exponent between 1e-7 and 1e21, which covers what is asked for here. */
const plainDecimal = (value: number): string => String(value);
