import * as I from './store/item.ts';
import type { Store } from './store/store.ts';

/** One item as a client would see it. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  /** The client's 32 bits. */
  readonly flags: number;
  /** Milliseconds since the epoch at which it is gone; undefined is never. */
  readonly expires: number | undefined;
}

/** Copies of the visible items, in no order. The store must not change meanwhile. */
export function* entries(store: Store): Generator<Entry, void, undefined> {
  const { words, bytes } = store.arena;
  const { now, epoch } = store.clock;
  for (const item of store.index.items()) {
    const deadline = words[item * 2 + I.EXPIRES]!;
    if ((deadline !== 0 && deadline <= now) || store.isFlushed(item)) continue;
    const keyAt = item * 8 + I.HEADER_BYTES;
    const at = store.valueAt(item);
    yield {
      key: store.arena.text(keyAt, keyAt + (words[item * 2 + I.SHAPE]! & I.BYTE)),
      value: Buffer.from(bytes.subarray(at, at + words[item * 2 + I.LENGTH]!)),
      flags: words[item * 2 + I.FLAGS]! >>> 0,
      expires: deadline === 0 ? undefined : (deadline + epoch) * 1000,
    };
  }
}
