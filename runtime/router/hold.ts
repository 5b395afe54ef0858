/** Requests that wait for an app, bounded in number, bytes and time, let go in the order they came. */

export interface HoldLimits {
  readonly requests: number;
  readonly bytes: number;
}

interface Held {
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
}

export class HoldQueue<Item> {
  readonly #limits: HoldLimits;
  readonly #held = new Map<Item, Held>();
  #bytes = 0;

  constructor(limits: HoldLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  /** What forbids holding one more of this size, in words; undefined when it may be held. */
  full(bytes: number): string | undefined {
    if (this.#held.size >= this.#limits.requests) return `${this.#limits.requests} at most`;
    if (this.#bytes + bytes > this.#limits.bytes) return `${this.#limits.bytes} bytes of them at most`;
    return undefined;
  }

  /** Keeps `item` until it is dropped or taken; after `boundMs` it is dropped and `onBound` called. */
  hold(item: Item, bytes: number, boundMs: number, onBound: () => void): void {
    const timer = setTimeout(() => {
      this.drop(item);
      onBound();
    }, boundMs);
    this.#held.set(item, { bytes, timer });
    this.#bytes += bytes;
  }

  /** Lets one go, wherever it stands. Does nothing for one that is not held. */
  drop(item: Item): void {
    const held = this.#held.get(item);
    if (!held) return;
    clearTimeout(held.timer);
    this.#bytes -= held.bytes;
    this.#held.delete(item);
  }

  /** Empties the queue, oldest first. */
  takeAll(): readonly Item[] {
    const items = [...this.#held.keys()];
    for (const item of items) this.drop(item);
    return items;
  }
}
