/** How Cloud Foundry reads single values, and its keys, which may be written with dashes or underscores. */
import { parseCloudFoundrySize } from '../../../kernel/bytes.ts';
import type { ScalarReader } from '../../check.ts';
import type { KeyTable } from '../../shape.ts';
import { get, type MapNode, type Node, type ScalarNode } from '../../tree.ts';
import { canonicalText, readScalar } from './scalars.ts';

/** Unlimited, as a log rate. */
export const UNLIMITED = -1;

const spellings = new WeakMap<KeyTable, ReadonlyMap<string, string>>();
const dashed = (key: string): string => key.replaceAll('_', '-');

export const cloudFoundryReader: ScalarReader = {
  text: (node, coerce) => {
    const value = readScalar(node);
    if (value.type === 'string') return value.value;
    return coerce && value.type !== 'null' ? node.text : undefined;
  },
  integer: (node) => {
    const value = readScalar(node);
    if (value.type === 'integer') return Number(value.value);
    return value.type === 'float' && Number.isInteger(value.value) ? value.value : undefined;
  },
  number: (node) => {
    const value = readScalar(node);
    if (value.type === 'integer') return Number(value.value);
    return value.type === 'float' ? value.value : undefined;
  },
  boolean: (node) => {
    const value = readScalar(node);
    return value.type === 'boolean' ? value.value : undefined;
  },
  size: (node, of) => readSize(node, of),
  isNull: (node) => readScalar(node).type === 'null',
  keyName: (written, keys) => {
    if (keys.has(written)) return written;
    let known = spellings.get(keys);
    if (!known) {
      known = new Map([...keys.keys()].map((key) => [dashed(key), key]));
      spellings.set(keys, known);
    }
    return known.get(dashed(written)) ?? written;
  },
};

function readSize(node: ScalarNode, of: 'memory' | 'log-rate'): number | undefined {
  const text = canonicalText(readScalar(node));
  if (of === 'log-rate') {
    if (text === '-1') return UNLIMITED;
    if (text === '0') return 0;
  }
  return parseCloudFoundrySize(text);
}

/** The value under `key`, in either spelling; null counts as absent. */
export function field(node: Node | undefined, key: string): Node | undefined {
  if (node?.kind !== 'map') return undefined;
  const found = get(node, key) ?? otherSpelling(node, key);
  return found?.kind === 'scalar' && readScalar(found).type === 'null' ? undefined : found;
}

function otherSpelling(node: MapNode, key: string): Node | undefined {
  const wanted = dashed(key);
  return node.entries.find((entry) => dashed(entry.key.text) === wanted)?.value;
}

export function fieldScalar(node: Node | undefined, key: string): ScalarNode | undefined {
  const found = field(node, key);
  return found?.kind === 'scalar' ? found : undefined;
}

export function fieldText(node: Node | undefined, key: string): string | undefined {
  return fieldScalar(node, key)?.text;
}

export function fieldList(node: Node | undefined, key: string): readonly Node[] {
  const found = field(node, key);
  return found?.kind === 'list' ? found.items : [];
}

export function fieldFlag(node: Node | undefined, key: string): boolean {
  const found = fieldScalar(node, key);
  return found !== undefined && cloudFoundryReader.boolean(found) === true;
}
