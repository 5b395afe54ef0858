/** A tree as plain JSON. Objects have no prototype, so that a key `__proto__` is just a key. */
import type { Json } from '../../services/kit/json.ts';
import type { Node, ScalarNode } from './tree.ts';

export function toJson(node: Node, value: (scalar: ScalarNode) => Json): Json {
  switch (node.kind) {
    case 'scalar':
      return value(node);
    case 'list':
      return node.items.map((item) => toJson(item, value));
    case 'map': {
      const object = emptyRecord<Json>();
      for (const entry of node.entries) object[entry.key.text] = toJson(entry.value, value);
      return object;
    }
  }
}

/** A record to fill with keys that somebody else chose. */
export const emptyRecord = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;
