/**
 * Decimal numbers as C's library reads them, because clients and test suites rely on the corners: leading
 * blanks and a plus sign are fine, a blank may end the number, surplus bits are cut off.
 */

const SIGNED = /^[\t\n\v\f\r ]*([+-]?\d+)(?:$|[\t\n\v\f\r ])/;
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** A signed number cut to 32 bits, or undefined. */
export function int32(text: string): number | undefined {
  const value = whole(text);
  if (value === undefined || value > INT64_MAX || value < -INT64_MAX - 1n) return undefined;
  return Number(BigInt.asIntN(32, value));
}

/** An unsigned number cut to 32 bits, or undefined. */
export function uint32(text: string): number | undefined {
  const value = unsigned(text);
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

/** An unsigned number of at most 64 bits, or undefined. */
export function uint64(text: string): bigint | undefined {
  return unsigned(text);
}

function unsigned(text: string): bigint | undefined {
  const value = whole(text);
  if (value === undefined || value > UINT64_MAX || value < -UINT64_MAX) return undefined;
  // A negative number wraps; it is refused only if what it wraps to looks negative.
  const wrapped = BigInt.asUintN(64, value);
  return wrapped > INT64_MAX && text.includes('-') ? undefined : wrapped;
}

function whole(text: string): bigint | undefined {
  const match = SIGNED.exec(text);
  return match ? BigInt(match[1]!.replace('+', '')) : undefined;
}

const DECIMAL = /^[\t\n\v\f\r ]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:$|[\t\n\v\f\r ])/;

/** A number with a fraction, or undefined. */
export function decimal(text: string): number | undefined {
  const match = DECIMAL.exec(text);
  return match ? Number(match[1]) : undefined;
}
