/**
 * All that is visible in a cache at one moment, packed into a few blocks outside the heap: a million small items as
 * objects would be more than a thread of caches may have.
 */
import { SET, STORED, storeItem } from './commands/store-item.ts';
import { KEY_SCRATCH_AT } from './store/arena.ts';
import * as I from './store/item.ts';
import type { Cache } from './cache.ts';

const CR = 0x0d;
const LF = 0x0a;
const NO_MEMORY = 'Cannot put an item back: there is no memory left';
const BLOCK_BYTES = 1024 * 1024;
/** Deadline, flags, length of the value: four bytes each; length of the key: one. The bytes of both follow. */
const HEAD_BYTES = 13;

export class PackedItems {
  readonly #blocks: { readonly bytes: Buffer; used: number }[] = [];

  constructor({ store }: Cache) {
    store.clock.tick();
    const { words, bytes } = store.arena;
    for (const item of store.index.items()) {
      const word = item * 2;
      const deadline = words[word + I.EXPIRES]!;
      if ((deadline !== 0 && deadline <= store.clock.now) || store.isFlushed(item)) continue;
      const keyLength = words[word + I.SHAPE]! & I.BYTE;
      const length = words[word + I.LENGTH]!;
      const block = this.#room(HEAD_BYTES + keyLength + length);
      let at = block.used;
      at = block.bytes.writeInt32LE(deadline, at);
      at = block.bytes.writeInt32LE(words[word + I.FLAGS]!, at);
      at = block.bytes.writeInt32LE(length, at);
      at = block.bytes.writeUInt8(keyLength, at);
      const keyAt = item * 8 + I.HEADER_BYTES;
      at += bytes.copy(block.bytes, at, keyAt, keyAt + keyLength);
      const valueAt = store.memory.valueAt(item);
      at += bytes.copy(block.bytes, at, valueAt, valueAt + length);
      block.used = at;
    }
  }

  /** Stores them in a cache that was emptied. Whose time passed meanwhile stays away. */
  putBack(cache: Cache): void {
    const { store } = cache;
    store.clock.tick();
    store.reserve();
    for (const { bytes, used } of this.#blocks) {
      for (let at = 0; at < used;) {
        const deadline = bytes.readInt32LE(at);
        const flags = bytes.readInt32LE(at + 4);
        const length = bytes.readInt32LE(at + 8);
        const keyLength = bytes[at + 12]!;
        const keyAt = at + HEAD_BYTES;
        at = keyAt + keyLength + length;
        if (deadline !== 0 && deadline <= store.clock.now) continue;
        bytes.copy(store.arena.bytes, KEY_SCRATCH_AT, keyAt, keyAt + keyLength);
        const item = store.memory.allocate(KEY_SCRATCH_AT, keyLength, flags, deadline, length);
        if (item === 0) throw new Error(NO_MEMORY);
        const valueAt = store.memory.valueAt(item);
        bytes.copy(store.arena.bytes, valueAt, keyAt + keyLength, at);
        store.arena.bytes[valueAt + length] = CR;
        store.arena.bytes[valueAt + length + 1] = LF;
        store.setCas64(item, 0n);
        if (storeItem(cache, SET, item) !== STORED) throw new Error(NO_MEMORY);
      }
    }
  }

  #room(bytes: number): { readonly bytes: Buffer; used: number } {
    const last = this.#blocks.at(-1);
    if (last && last.used + bytes <= last.bytes.length) return last;
    const block = { bytes: Buffer.alloc(Math.max(BLOCK_BYTES, bytes)), used: 0 };
    this.#blocks.push(block);
    return block;
  }
}
