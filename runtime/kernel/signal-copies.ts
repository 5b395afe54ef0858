/**
 * Signals of their own for many that are to be cut short together. Node takes more than ten listeners on one signal for
 * a leak, and says so; this one has one.
 */
export class SignalCopies implements Disposable {
  readonly #signal: AbortSignal;
  readonly #copies: AbortController[] = [];
  readonly #abort = (): void => {
    for (const copy of this.#copies) copy.abort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** Aborts with it, for the same reason; at once where that has happened. */
  next(): AbortSignal {
    const copy = new AbortController();
    this.#copies.push(copy);
    if (this.#signal.aborted) copy.abort(this.#signal.reason);
    return copy.signal;
  }

  /** What it was made for has ended: the copies are not told any more. */
  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }
}
