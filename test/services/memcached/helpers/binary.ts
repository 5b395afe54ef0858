/** Packets of the binary protocol, made and read. */

const HEADER_BYTES = 24;

export interface PacketParts {
  readonly extras?: Buffer;
  readonly key?: string;
  readonly value?: string | Buffer;
  readonly cas?: bigint;
  readonly opaque?: number;
  readonly dataType?: number;
  /** Lengths in the header, where they are to be wrong. */
  readonly keyLength?: number;
  readonly extrasLength?: number;
  readonly bodyLength?: number;
}

export function packet(opcode: number, parts: PacketParts = {}): Buffer {
  const extras = parts.extras ?? Buffer.alloc(0);
  const key = Buffer.from(parts.key ?? '', 'latin1');
  const value = typeof parts.value === 'string' ? Buffer.from(parts.value, 'latin1') : parts.value;
  const body = Buffer.concat([extras, key, value ?? Buffer.alloc(0)]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(opcode, 1);
  header.writeUInt16BE(parts.keyLength ?? key.length, 2);
  header.writeUInt8(parts.extrasLength ?? extras.length, 4);
  header.writeUInt8(parts.dataType ?? 0, 5);
  header.writeUInt32BE(parts.bodyLength ?? body.length, 8);
  header.writeUInt32BE(parts.opaque ?? 0, 12);
  header.writeBigUInt64BE(parts.cas ?? 0n, 16);
  return Buffer.concat([header, body]);
}

/** Flags and expiry time, as the storage commands take them. */
export function storeExtras(flags: number, exptime: number): Buffer {
  const extras = Buffer.alloc(8);
  extras.writeUInt32BE(flags, 0);
  extras.writeUInt32BE(exptime, 4);
  return extras;
}

export function exptimeExtras(exptime: number): Buffer {
  const extras = Buffer.alloc(4);
  extras.writeUInt32BE(exptime);
  return extras;
}

/** Delta, initial value and expiry time, as the counting commands take them. */
export function countExtras(delta: bigint, initial: bigint, exptime: number): Buffer {
  const extras = Buffer.alloc(20);
  extras.writeBigUInt64BE(delta, 0);
  extras.writeBigUInt64BE(initial, 8);
  extras.writeUInt32BE(exptime, 16);
  return extras;
}

/** One line per answer; CAS numbers become ordinals, because two servers count apart. */
export function answersOf(bytes: Buffer): string[] {
  const seen = new Map<bigint, number>();
  const lines: string[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const keyLength = bytes.readUInt16BE(at + 2);
    const extrasLength = bytes.readUInt8(at + 4);
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 8);
    if (end > bytes.length) break;
    const cas = bytes.readBigUInt64BE(at + 16);
    if (cas !== 0n && !seen.has(cas)) seen.set(cas, seen.size + 1);
    const extrasAt = at + HEADER_BYTES;
    const keyAt = extrasAt + extrasLength;
    lines.push(
      [
        `magic=${bytes[at]!.toString(16)}`,
        `opcode=${bytes[at + 1]!.toString(16)}`,
        `status=${bytes.readUInt16BE(at + 6).toString(16)}`,
        `opaque=${bytes.readUInt32BE(at + 12)}`,
        `cas=${seen.get(cas) ?? 0}`,
        `extras=${bytes.subarray(extrasAt, keyAt).toString('hex')}`,
        `key=${JSON.stringify(bytes.toString('latin1', keyAt, keyAt + keyLength))}`,
        `value=${JSON.stringify(bytes.toString('latin1', keyAt + keyLength, end))}`,
      ].join(' '),
    );
    at = end;
  }
  if (at < bytes.length) lines.push(`and ${bytes.subarray(at).toString('hex')}`);
  return lines;
}
