import * as I from './store/item.ts';
import type { Store } from './store/store.ts';

/** One item as a client would see it: a copy. */
export interface Entry {
  /** The key's bytes read as UTF-8. */
  readonly key: string;
  readonly value: Buffer;
  /** The client's 32 bits. */
  readonly flags: number;
  /** Milliseconds since the epoch at which it is gone; undefined is never. */
  readonly expires: number | undefined;
}

/** Copies of the visible items, in no order. The store must not change meanwhile. */
export function* entries(store: Store): Generator<Entry, void, undefined> {
  const { words } = store.arena;
  for (const item of store.index.items()) {
    const deadline = words[item * 2 + I.EXPIRES]!;
    const expired = deadline !== 0 && deadline <= store.clock.now;
    if (!expired && !store.isFlushed(item)) yield entryOf(store, item);
  }
}

export function entryOf(store: Store, item: number): Entry {
  const { words, bytes } = store.arena;
  const deadline = words[item * 2 + I.EXPIRES]!;
  const keyAt = item * 8 + I.HEADER_BYTES;
  const at = store.memory.valueAt(item);
  return {
    key: bytes.subarray(keyAt, keyAt + (words[item * 2 + I.SHAPE]! & I.BYTE)).toString(),
    value: Buffer.from(bytes.subarray(at, at + words[item * 2 + I.LENGTH]!)),
    flags: words[item * 2 + I.FLAGS]! >>> 0,
    expires: deadline === 0 ? undefined : (deadline + store.clock.epoch) * 1000,
  };
}
