/**
 * Bytes in, lines out. A chunk may end anywhere, even inside a character; bytes that are not UTF-8 become
 * U+FFFD; a line without an end is cut, so that the memory waiting here never passes `MAX_LINE_BYTES`.
 */

/** Longer lines are cut into pieces of this size, about where Cloud Foundry cuts them. */
export const MAX_LINE_BYTES = 61 * 1024;

/** So many UTF-16 units cannot have been more bytes than a line may have: three each at most. */
const SURELY_SHORT = Math.floor(MAX_LINE_BYTES / 3);
const NEWLINE = 0x0a;

export class LineSplitter {
  readonly #onLine: (text: string) => void;
  /** The unfinished line. Absent between lines, so that a quiet stream costs nothing. */
  #tail: Buffer | undefined;
  #used = 0;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    if (this.#used > 0) {
      const newline = chunk.indexOf(NEWLINE);
      this.#append(newline < 0 ? chunk : chunk.subarray(0, newline));
      if (newline < 0) return;
      this.#emitTail();
      from = newline + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= from) this.#emitWhole(chunk.subarray(from, last));
    this.#append(chunk.subarray(Math.max(from, last + 1)));
  }

  /** The stream has ended: what is left is a line without its newline. */
  end(): void {
    if (this.#used > 0) this.#emitTail();
  }

  #append(bytes: Buffer): void {
    let rest = bytes;
    while (this.#used + rest.length > MAX_LINE_BYTES) {
      const room = MAX_LINE_BYTES - this.#used;
      this.#store(rest.subarray(0, room));
      rest = rest.subarray(room);
      this.#cut();
    }
    if (rest.length > 0) this.#store(rest);
  }

  #store(bytes: Buffer): void {
    this.#tail ??= Buffer.allocUnsafe(MAX_LINE_BYTES);
    bytes.copy(this.#tail, this.#used);
    this.#used += bytes.length;
  }

  /** Emits a full tail as a line, keeping back a character that is not whole yet. */
  #cut(): void {
    const tail = this.#tail!;
    const end = lastBoundary(tail, this.#used);
    const kept = Buffer.from(tail.subarray(end, this.#used));
    this.#onLine(tail.toString('utf8', 0, end));
    kept.copy(tail, 0);
    this.#used = kept.length;
  }

  #emitTail(): void {
    const text = this.#tail?.toString('utf8', 0, this.#used) ?? '';
    this.#tail = undefined;
    this.#used = 0;
    this.#emit(text);
  }

  /** Lines that lie within one chunk, which is nearly all of them: decoded at once, ten times as fast as one by one. */
  #emitWhole(bytes: Buffer): void {
    const lines = bytes.toString('utf8').split('\n');
    if (bytes.length <= MAX_LINE_BYTES || lines.every((line) => line.length <= SURELY_SHORT)) {
      for (const line of lines) this.#emit(line);
      return;
    }
    for (let from = 0; from <= bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline;
      this.#append(bytes.subarray(from, end));
      this.#emitTail();
      from = end + 1;
    }
  }

  #emit(text: string): void {
    this.#onLine(text.endsWith('\r') ? text.slice(0, -1) : text);
  }
}

/** Where the last character that may be unfinished begins, within the last three bytes of `bytes[0..length)`. */
function lastBoundary(bytes: Buffer, length: number): number {
  for (let back = 1; back <= 3 && back < length; back++) {
    const byte = bytes[length - back]!;
    if (byte < 0x80) return length;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (size > 0) return size > back ? length - back : length;
  }
  return length;
}
