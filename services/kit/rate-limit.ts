/**
 * A limit on what a program may print within a second, over all its streams, as Cloud Foundry's cell has it. Whole lines
 * are dropped; the cell's own notice says so at once, and at the end of the second how many they were.
 */
const WINDOW_MS = 1000;

export class RateLimit {
  readonly #maxBytes: number;
  #windowEnd = 0;
  #bytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #say: (() => void) | undefined;
  #refused = false;

  /** @param maxBytes per second; with 0 nothing may be printed, which is said once */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Hands the line on, or counts it. What is to be said about that takes the same way as the line would have. */
  pass(text: string, onLine: (text: string) => void): void {
    if (this.#maxBytes === 0) {
      if (!this.#refused) onLine(this.#notice);
      this.#refused = true;
      return;
    }
    const now = performance.now();
    if (now >= this.#windowEnd) {
      this.end();
      this.#windowEnd = now + WINDOW_MS;
      this.#bytes = 0;
    }
    // Counted in characters: exact bytes would cost a second pass over every line.
    this.#bytes += text.length + 1;
    if (this.#bytes <= this.#maxBytes) return onLine(text);
    this.#dropped += 1;
    if (this.#say) return;
    onLine(this.#notice);
    this.#say = () => onLine(`${this.#dropped} lines dropped by the log rate limit`);
    this.#timer = setTimeout(() => this.end(), this.#windowEnd - now).unref();
  }

  /** Says what was dropped and not said yet. */
  end(): void {
    clearTimeout(this.#timer);
    this.#say?.();
    this.#say = undefined;
    this.#dropped = 0;
  }

  get #notice(): string {
    return `app instance exceeded log rate limit (${this.#maxBytes} bytes/sec)`;
  }
}
