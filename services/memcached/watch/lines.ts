import {
  BYTE,
  CAS_HIGH,
  CAS_LOW,
  EXPIRES,
  FETCHED,
  HEADER_BYTES,
  LENGTH,
  SHAPE,
  USED,
} from '../store/item.ts';
import { CLASS_MASK } from '../store/lru.ts';
import { EXPIRED, FLUSHED, type Store } from '../store/store.ts';
import { encodeKey } from './encode-key.ts';

/** The texts of log lines, without time and number. */

export function itemGet(store: Store, at: number, length: number, item: number, fd: number): string {
  const key = encodeKey(store.arena.bytes, at, length);
  const size = item === 0 ? 0 : store.arena.words[item * 2 + LENGTH]!;
  return `type=item_get key=${key} status=${lookupStatus(store, item)} clsid=${classOf(store, item)} cfd=${fd} size=${size}`;
}

function lookupStatus(store: Store, item: number): string {
  if (item !== 0) return 'found';
  if (store.missed === FLUSHED) return 'flushed';
  return store.missed === EXPIRED ? 'expired' : 'not_found';
}

/** The same as `-vvv` tells it. */
export function lookup(store: Store, at: number, length: number, item: number): string {
  const key = store.arena.text(at, at + length);
  const status = lookupStatus(store, item);
  if (status === 'not_found') return `> NOT FOUND ${key}`;
  if (status === 'found') return `> FOUND KEY ${key}`;
  return `> FOUND KEY ${key} -nuked by ${status === 'flushed' ? 'flush' : 'expire'}`;
}

/** @param item what holds the value now, or would have */
export function itemStore(store: Store, item: number, status: string, command: string, fd: number): string {
  const { words } = store.arena;
  const key = keyOf(store, item);
  const expires = words[item * 2 + EXPIRES]!;
  const ttl = expires === 0 ? 0 : (expires - store.clock.now) >>> 0;
  const size = words[item * 2 + LENGTH]!;
  return `type=item_store key=${key} status=${status} cmd=${command} ttl=${ttl} clsid=${classOf(store, item)} cfd=${fd} size=${size}`;
}

/** A storage command that got no item. */
export function itemRefused(
  store: Store,
  at: number,
  length: number,
  status: string,
  command: string,
  fd: number,
): string {
  const key = encodeKey(store.arena.bytes, at, length);
  return `type=item_store key=${key} status=${status} cmd=${command} ttl=0 clsid=0 cfd=${fd} size=0`;
}

export function eviction(store: Store, item: number): string {
  const { words } = store.arena;
  const fetched = (words[item * 2 + SHAPE]! & FETCHED) !== 0 ? 'yes' : 'no';
  const expires = words[item * 2 + EXPIRES]!;
  const ttl = expires > 0 ? expires - store.clock.now : -1;
  const idle = store.clock.now - words[item * 2 + USED]!;
  return `type=eviction key=${keyOf(store, item)} fetch=${fetched} ttl=${ttl} la=${idle} clsid=${classOf(store, item)} size=${words[item * 2 + LENGTH]!}`;
}

/** What `-vv` tells of a comparison that failed. */
export function casFailure(store: Store, old: number, item: number): string {
  return `CAS:  failure: expected ${casOf(store, old)}, got ${casOf(store, item)}`;
}

export function deleted(store: Store, item: number, command: string): string {
  const size = store.arena.words[item * 2 + LENGTH]!;
  return `type=deleted key=${keyOf(store, item)} cmd=${command} clsid=${classOf(store, item)} size=${size}`;
}

function casOf({ arena }: Store, item: number): bigint {
  const [low, high] = [arena.words[item * 2 + CAS_LOW]!, arena.words[item * 2 + CAS_HIGH]!];
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function keyOf(store: Store, item: number): string {
  const length = store.arena.words[item * 2 + SHAPE]! & BYTE;
  return encodeKey(store.arena.bytes, item * 8 + HEADER_BYTES, length);
}

function classOf(store: Store, item: number): number {
  return item === 0 ? 0 : store.list(item) & CLASS_MASK;
}
