/** How AMQP writes down what it is given. */
import type { Json } from '../kit/json.ts';

export const octets = (...values: readonly number[]): Buffer => Buffer.from(values);

/** At most 255 bytes. */
export const shortString = (text: string): Buffer =>
  Buffer.concat([octets(Buffer.byteLength(text)), Buffer.from(text)]);

export function longString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A table with its length before it. */
export function table(fields: Readonly<Record<string, Json>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => [shortString(name), field(value)]);
  return longString(Buffer.concat(parts));
}

function field(value: Json): Buffer {
  if (value === null) return Buffer.from('V');
  if (typeof value === 'boolean') return Buffer.concat([Buffer.from('t'), octets(value ? 1 : 0)]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), longString(Buffer.from(value))]);
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) {
    return Buffer.concat([
      Buffer.from('A'),
      longString(Buffer.concat((value as readonly Json[]).map(field))),
    ]);
  }
  return Buffer.concat([Buffer.from('F'), table(value as Readonly<Record<string, Json>>)]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  if (Number.isSafeInteger(value)) {
    bytes.write('l');
    bytes.writeBigInt64BE(BigInt(value), 1);
  } else {
    bytes.write('d');
    bytes.writeDoubleBE(value, 1);
  }
  return bytes;
}
