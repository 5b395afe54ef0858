import { digits } from './item.ts';

/** Writes an unsigned number below 2^53 in decimal and gives the position after it. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = 48 + value;
    return at + 1;
  }
  const end = at + digits(value);
  let i = end - 1;
  let rest = value;
  for (; rest > 0x7fffffff; i--) {
    const tenth = Math.floor(rest / 10);
    bytes[i] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  for (let small = rest | 0; i >= at; i--) {
    const tenth = (small / 10) | 0; // a division of integers, several times faster
    bytes[i] = 48 + small - tenth * 10;
    small = tenth;
  }
  return end;
}
