import { REPLIES_AT, REPLY_BUFFERS, REPLY_BYTES } from '../store/arena.ts';
import { writeNumber } from '../store/write-number.ts';
import type { Store } from '../store/store.ts';
import type { Transport } from './transport.ts';

/** Values at least this long are sent from the arena itself instead of being copied. */
export const ZERO_COPY_BYTES = 16 * 1024;
/** Pieces of one gathered write. */
const PIECES_MAX = 96;
/** Bytes of values one gathered write refers to; bounds what a client that does not read can pin. */
const PINNED_BYTES_MAX = 1024 * 1024;
/** Views of the first reply buffer are kept by length up to this one: making a view costs as much as a hit. */
const KEPT_VIEWS = 4096;

/** Room every single answer may take without asking: error lines, headers, a key. */
export const ANSWER_BYTES = 1024;

/**
 * Collects answers and hands them to a transport, many at once. One instance serves all sessions in turn:
 * whoever is being served has begun with `open` and ends with `flush`.
 */
export class Reply {
  /** Where the next byte goes. */
  at = REPLIES_AT;
  readonly #store: Store;
  #transport: Transport | undefined;
  #base = REPLIES_AT;
  /** Bytes before this position are already among the pieces. */
  #from = REPLIES_AT;
  #limit = REPLIES_AT + REPLY_BYTES;
  #pieces: Buffer[] = [];
  #pinned: number[] = [];
  #pinnedBytes = 0;
  readonly #spare: number[] = [];
  #views: Array<Buffer | undefined> = [];
  #viewed: Buffer;

  constructor(store: Store) {
    this.#store = store;
    this.#viewed = store.arena.bytes;
    for (let i = 1; i < REPLY_BUFFERS; i++) this.#spare.push(REPLIES_AT + i * REPLY_BYTES);
  }

  open(transport: Transport): void {
    this.#transport = transport;
  }

  /** Reply buffers in use: the current one and those slow clients still hold. */
  get buffersInUse(): number {
    return REPLY_BUFFERS - this.#spare.length;
  }

  /** Whether anything waits to be sent. */
  get pending(): boolean {
    return this.at !== this.#base || this.#pieces.length > 0;
  }

  /** Whether `bytes` more fit without sending first. */
  fits(bytes: number): boolean {
    return this.at + bytes <= this.#limit;
  }

  /** Whether a hit with `head` bytes before its value fits without sending first. */
  hasRoom(head: number, valueBytes: number): boolean {
    const copied = valueBytes < ZERO_COPY_BYTES ? valueBytes : 0;
    return this.at + head + copied + ANSWER_BYTES <= this.#limit;
  }

  /** A short answer known beforehand. */
  bytes(text: Uint8Array): void {
    const { bytes } = this.#store.arena;
    let { at } = this;
    for (let i = 0; i < text.length; i++) bytes[at++] = text[i]!;
    this.at = at;
  }

  byte(value: number): void {
    this.#store.arena.bytes[this.at++] = value;
  }

  number(value: number): void {
    this.at = writeNumber(this.#store.arena.bytes, this.at, value);
  }

  /** Text of one byte per character; sends first if it would not fit. */
  text(text: string): void {
    let rest = text;
    while (!this.fits(rest.length)) {
      const part = Math.min(rest.length, this.#limit - this.at);
      this.at += this.#store.arena.write(rest.slice(0, part), this.at);
      rest = rest.slice(part);
      this.flush();
    }
    this.at += this.#store.arena.write(rest, this.at);
  }

  copy(from: number, length: number): void {
    this.#store.arena.bytes.copyWithin(this.at, from, from + length);
    this.at += length;
  }

  /** The last `length` bytes before `end`: an item's value with its CRLF, copied if short, else sent in place. */
  value(item: number, from: number, length: number): void {
    if (length < ZERO_COPY_BYTES) {
      if (!this.fits(length + ANSWER_BYTES)) this.flush();
      this.copy(from, length);
      return;
    }
    if (this.at > this.#from) this.#pieces.push(this.#view(this.#from, this.at - this.#from));
    this.#from = this.at;
    this.#pieces.push(this.#store.arena.bytes.subarray(from, from + length));
    this.#store.memory.hold(item);
    this.#pinned.push(item);
    this.#pinnedBytes += length;
    if (this.#pieces.length >= PIECES_MAX || this.#pinnedBytes >= PINNED_BYTES_MAX) this.flush();
  }

  /** Drops what was answered since `at`, a position of `this.at`; nothing may have been sent since, nor a value put in place. */
  rewind(at: number): void {
    if (at >= this.#from && at <= this.at) this.at = at;
  }

  /** Hands everything to the transport. */
  flush(): void {
    if (this.#pieces.length > 0) this.#flushPieces();
    else if (this.at !== this.#base) this.#flushBuffer();
  }

  #flushBuffer(): void {
    const length = this.at - this.#base;
    this.#store.counters.bytesWritten += length;
    const transport = this.#transport!;
    const view = this.#view(this.#base, length);
    if (this.#spare.length === 0) {
      transport.send(Buffer.from(view));
      this.at = this.#base;
    } else if (transport.send(view)) {
      this.at = this.#base;
    } else {
      this.#lend(transport);
    }
  }

  #flushPieces(): void {
    if (this.at > this.#from) this.#pieces.push(this.#view(this.#from, this.at - this.#from));
    const pieces = this.#spare.length === 0 ? [Buffer.concat(this.#pieces)] : this.#pieces;
    for (const piece of pieces) this.#store.counters.bytesWritten += piece.length;
    const pinned = this.#pinned;
    this.#pieces = [];
    this.#pinned = [];
    this.#pinnedBytes = 0;
    const transport = this.#transport!;
    const sent = transport.sendAll(pieces);
    if (sent || this.#spare.length === 0) {
      this.at = this.#from = this.#base;
      for (const item of pinned) this.#store.memory.unhold(item);
    } else {
      transport.afterDrain(() => {
        for (const item of pinned) this.#store.memory.unhold(item);
      });
      this.#lend(transport);
    }
  }

  /** Leaves the buffer to a transport that is not done with it and goes on with another. */
  #lend(transport: Transport): void {
    const lent = this.#base;
    transport.afterDrain(() => this.#spare.push(lent));
    this.#base = this.#from = this.at = this.#spare.pop()!;
    this.#limit = this.#base + REPLY_BYTES;
  }

  #view(from: number, length: number): Buffer {
    const { bytes } = this.#store.arena;
    if (from !== REPLIES_AT || length >= KEPT_VIEWS) return bytes.subarray(from, from + length);
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#views = [];
    }
    return (this.#views[length] ??= bytes.subarray(from, from + length));
  }
}
