/** Reading and writing items without a socket, for whoever has the server in the same thread. */
import { deleteFound } from './commands/delete-found.ts';
import { entryOf, type Entry } from './entries.ts';
import { KEY_MAX } from './protocol/text/get.ts';
import { KEY_SCRATCH_AT } from './store/arena.ts';
import { SET, STORED, storeItem } from './commands/store-item.ts';
import * as I from './store/item.ts';
import { ALREADY_EXPIRED } from './store/clock.ts';
import { TOO_LARGE } from './store/item-memory.ts';
import type { Cache } from './cache.ts';

export interface ItemOptions {
  /** The client's 32 bits; 0 unless given. */
  readonly flags?: number;
  /** Seconds until it is gone, above 0; never unless given. */
  readonly ttlSeconds?: number;
}

const CR = 0x0d;
const LF = 0x0a;

/** @throws RangeError for a key that is empty or longer than 250 bytes */
export function getItem(cache: Cache, key: string): Entry | undefined {
  const item = findItem(cache, putKey(cache, key));
  return item === 0 ? undefined : entryOf(cache.store, item);
}

/**
 * @throws RangeError for a bad key, TTL or flags, or a value above the item limit; TypeError for one that is neither
 * text nor bytes; Error if there is no memory
 */
export function setItem(cache: Cache, key: string, value: string | Uint8Array, options: ItemOptions): void {
  const { store } = cache;
  const { flags = 0, ttlSeconds } = options;
  if (!Number.isInteger(flags) || flags < 0 || flags >= 2 ** 32) {
    throw new RangeError(`Cannot store "${key}": flags are a whole number of 32 bits, got ${flags}`);
  }
  if (ttlSeconds !== undefined && !(ttlSeconds > 0)) {
    throw new RangeError(`Cannot store "${key}": the time to live is above 0 seconds, got ${ttlSeconds}`);
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  // Not everybody has a compiler, and a number stored as nothing would be found late.
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`Cannot store "${key}": a value is a string or a Uint8Array, got ${typeof bytes}`);
  }
  const length = putKey(cache, key);
  const deadline = ttlSeconds === undefined ? 0 : store.clock.deadlineIn(Math.ceil(ttlSeconds));
  const item = store.memory.allocate(KEY_SCRATCH_AT, length, flags | 0, deadline, bytes.length);
  if (item === 0 && store.memory.refused === TOO_LARGE) {
    throw new RangeError(
      `Cannot store "${key}": ${bytes.length} bytes do not fit an item of ${store.settings.itemSizeMax}`,
    );
  }
  const noMemory = `Cannot store "${key}": there is no memory left`;
  if (item === 0) throw new Error(noMemory);
  const at = store.memory.valueAt(item);
  store.arena.bytes.set(bytes, at);
  store.arena.bytes[at + bytes.length] = CR;
  store.arena.bytes[at + bytes.length + 1] = LF;
  store.setCas64(item, 0n);
  if (storeItem(cache, SET, item) !== STORED) throw new Error(noMemory);
}

/** @returns whether it was there. @throws RangeError for a bad key */
export function deleteItem(cache: Cache, key: string): boolean {
  const item = findItem(cache, putKey(cache, key));
  if (item !== 0) deleteFound(cache, item, 'delete');
  return item !== 0;
}

/** As if memory had run out for it, or for everything. @returns how many items went */
export function evictItems(cache: Cache, key?: string): number {
  const { store } = cache;
  const items = itemsOf(cache, key);
  for (const item of items) {
    store.listCounters.evicted[store.list(item)]!++;
    store.unlink(item);
  }
  return items.length;
}

/** As if its time had passed, or that of all that have one. @returns how many items that are */
export function expireItems(cache: Cache, key?: string): number {
  const { words } = cache.store.arena;
  const mortal = itemsOf(cache, key).filter((item) => key !== undefined || words[item * 2 + I.EXPIRES] !== 0);
  for (const item of mortal) words[item * 2 + I.EXPIRES] = ALREADY_EXPIRED;
  return mortal.length;
}

/** Visible ones: with this key, or all. */
function itemsOf(cache: Cache, key: string | undefined): number[] {
  const { store } = cache;
  store.clock.tick();
  if (key !== undefined) {
    const item = findItem(cache, putKey(cache, key));
    return item === 0 ? [] : [item];
  }
  const { words } = store.arena;
  return [...store.index.items()].filter((item) => {
    const deadline = words[item * 2 + I.EXPIRES]!;
    return !(deadline !== 0 && deadline <= store.clock.now) && !store.isFlushed(item);
  });
}

/** Puts the key where the store can read it. @returns its length */
function putKey(cache: Cache, key: string): number {
  const { store } = cache;
  store.clock.tick();
  store.reserve();
  const bytes = Buffer.from(key);
  if (bytes.length === 0 || bytes.length > KEY_MAX) {
    throw new RangeError(`Cannot use a key of ${bytes.length} bytes: it has 1 to ${KEY_MAX}`);
  }
  store.arena.bytes.set(bytes, KEY_SCRATCH_AT);
  return bytes.length;
}

function findItem({ store }: Cache, length: number): number {
  return store.find(KEY_SCRATCH_AT, length, store.keys.hash(KEY_SCRATCH_AT, length));
}
