/**
 * One block of memory that holds everything with bytes in it: carried-over input, the receive buffer, the
 * reply buffers and the items. Every copy on the way from the socket to an item and back is then a
 * `copyWithin` inside one buffer, no view is made per request, and the collector has nothing to walk.
 *
 * The block is reserved, not used: the operating system hands out a page when it is first written to, so an
 * idle cache with a large limit costs next to nothing.
 */

import { systemMemory, type Memory } from './memory.ts';

/** Room before the receive buffer for an unfinished request of the same connection. Bounds one request line. */
export const CARRY_BYTES = 4 * 1024 * 1024;
/** What one read from a socket may bring. */
export const RECEIVE_BYTES = 128 * 1024;
/** One reply buffer; fuller ones are sent before going on. */
export const REPLY_BYTES = 64 * 1024;
/** Reply buffers: one in use, the others stand in while a slow client still holds one. */
export const REPLY_BUFFERS = 8;
/** Unit in which memory is given to a slab class. */
export const PAGE_BYTES = 1024 * 1024;

/** Where the receive buffer begins; what is carried over ends here. */
export const RECEIVE_AT = CARRY_BYTES;
/** Behind what was received: an end mark for scans, and a decoded key. */
const RECEIVE_SLACK_BYTES = 1024;
/** Where a key that came encoded is put. */
export const KEY_SCRATCH_AT = RECEIVE_AT + RECEIVE_BYTES + RECEIVE_SLACK_BYTES / 2;
export const REPLIES_AT = RECEIVE_AT + RECEIVE_BYTES + RECEIVE_SLACK_BYTES;
/** Where item pages begin, on a page boundary. */
export const PAGES_AT = Math.ceil((REPLIES_AT + REPLY_BUFFERS * REPLY_BYTES) / PAGE_BYTES) * PAGE_BYTES;

/** Behind the last page: whoever reads a few words at once may read past an item. */
const TAIL_BYTES = 256;

/** Typed arrays of the oldest supported Node end below 4 GiB. */
const ARENA_BYTES_MAX = 4 * 1024 ** 3 - PAGE_BYTES;

const TEXT_BYTES_MAX = 2 ** 31 - 1;

/** The most item pages an arena can have. */
export const PAGES_MAX = Math.floor((ARENA_BYTES_MAX - PAGES_AT) / PAGE_BYTES);

export class Arena {
  bytes: Buffer;
  /** The same memory as 32-bit words, for item headers. */
  words: Int32Array;
  /** The same memory for unaligned access. */
  view: DataView;
  pages: number;
  /** Whether anything was received, answered or stored in it. */
  used = false;
  readonly #memory: Memory;
  /** As much of it as Node reads and writes text in: it fails silently on buffers of 2 GiB. */
  #text: Buffer;

  /**
   * @param pages item pages to reserve, at most `PAGES_MAX`
   * @throws RangeError if there is no such memory
   */
  constructor(pages: number, memory = systemMemory) {
    this.#memory = memory;
    this.pages = Math.min(pages, PAGES_MAX);
    const block = memory.block(PAGES_AT + this.pages * PAGE_BYTES + TAIL_BYTES);
    this.bytes = Buffer.from(block);
    this.words = new Int32Array(block);
    this.view = new DataView(block);
    this.#text = this.bytes.subarray(0, TEXT_BYTES_MAX);
  }

  /** What lies there as a string of one character per byte. */
  text(from: number, to: number): string {
    return to <= TEXT_BYTES_MAX
      ? this.#text.toString('latin1', from, to)
      : this.bytes.subarray(from, to).toString('latin1');
  }

  /** Puts a string of one byte per character there. @returns its length */
  write(text: string, at: number): number {
    return at + text.length <= TEXT_BYTES_MAX
      ? this.#text.write(text, at, 'latin1')
      : this.bytes.subarray(at, at + text.length).write(text, 'latin1');
  }

  /** A block like this one with more pages, still empty. @throws RangeError if there is no such memory */
  larger(pages: number): Arena {
    return new Arena(pages, this.#memory);
  }

  /**
   * Moves everything to a larger block; offsets stay what they are. Views taken before keep the old block.
   * Only the first use and a raised memory limit need this.
   * @param isFree whether nothing lies in a page: such a page is not copied, which would make the system provide it twice
   */
  moveTo(larger: Arena, isFree: (page: number) => boolean): void {
    if (this.used) larger.bytes.set(this.bytes.subarray(0, PAGES_AT));
    for (let page = 0; page < this.pages; page++) {
      const at = PAGES_AT + page * PAGE_BYTES;
      if (!isFree(page)) larger.bytes.set(this.bytes.subarray(at, at + PAGE_BYTES), at);
    }
    this.bytes = larger.bytes;
    this.words = larger.words;
    this.view = larger.view;
    this.pages = larger.pages;
    this.#text = larger.#text;
  }

  /**
   * Copies a few bytes, four at a time: up to three more are written behind them, which the caller overwrites. For a
   * key that takes half of what `copyWithin` does.
   */
  copyShort(to: number, from: number, length: number): void {
    const { view } = this;
    for (let i = 0; i < length; i += 4) view.setInt32(to + i, view.getInt32(from + i, true), true);
  }

  /** Whether two stretches of `length` bytes are the same. */
  equal(a: number, b: number, length: number): boolean {
    const { view, bytes } = this;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (view.getInt32(a + i, true) !== view.getInt32(b + i, true)) return false;
    }
    for (; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }
}
