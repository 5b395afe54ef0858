/**
 * The effective manifest as YAML. Reading it again gives the same manifest. Stackato: the original client's normal
 * form, keys of apps and of their `stackato` blocks sorted. Cloud Foundry: the document as the client would send it.
 */
import { canonicalText, readScalar } from './dialects/cloud-foundry/scalars.ts';
import { map, type Entry, type MapNode, type Node, type ScalarNode } from './tree.ts';
import type { Dialect } from './types.ts';

interface Printed {
  readonly text: string;
  /** Undefined: plain where the syntax allows it. */
  readonly quoted: boolean;
}

export async function printManifest(effective: MapNode, dialect: Dialect): Promise<string> {
  const yaml = await import('yaml');
  const tree = dialect === 'stackato' ? sorted(effective) : effective;
  const style = dialect === 'stackato' ? stackatoText : cloudFoundryText;

  const value = (node: Node): unknown => {
    switch (node.kind) {
      case 'scalar':
        return leaf(style(node));
      case 'list': {
        const list = new yaml.YAMLSeq();
        list.items = node.items.map(value);
        list.flow = list.items.length === 0;
        return list;
      }
      case 'map': {
        const mapping = new yaml.YAMLMap();
        mapping.items = node.entries.map(
          (entry) => new yaml.Pair(leaf(keyText(entry.key)), value(entry.value)),
        );
        mapping.flow = mapping.items.length === 0;
        return mapping;
      }
    }
  };
  const leaf = ({ text, quoted }: Printed) => {
    const scalar = new yaml.Scalar(text);
    if (quoted) scalar.type = 'QUOTE_DOUBLE';
    return scalar;
  };
  const document = new yaml.Document(undefined, { schema: 'failsafe' });
  document.contents = value(tree) as typeof document.contents;
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** A key `<<` would merge; an empty one would not be seen. */
const keyText = ({ text }: ScalarNode): Printed => ({ text, quoted: text === '<<' || text === '' });

const stackatoText = ({ text, plain }: ScalarNode): Printed => ({ text, quoted: text === '' && !plain });

function cloudFoundryText(node: ScalarNode): Printed {
  const value = readScalar(node);
  const text = canonicalText(value);
  const plainType = readScalar({ text, plain: true }).type;
  return { text, quoted: value.type === 'string' && plainType !== 'string' };
}

/** The client sorts the mappings it makes itself: an app and its block. What users wrote inside stays in their order. */
function sorted(root: MapNode): MapNode {
  return change(root, 'applications', (applications) =>
    applications.kind === 'map'
      ? map(
          applications.entries.map(({ key, value }) => ({
            key,
            value: sortKeys(change(value, 'stackato', sortKeys)),
          })),
          applications.place,
        )
      : applications,
  ) as MapNode;
}

function change(node: Node, key: string, by: (value: Node) => Node): Node {
  if (node.kind !== 'map') return node;
  return map(
    node.entries.map((entry) =>
      entry.key.text === key ? { key: entry.key, value: by(entry.value) } : entry,
    ),
    node.place,
  );
}

function sortKeys(node: Node): Node {
  if (node.kind !== 'map') return node;
  const byKey = (a: Entry, b: Entry) => (a.key.text < b.key.text ? -1 : a.key.text > b.key.text ? 1 : 0);
  return map(node.entries.toSorted(byKey), node.place);
}
