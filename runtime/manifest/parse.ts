/**
 * YAML text → tree. Both dialects are read with the failsafe schema (every scalar is text); Cloud Foundry's scalar
 * types are given later, by `dialects/cloud-foundry/scalars.ts`. `yaml` is imported here and in `print.ts` only, and
 * only when a manifest is really read.
 */
import type * as Yaml from 'yaml';
import type { Document, Node as YamlNode, Pair, ParsedNode } from 'yaml';
import { MAX_DEPTH, MAX_VALUES } from './limits.ts';
import type { Problems } from './problems.ts';
import type { Place, SourceText } from './source.ts';
import { isEmptyScalar, list, map, scalar, type Entry, type Node, type ScalarNode } from './tree.ts';

/** Undefined where the text is unusable; then `problems` says why. An empty document is an empty scalar. */
export async function parseYaml(source: SourceText, problems: Problems): Promise<Node | undefined> {
  const before = problems.errors;
  checkCharacters(source, problems);
  if (problems.errors > before) return undefined;

  const yaml = await import('yaml');
  const tokens = [...new yaml.Parser().parse(source.text)];
  const deep = firstTooDeep(tokens);
  if (deep !== undefined) {
    tooDeep(problems, { source, start: deep, end: deep + 1 });
    return undefined;
  }
  const composer = new yaml.Composer({
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const documents = composer.compose(tokens, true, source.text.length);
  const document = documents.next().value as Document.Parsed;
  for (const error of document.errors) {
    const [start, end] = error.pos;
    problems.error('MANIFEST_YAML', { source, start, end }, yamlSentence(error.code, error.message), {
      hint: YAML_HINTS.get(error.code),
    });
  }
  if (problems.errors > before) return undefined;
  const second = documents.next().value as Document.Parsed | undefined;
  if (second?.contents && second.range[0] < second.range[1]) {
    const start = second.contents.range[0];
    problems.warning(
      'MANIFEST_YAML',
      { source, start, end: start + 1 },
      'Only the first document of the file is read; this one is ignored',
    );
  }
  return new Converter(yaml, source, problems).document(document.contents);
}

/** Control characters that YAML does not allow anywhere, and halves of surrogate pairs. */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function checkCharacters(source: SourceText, problems: Problems): void {
  for (const match of source.text.matchAll(FORBIDDEN)) {
    const code = match[0].charCodeAt(0);
    const name =
      code === 0
        ? 'a NUL byte'
        : `the control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    problems.error(
      'MANIFEST_CHARACTERS',
      { source, start: match.index, end: match.index + 1 },
      `Cannot read the manifest: it holds ${name}`,
      { hint: 'Is this a text file? YAML allows no control characters but tab and line ends' },
    );
    return;
  }
}

function tooDeep(problems: Problems, place: Place): void {
  problems.error(
    'MANIFEST_TOO_DEEP',
    place,
    `Cannot read the manifest: it is nested deeper than ${MAX_DEPTH} levels`,
  );
}

/**
 * Where the syntax tree gets too deep, if it does. Looked for before `yaml` composes nodes, which it does recursively;
 * this walk needs no stack of its own kind.
 */
function firstTooDeep(tokens: readonly object[]): number | undefined {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { token, depth } = next;
    const isCollection = 'items' in token && Array.isArray(token.items);
    if (isCollection && depth >= MAX_DEPTH) return 'offset' in token ? Number(token.offset) : 0;
    const inner = isCollection ? depth + 1 : depth;
    for (const name of ['value', 'key', 'items'] as const) {
      const child: unknown = name in token ? Reflect.get(token, name) : undefined;
      if (Array.isArray(child)) {
        for (const item of child) if (isObject(item)) waiting.push({ token: item, depth: inner });
      } else if (isObject(child)) waiting.push({ token: child, depth: inner });
    }
  }
  return undefined;
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

  constructor(yaml: typeof Yaml, source: SourceText, problems: Problems) {
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
      hint: `Write "&${name}" in front of the value it stands for; a value cannot contain itself`,
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

/** Our sentence for what the parser found; its own where we have no better one. */
function yamlSentence(code: string, message: string): string {
  return YAML_SENTENCES.get(code) ?? message.replace(/\s+$/, '');
}

const YAML_SENTENCES: ReadonlyMap<string, string> = new Map([
  ['BAD_INDENT', 'The indentation does not fit the lines above'],
  ['TAB_AS_INDENT', 'A tab is used to indent; YAML allows only spaces'],
  ['MISSING_CHAR', 'Something is missing here: a colon, a comma, a space, or a closing quote or bracket'],
  ['MULTILINE_IMPLICIT_KEY', 'A key must stand on one line'],
  ['BAD_ALIAS', 'The alias has no valid name'],
]);

const YAML_HINTS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'Replace the tab with spaces'],
  ['BAD_INDENT', 'Keys of one mapping begin in the same column'],
  ['MISSING_CHAR', 'Text that holds ": " or begins with one of @ ` % & * ! | > { [ needs quotes'],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    'Text that holds ": " needs quotes; keys of one mapping begin in the same column',
  ],
  ['BAD_SCALAR_START', 'Put the value in quotes'],
]);
