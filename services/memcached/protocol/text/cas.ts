import { CAS_HIGH, CAS_LOW } from '../../store/item.ts';
import type { Store } from '../../store/store.ts';
import type { Reply } from '../reply.ts';

/** An item's CAS as an unsigned 64-bit number. */
export function casOf(store: Store, item: number): bigint {
  const { words } = store.arena;
  return (BigInt(words[item * 2 + CAS_HIGH]! >>> 0) << 32n) | BigInt(words[item * 2 + CAS_LOW]! >>> 0);
}

/** The number without a BigInt, as long as it is small enough. */
export function putCas(reply: Reply, store: Store, item: number): void {
  const { words } = store.arena;
  const high = words[item * 2 + CAS_HIGH]! >>> 0;
  if (high < 2 ** 21) reply.number(high * 2 ** 32 + (words[item * 2 + CAS_LOW]! >>> 0));
  else reply.text(String(casOf(store, item)));
}

/** " cas\r\n", the end of a `gets` line. */
export function writeCas(reply: Reply, store: Store, item: number): void {
  reply.byte(0x20);
  putCas(reply, store, item);
  reply.byte(0x0d);
  reply.byte(0x0a);
}
