import { ALL_CLASSES, type ClassSet } from '../../store/crawler.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { CLASSES_MAX } from '../../store/slab-classes.ts';
import { uint32 } from '../numbers.ts';
import type { Session } from '../session.ts';

/** `all`, or ids separated by commas; undefined if one of them is none. */
export function classSet(text: string): ClassSet | undefined {
  if (text === 'all') return ALL_CLASSES;
  const set = Array.from({ length: CLASSES_MAX }, () => false);
  for (const word of text.split(',')) {
    const id = uint32(word);
    if (id === undefined || id < 1 || id >= CLASSES_MAX) return undefined;
    set[id] = true;
  }
  return set;
}

/** Whether any class of the set holds an item. */
export function hasItems(session: Session, set: ClassSet): boolean {
  const { counts } = session.cache.store.lru;
  return counts.some((count, list) => count > 0 && set[list & CLASS_MASK]);
}
