import { ERROR_TEXT, HEADER_BYTES, OP, RESPONSE_MAGIC } from './codes.ts';
import { CAS_HIGH, CAS_LOW } from '../../store/item.ts';
import type { Cache } from '../../cache.ts';

/**
 * The request being served. One instance is reused for every request; a command whose value is still to come
 * keeps a copy.
 */
export class BinaryRequest {
  /** The opcode as sent, and without its quietness. */
  opcode = 0;
  loud: number = OP.noop;
  quiet = false;
  keyLength = 0;
  extrasLength = 0;
  bodyLength = 0;
  /** Echoed in the answer, in the order of bytes as it came. */
  opaque = 0;
  /** Both zero: no comparison. */
  casLow = 0;
  casHigh = 0;
  extrasAt = 0;
  keyAt = 0;
  /** Where the value, or the next request, begins. */
  valueAt = 0;

  read(view: DataView, at: number): void {
    this.opcode = view.getUint8(at + 1);
    this.keyLength = view.getUint16(at + 2);
    this.extrasLength = view.getUint8(at + 4);
    this.bodyLength = view.getUint32(at + 8);
    this.opaque = view.getInt32(at + 12);
    this.casHigh = view.getInt32(at + 16);
    this.casLow = view.getInt32(at + 20);
    this.extrasAt = at + HEADER_BYTES;
    this.keyAt = this.extrasAt + this.extrasLength;
    this.valueAt = this.keyAt + this.keyLength;
  }

  get valueLength(): number {
    return this.bodyLength - this.keyLength - this.extrasLength;
  }

  get hasCas(): boolean {
    return this.casLow !== 0 || this.casHigh !== 0;
  }

  copy(): BinaryRequest {
    return Object.assign(new BinaryRequest(), this);
  }
}

/** Writes an answer's header; its body of `bodyLength` bytes, extras and key included, must follow. */
export function putHeader(
  cache: Cache,
  request: BinaryRequest,
  status: number,
  extrasLength: number,
  keyLength: number,
  bodyLength: number,
  casItem = 0,
): void {
  const { reply, store } = cache;
  const { view, words } = store.arena;
  const { at } = reply;
  // Not among the arguments below: with a condition there, the engine would call `setInt32` instead of doing it in place.
  const casHigh = casItem === 0 ? 0 : words[casItem * 2 + CAS_HIGH]!;
  const casLow = casItem === 0 ? 0 : words[casItem * 2 + CAS_LOW]!;
  view.setUint8(at, RESPONSE_MAGIC);
  view.setUint8(at + 1, request.opcode);
  view.setUint16(at + 2, keyLength);
  view.setUint8(at + 4, extrasLength);
  view.setUint8(at + 5, 0);
  view.setUint16(at + 6, status);
  view.setUint32(at + 8, bodyLength);
  view.setInt32(at + 12, request.opaque);
  view.setInt32(at + 16, casHigh);
  view.setInt32(at + 20, casLow);
  reply.at = at + HEADER_BYTES;
}

/** An answer without a body, unless the request is a quiet one. */
export function putSuccess(cache: Cache, request: BinaryRequest, casItem = 0): void {
  if (!request.quiet) putHeader(cache, request, 0, 0, 0, 0, casItem);
}

/** An answer whose body is a text. */
export function putText(cache: Cache, request: BinaryRequest, status: number, text: string): void {
  putHeader(cache, request, status, 0, 0, text.length);
  cache.reply.text(text);
}

/** An error; sent even if the request is a quiet one. */
export function putError(cache: Cache, request: BinaryRequest, status: number, text?: string): void {
  putText(cache, request, status, text ?? ERROR_TEXT.get(status)!);
}
