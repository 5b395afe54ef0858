import type { Problems } from './problems.ts';
import { map, type Entry, type MapNode } from './tree.ts';

/** Keys that were different may be the same once symbols are replaced; the later one counts, as with any duplicate. */
export function withUniqueKeys(node: MapNode, problems: Problems): MapNode {
  const unique = new Map<string, Entry>();
  for (const entry of node.entries) {
    const first = unique.get(entry.key.text);
    if (first && !entry.key.unresolved) {
      problems.warning(
        'MANIFEST_DUPLICATE_KEY',
        entry.key.place,
        `The key "${entry.key.text}" occurs twice; this later value is used`,
        { related: { message: 'First defined here', place: first.key.place } },
      );
    }
    unique.set(entry.key.text, entry);
  }
  return unique.size === node.entries.length ? node : map([...unique.values()], node.place);
}
