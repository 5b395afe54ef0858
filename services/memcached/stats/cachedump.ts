import * as I from '../store/item.ts';
import { COLD } from '../store/lru.ts';
import { juggle } from '../store/maintainer.ts';
import type { Cache } from '../cache.ts';

/** The answer's bound, as in memcached. */
const DUMP_BYTES_MAX = 2 * 1024 * 1024;

/** `stats cachedump`: the items in the COLD list of a class, most recent first; limit 0 is all. */
export function cachedump(cache: Cache, id: number, limit: number): string {
  const { store } = cache;
  const { words } = store.arena;
  juggle(store, id); // so that what is settled has left HOT
  let text = '';
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  for (let item = store.lru.heads[id | COLD]!; item !== 0 && left > 0; item = words[item * 2 + I.NEXT]!) {
    const at = item * 8 + I.HEADER_BYTES;
    const key = store.arena.text(at, at + (words[item * 2 + I.SHAPE]! & I.BYTE));
    const expires = words[item * 2 + I.EXPIRES]!;
    const until = expires === 0 ? 0 : expires + store.clock.epoch;
    const line = `ITEM ${key} [${words[item * 2 + I.LENGTH]!} b; ${until} s]\r\n`;
    if (text.length + line.length > DUMP_BYTES_MAX) break;
    text += line;
    left--;
  }
  return `${text}END\r\n`;
}
