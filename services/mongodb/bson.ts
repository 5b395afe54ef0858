/** BSON, as much as commands and their answers hold. Numbers are written as 32-bit integers. */

export type BsonValue = string | number | boolean | null | Buffer | readonly BsonValue[] | BsonDocument;
export interface BsonDocument {
  readonly [key: string]: BsonValue;
}

const TYPE = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
} as const;

export function encode(document: BsonDocument): Buffer {
  const fields = Object.entries(document).map(([name, value]) => encodeField(name, value));
  const body = Buffer.concat([...fields, Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** @throws Error for what is cut off, or of a type that answers do not have */
export function decode(bytes: Buffer): Record<string, unknown> {
  return readDocument(bytes, 0).value;
}

function encodeField(name: string, value: BsonValue): Buffer {
  const field = (type: number, ...data: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([type]), cString(name), ...data]);
  if (value === null) return field(TYPE.null);
  if (typeof value === 'string') {
    const text = cString(value);
    return field(TYPE.string, int32(text.length), text);
  }
  if (typeof value === 'number') return field(TYPE.int32, int32(value));
  if (typeof value === 'boolean') return field(TYPE.boolean, Buffer.from([value ? 1 : 0]));
  if (Buffer.isBuffer(value)) return field(TYPE.binary, int32(value.length), Buffer.from([0]), value);
  if (Array.isArray(value)) {
    return field(TYPE.array, encode(Object.fromEntries((value as readonly BsonValue[]).entries())));
  }
  return field(TYPE.document, encode(value as BsonDocument));
}

function readDocument(bytes: Buffer, start: number): { value: Record<string, unknown>; next: number } {
  const end = start + bytes.readInt32LE(start);
  const value: Record<string, unknown> = {};
  let at = start + 4;
  while (at < end - 1) {
    const type = bytes[at]!;
    const nameEnd = bytes.indexOf(0, at + 1);
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const read = readValue(type, bytes, nameEnd + 1);
    value[name] = read.value;
    at = read.next;
  }
  return { value, next: end };
}

function readValue(type: number, bytes: Buffer, at: number): { value: unknown; next: number } {
  switch (type) {
    case TYPE.double:
      return { value: bytes.readDoubleLE(at), next: at + 8 };
    case TYPE.string: {
      const length = bytes.readInt32LE(at);
      return { value: bytes.toString('utf8', at + 4, at + 3 + length), next: at + 4 + length };
    }
    case TYPE.document:
      return readDocument(bytes, at);
    case TYPE.array: {
      const { value, next } = readDocument(bytes, at);
      return { value: Object.values(value), next };
    }
    case TYPE.binary: {
      const length = bytes.readInt32LE(at);
      return { value: bytes.subarray(at + 5, at + 5 + length), next: at + 5 + length };
    }
    case TYPE.objectId:
      return { value: bytes.toString('hex', at, at + 12), next: at + 12 };
    case TYPE.boolean:
      return { value: bytes[at] === 1, next: at + 1 };
    case TYPE.null:
      return { value: null, next: at };
    case TYPE.int32:
      return { value: bytes.readInt32LE(at), next: at + 4 };
    case TYPE.date:
    case TYPE.timestamp:
    case TYPE.int64:
      return { value: Number(bytes.readBigInt64LE(at)), next: at + 8 };
    default:
      throw new Error(`a value of type ${type} was not expected`);
  }
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);
