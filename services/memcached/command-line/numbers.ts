/** Numbers as the C library reads them from the command line, wrong ones included. */

const INT_BITS = 32;
const LONG_MAX = 2n ** 63n - 1n;

/** `atoi`: what is a number at the beginning, else 0; wraps at 32 bits. */
export function leadingInt(text: string): number {
  const [, sign = '', digits] = /^\s*([+-]?)(\d+)/.exec(text) ?? [];
  if (digits === undefined) return 0;
  const size = BigInt(digits) > LONG_MAX ? LONG_MAX : BigInt(digits);
  return Number(BigInt.asIntN(INT_BITS, sign === '-' ? -size : size));
}

/** `atof`: what is a number at the beginning, else 0. */
export function leadingFloat(text: string): number {
  const [, number] = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/i.exec(text) ?? [];
  return number === undefined ? 0 : Number(number);
}

/** What is an octal number at the beginning, else 0. */
export function leadingOctal(text: string): number {
  const [, digits] = /^\s*\+?0*([0-7]*)/.exec(text) ?? [];
  return digits ? Number.parseInt(digits, 8) : 0;
}
