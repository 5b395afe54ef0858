import { CLASSES_MAX } from '../store/slab-classes.ts';
import { sumOfLists } from '../store/counters.ts';
import { PAGE_BYTES } from '../store/arena.ts';
import type { Stat } from './stats-of.ts';
import type { Store } from '../store/store.ts';

/** `stats slabs`: memory and requests of each class that has pages. */
export function* slabStats(store: Store): Generator<Stat> {
  let active = 0;
  for (let id = 1; id < CLASSES_MAX; id++) {
    if (store.slabs.pagesOf[id] === 0) continue;
    active++;
    for (const [name, value] of classStats(store, id)) yield [`${id}:${name}`, value];
  }
  yield ['active_slabs', active];
  yield ['total_malloced', store.presetBytes + (store.slabs.used + store.slabs.pool) * PAGE_BYTES];
}

function* classStats({ slabs, classes, counters }: Store, id: number): Generator<Stat> {
  const perPage = classes.chunksPerPage(id);
  const pages = slabs.pagesOf[id]!;
  const used = slabs.usedChunks[id]!;
  yield ['chunk_size', classes.sizes[id]!];
  yield ['chunks_per_page', perPage];
  yield ['total_pages', pages];
  yield ['total_chunks', pages * perPage];
  yield ['used_chunks', used];
  yield ['free_chunks', pages * perPage - used];
  yield ['free_chunks_end', 0];
  yield ['get_hits', sumOfLists(counters.listHits, id)];
  yield ['cmd_set', counters.setsOf[id]!];
  yield ['delete_hits', counters.deleteHitsOf[id]!];
  yield ['incr_hits', counters.incrHitsOf[id]!];
  yield ['decr_hits', counters.decrHitsOf[id]!];
  yield ['cas_hits', counters.casHitsOf[id]!];
  yield ['cas_badval', counters.casBadOf[id]!];
  yield ['touch_hits', counters.touchHitsOf[id]!];
}
