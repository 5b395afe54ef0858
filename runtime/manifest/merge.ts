/** Mappings merge key by key; anything else is taken whole from the winner. The winner's keys come first. */
import { entryOf, map, type MapNode, type Node } from './tree.ts';

export function deepMerge(winner: MapNode, loser: Node): MapNode;
export function deepMerge(winner: Node, loser: Node): Node;
export function deepMerge(winner: Node, loser: Node): Node {
  if (winner.kind !== 'map' || loser.kind !== 'map') return winner;
  const entries = winner.entries.map((entry) => {
    const other = entryOf(loser, entry.key.text);
    return other ? { key: entry.key, value: deepMerge(entry.value, other.value) } : entry;
  });
  for (const entry of loser.entries) {
    if (!entryOf(winner, entry.key.text)) entries.push(entry);
  }
  return map(entries, winner.place);
}
