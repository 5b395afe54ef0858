/** BSON, as much as commands and their answers hold. Numbers are written as 32-bit integers. */

/** A document handed on as it came, byte for byte: not every type survives being read. */
export class RawDocument {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

export type BsonValue =
  | string
  | number
  | boolean
  | null
  | Buffer
  | RawDocument
  | readonly BsonValue[]
  | BsonDocument;
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
  undefined: 0x06,
  regex: 0x0b,
  decimal128: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const;
const DECIMAL128_BYTES = 16;

/** The bytes each document that was read came from. */
const origins = new WeakMap<object, Buffer>();

/** A document within one that was read, as it came. */
export function rawOf(document: unknown): RawDocument {
  const bytes = origins.get(document as object);
  if (!bytes) throw new Error('a document was expected');
  return new RawDocument(bytes);
}

/** @param more fields to stand behind them */
export function encode(document: BsonDocument, more?: RawDocument): Buffer {
  const fields = Object.entries(document).map(([name, value]) => encodeField(name, value));
  const body = Buffer.concat([...fields, more?.bytes.subarray(4) ?? Buffer.from([0])]);
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
  if (value instanceof RawDocument) return field(TYPE.document, value.bytes);
  if (Array.isArray(value)) {
    return field(TYPE.array, encode(Object.fromEntries((value as readonly BsonValue[]).entries())));
  }
  return field(TYPE.document, encode(value as BsonDocument));
}

function readDocument(bytes: Buffer, start: number): { value: Record<string, unknown>; next: number } {
  const end = start + bytes.readInt32LE(start);
  // Whoever wrote this may be hostile: no length leads out of the bytes there are, or back.
  if (end <= start + 4 || end > bytes.length) throw new Error('a document is cut off');
  const value: Record<string, unknown> = {};
  let at = start + 4;
  while (at < end - 1) {
    const type = bytes[at]!;
    const nameEnd = bytes.indexOf(0, at + 1);
    if (nameEnd < 0 || nameEnd >= end) throw new Error('a name is cut off');
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const read = readValue(type, bytes, nameEnd + 1);
    if (read.next <= nameEnd || read.next >= end) throw new Error('a value is cut off');
    // Not by assignment: "__proto__" is a name like any other.
    Object.defineProperty(value, name, { value: read.value, enumerable: true, configurable: true });
    at = read.next;
  }
  origins.set(value, bytes.subarray(start, end));
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
    case TYPE.undefined:
    case TYPE.minKey:
    case TYPE.maxKey:
      return { value: null, next: at };
    case TYPE.regex: {
      const end = bytes.indexOf(0, bytes.indexOf(0, at) + 1);
      return { value: bytes.toString('utf8', at, end), next: end + 1 };
    }
    case TYPE.decimal128:
      return { value: null, next: at + DECIMAL128_BYTES };
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
