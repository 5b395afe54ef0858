/** One JSON value per line over a byte stream: the control protocol's framing, and the log files'. */

export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/**
 * Cuts a byte stream into lines, whatever the split of its chunks.
 * @throws LineTooLong from `push` when a line grows past `maxBytes`; the splitter is then of no further use
 */
export class JsonLines {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The complete lines that `chunk` ends, without their line feed. Empty lines are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.#hold(chunk.subarray(from, at));
      const line = Buffer.concat(this.#parts).toString('utf8');
      this.#parts.length = 0;
      this.#held = 0;
      if (line.trim() !== '') lines.push(line);
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
    return lines;
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#held += part.length;
    if (this.#held > this.#maxBytes) throw new LineTooLong(`A line is longer than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }
}
