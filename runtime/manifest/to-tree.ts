/** YAML nodes → our tree: anchors, aliases and merge keys are followed, duplicate keys settled, bounds kept. */
import type * as Yaml from 'yaml';
import type { Node as YamlNode, Pair, ParsedNode } from 'yaml';
import { MAX_DEPTH, MAX_VALUES } from './limits.ts';
import type { Problems } from './problems.ts';
import type { Place, SourceText } from './source.ts';
import { isEmptyScalar, list, map, scalar, type Entry, type Node, type ScalarNode } from './tree.ts';

export interface Origin {
  /** The module, which is loaded only when a manifest is read. */
  readonly yaml: typeof Yaml;
  readonly source: SourceText;
  readonly problems: Problems;
}

/** Undefined where there are problems that leave nothing to look at. */
export function toTree(contents: ParsedNode | null, origin: Origin): Node | undefined {
  return new Converter(origin).document(contents);
}

export function tooDeep(problems: Problems, place: Place): void {
  problems.error(
    'MANIFEST_TOO_DEEP',
    place,
    `Cannot read the manifest: it is nested deeper than ${MAX_DEPTH} levels`,
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A converted node with what it costs when every alias in it is followed. */
interface Converted {
  readonly node: Node;
  readonly values: number;
  readonly depth: number;
}

/** Thrown inside the converter when a bound is passed; the problem is recorded already. */
class LimitReached extends Error {}

class Converter {
  readonly #yaml: typeof Yaml;
  readonly #source: SourceText;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, Converted>();

  constructor({ yaml, source, problems }: Origin) {
    this.#yaml = yaml;
    this.#source = source;
    this.#problems = problems;
  }

  document(contents: ParsedNode | null): Node | undefined {
    if (contents === null) return scalar('', this.#place(0, 0));
    try {
      const before = this.#problems.errors;
      const { node } = this.#convert(contents);
      return this.#problems.errors > before ? undefined : node;
    } catch (error) {
      if (error instanceof LimitReached) return undefined;
      throw error;
    }
  }

  #convert(node: YamlNode): Converted {
    const converted = this.#withoutAnchor(node);
    if (converted.values > MAX_VALUES) {
      const place = this.#placeOf(node);
      this.#problems.error(
        'MANIFEST_TOO_LARGE',
        place,
        `Cannot read the manifest: its aliases expand to more than ${MAX_VALUES} values`,
      );
      throw new LimitReached();
    }
    if (converted.depth > MAX_DEPTH) {
      tooDeep(this.#problems, this.#placeOf(node));
      throw new LimitReached();
    }
    if (!('anchor' in node) || typeof node.anchor !== 'string') return converted;
    const anchored = { ...converted, node: { ...converted.node, anchored: true as const } };
    this.#anchors.set(node.anchor, anchored);
    return anchored;
  }

  #withoutAnchor(node: YamlNode): Converted {
    const place = this.#placeOf(node);
    const yaml = this.#yaml;
    if (yaml.isAlias(node)) return this.#alias(node.source, place);
    if (yaml.isMap(node)) return this.#map(node.items, place);
    if (yaml.isSeq(node)) return this.#list(node.items, place);
    if (!yaml.isScalar(node)) throw new TypeError('Unknown kind of YAML node');
    const plain = (node.type === undefined || node.type === 'PLAIN') && node.tag === undefined;
    const typed = node.tag !== undefined && CORE_TAGS.has(node.tag);
    return {
      node: scalar(typeof node.value === 'string' ? node.value : '', place, plain || typed),
      values: 1,
      depth: 0,
    };
  }

  #alias(name: string, place: Place): Converted {
    const target = this.#anchors.get(name);
    if (target) return target;
    this.#problems.error('MANIFEST_ALIAS', place, `The alias "*${name}" has no anchor before it`, {
      hint: /^[\w-]+$/.test(name)
        ? `Write "&${name}" in front of the value it stands for; a value cannot contain itself`
        : `A pattern of file names needs quotes: "*${name}"`,
    });
    return { node: scalar('', place), values: 1, depth: 0 };
  }

  #list(items: readonly unknown[], place: Place): Converted {
    const converted = items.filter(isYamlNode).map((item) => this.#convert(item));
    return {
      node: list(
        converted.map((item) => item.node),
        place,
      ),
      values: converted.reduce((sum, item) => sum + item.values, 1),
      depth: 1 + converted.reduce((most, item) => Math.max(most, item.depth), 0),
    };
  }

  #map(pairs: readonly Pair[], place: Place): Converted {
    const entries = new Map<string, Entry>();
    const merged: Node[] = [];
    let values = 1;
    let depth = 0;
    for (const pair of pairs) {
      const key = this.#key(pair.key, place);
      if (!key) continue;
      const value = isYamlNode(pair.value)
        ? this.#convert(pair.value)
        : { node: scalar('', { ...key.place, start: key.place.end }), values: 1, depth: 0 };
      values += value.values + 1;
      depth = Math.max(depth, value.depth);
      if (key.plain && key.text === '<<') {
        merged.push(value.node);
        continue;
      }
      const first = entries.get(key.text);
      if (first) {
        this.#problems.warning(
          'MANIFEST_DUPLICATE_KEY',
          key.place,
          `The key "${key.text}" occurs twice; this later value is used`,
          { related: { message: 'First defined here', place: first.key.place } },
        );
      }
      entries.set(key.text, { key, value: value.node });
    }
    for (const source of merged) values += this.#merge(source, entries);
    return { node: map([...entries.values()], place), values, depth: depth + 1 };
  }

  /** YAML 1.1 merge: a key written in the mapping itself wins; of several sources the earlier wins. */
  #merge(source: Node, entries: Map<string, Entry>): number {
    if (source.kind === 'list') {
      return source.items.reduce((sum, item) => sum + this.#merge(item, entries), 0);
    }
    if (isEmptyScalar(source)) return 0;
    if (source.kind === 'scalar') {
      this.#problems.error(
        'MANIFEST_YAML',
        source.place,
        'The merge key "<<" takes a mapping, or a list of mappings',
      );
      return 0;
    }
    for (const entry of source.entries) {
      if (!entries.has(entry.key.text)) entries.set(entry.key.text, entry);
    }
    return source.entries.length;
  }

  #key(node: unknown, mapPlace: Place): ScalarNode | undefined {
    if (node === null || node === undefined) return scalar('', { ...mapPlace, end: mapPlace.start + 1 });
    if (!isYamlNode(node)) return undefined;
    const { node: key } = this.#convert(node);
    if (key.kind === 'scalar') return key;
    this.#problems.error(
      'MANIFEST_YAML',
      key.place,
      `A key must be a single value, not ${key.kind === 'list' ? 'a list' : 'a mapping'}`,
      {
        hint: 'A value that begins with "{" or "[" needs quotes: "{{ name }}"',
      },
    );
    return undefined;
  }

  #placeOf(node: YamlNode): Place {
    const range = node.range ?? [0, 0, 0];
    return this.#place(range[0], range[1]);
  }

  #place(start: number, end: number): Place {
    return { source: this.#source, start, end };
  }
}

const isYamlNode = (value: unknown): value is YamlNode => isObject(value) && 'range' in value;

/** Tags under which a quoted text still has the type YAML gives to plain text. */
const CORE_TAGS: ReadonlySet<string> = new Set(
  ['int', 'float', 'bool', 'null', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`),
);
