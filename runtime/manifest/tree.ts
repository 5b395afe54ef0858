/**
 * A document as both dialects see it before anything is understood: scalars are text, mappings keep their order,
 * every node knows where it was written. Trees are never changed; each step of the pipeline makes new nodes and shares
 * the old ones. Keys live in arrays and `Map`s, never as properties, so `__proto__` is a key like any other.
 */
import type { Place } from './source.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  /** Written without quotes or block mark: only such text has a type in YAML 1.1. */
  readonly plain: boolean;
  readonly place: Place;
  /** Where the value came from, when it was written elsewhere: a symbol, a variable. */
  readonly origin?: { readonly message: string; readonly place: Place };
  /** A symbol or variable in it has no value, which has been reported: nothing more can be said about it. */
  readonly unresolved?: true;
  readonly anchored?: true;
}

export interface Entry {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface MapNode {
  readonly kind: 'map';
  /** Keys are unique. */
  readonly entries: readonly Entry[];
  readonly place: Place;
  /** Written with an anchor: it is, or may be, used elsewhere. */
  readonly anchored?: true;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly place: Place;
  readonly anchored?: true;
}

export type Node = ScalarNode | MapNode | ListNode;

export const scalar = (text: string, place: Place, plain = true): ScalarNode => ({
  kind: 'scalar',
  text,
  plain,
  place,
});
export const list = (items: readonly Node[], place: Place): ListNode => ({ kind: 'list', items, place });
export const map = (entries: readonly Entry[], place: Place): MapNode => ({ kind: 'map', entries, place });

const indexes = new WeakMap<MapNode, ReadonlyMap<string, Entry>>();

/** Maps up to this size are searched from end to end. */
const LINEAR_ENTRIES = 8;

export function entryOf(node: MapNode, key: string): Entry | undefined {
  if (node.entries.length <= LINEAR_ENTRIES) return node.entries.find((entry) => entry.key.text === key);
  let index = indexes.get(node);
  if (!index) {
    index = new Map(node.entries.map((entry) => [entry.key.text, entry]));
    indexes.set(node, index);
  }
  return index.get(key);
}

/** The value under `key`; undefined also where `node` is no mapping. */
export function get(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? entryOf(node, key)?.value : undefined;
}

/** The text under `key` where it is a scalar. */
export function getText(node: Node | undefined, key: string): string | undefined {
  const value = get(node, key);
  return value?.kind === 'scalar' ? value.text : undefined;
}

/** One value, or the single values of a list; `key:` with nothing after it is none. */
export function scalars(node: Node | undefined): readonly ScalarNode[] {
  if (!node) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.filter((item): item is ScalarNode => item.kind === 'scalar' && !isEmptyScalar(item));
}

export const texts = (node: Node | undefined): readonly string[] => scalars(node).map((item) => item.text);

/** `key:` with nothing after it. */
export const isEmptyScalar = (node: Node): boolean =>
  node.kind === 'scalar' && node.plain && node.text === '';

/** Values in a tree, itself included; counting ends at `bound`. */
export function countValues(node: Node, bound: number): number {
  if (node.kind === 'scalar') return 1;
  let count = 1;
  for (const inner of node.kind === 'list' ? node.items : node.entries.map((entry) => entry.value)) {
    count += countValues(inner, bound - count);
    if (count > bound) break;
  }
  return count;
}

/** Whether this or anything in it has an anchor. */
export function hasAnchor(node: Node): boolean {
  if (node.anchored) return true;
  if (node.kind === 'scalar') return false;
  const inner = node.kind === 'list' ? node.items : node.entries.map((entry) => entry.value);
  return inner.some(hasAnchor);
}

/** What a node is called in messages. */
export function kindName(node: Node): string {
  switch (node.kind) {
    case 'scalar':
      return node.text === '' ? 'nothing' : 'a single value';
    case 'list':
      return 'a list';
    case 'map':
      return 'a mapping';
  }
}
