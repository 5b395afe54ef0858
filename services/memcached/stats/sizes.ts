import { ItemWalk } from '../store/walk.ts';
import type { Stat } from './stats-of.ts';
import type { Store } from '../store/store.ts';

const BUCKET_BYTES = 32;

/** `stats sizes`: how many items there are of each size, rounded up to 32 bytes. */
export function* sizeStats(store: Store): Generator<Stat> {
  if (store.sizesSince === undefined) {
    yield ['sizes_status', 'disabled'];
    return;
  }
  const buckets = new Map<number, number>();
  const walk = new ItemWalk(store);
  for (let item = walk.next(); item !== 0; item = walk.next()) {
    if (store.cas(item) < store.sizesSince) continue;
    const bucket = Math.ceil(store.size(item) / BUCKET_BYTES) * BUCKET_BYTES;
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  for (const [bytes, count] of [...buckets].toSorted(([a], [b]) => a - b)) yield [String(bytes), count];
}

/** `stats sizes_enable`, `stats sizes_disable`: from now on items count, or do not. The CAS tells new from old. */
export function* switchSizes(store: Store, enable: boolean): Generator<Stat> {
  if (enable && !store.settings.casEnabled) {
    yield ['sizes_status', 'error'];
    yield ['sizes_error', 'cas_support_disabled'];
    return;
  }
  if (!enable) store.sizesSince = undefined;
  else store.sizesSince ??= store.nextCas();
  yield ['sizes_status', enable ? 'enabled' : 'disabled'];
}
