import * as lines from '../watch/lines.ts';
import { CLASS_MASK } from '../store/lru.ts';
import { DELETIONS } from '../watch/watchers.ts';
import type { Cache } from '../cache.ts';

/**
 * Removes an item a client asked to remove.
 * @param command as the log names it
 */
export function deleteFound(cache: Cache, item: number, command: 'delete' | 'md'): void {
  const { store, watchers } = cache;
  store.counters.deleteHitsOf[store.list(item) & CLASS_MASK]!++;
  if ((watchers.wanted & DELETIONS) !== 0) watchers.log(DELETIONS, lines.deleted(store, item, command));
  store.unlink(item);
}
