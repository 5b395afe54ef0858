/**
 * `((name))`: replaced in values and keys after YAML is parsed, once. A value that is nothing but a variable takes the
 * variable's type; inside a longer text only strings and integers may stand. Names have no inner spaces.
 */
import { suggest } from '../../../kernel/suggest.ts';
import { resolve } from 'node:path';
import { Budget } from '../../budget.ts';
import { MAX_VALUE_LENGTH, MAX_VALUES } from '../../limits.ts';
import type { ReadOptions } from '../../options.ts';
import { parseYaml } from '../../parse.ts';
import type { Problems } from '../../problems.ts';
import { readManifestFile } from '../../read-file.ts';
import { placeInFlag, SourceText } from '../../source.ts';
import {
  countValues,
  get,
  kindName,
  list,
  map,
  scalar,
  type Entry,
  type MapNode,
  type Node,
  type ScalarNode,
} from '../../tree.ts';
import { withUniqueKeys } from '../../unique-keys.ts';
import { canonicalText, readScalar } from './scalars.ts';

/** `!` is accepted and dropped. */
const VARIABLE = /\(\((!?[-/.\w\p{L}]+)\)\)/gu;
const WHOLE = /^\(\((!?[-/.\w\p{L}]+)\)\)$/u;

export type Variables = ReadonlyMap<string, Node>;

/** `--vars-file` in order, then `--var`; later ones win, key by key. */
export async function readVariables(options: ReadOptions, problems: Problems): Promise<Variables> {
  const variables = new Map<string, Node>();
  for (const name of options.varsFiles ?? []) {
    const file = resolve(options.cwd, name);
    const reading = readManifestFile(file);
    const place = placeInFlag('--vars-file', name);
    if (!reading.ok) {
      problems.error('MANIFEST_VARIABLE', place, `Cannot read the variables in "${file}": ${reading.reason}`);
      continue;
    }
    const root = await parseYaml(reading.source, problems);
    if (root?.kind === 'map') for (const { key, value } of root.entries) variables.set(key.text, value);
    else if (root && !(root.kind === 'scalar' && root.text === '')) {
      problems.error(
        'MANIFEST_VARIABLE',
        root.place,
        `The option --vars-file expects a valid YAML file with a mapping of names to values`,
      );
    }
  }
  for (const assignment of options.vars ?? []) {
    const equals = assignment.indexOf('=');
    const value = assignment.slice(equals + 1);
    if (equals < 1 || value === '') {
      problems.error(
        'MANIFEST_VARIABLE',
        placeInFlag('--var', assignment),
        `Cannot read --var "${assignment}": ${equals < 0 ? '"=VALUE" is missing' : equals === 0 ? 'it has no name' : 'its value is empty'}`,
        {
          hint: equals < 0 ? `Write --var ${assignment}=VALUE` : 'Write --var NAME=VALUE',
        },
      );
      continue;
    }
    const parsed = await parseYaml(new SourceText('--var', value), problems);
    if (parsed) variables.set(assignment.slice(0, equals), parsed);
  }
  return variables;
}

export function replaceVariables(root: MapNode, variables: Variables, problems: Problems): MapNode {
  const replacer = new Replacer(variables, problems);
  const replaced = replacer.map(root);
  replacer.reportMissing();
  return replaced;
}

class Replacer {
  readonly #variables: Variables;
  readonly #problems: Problems;
  readonly #missing = new Map<string, ScalarNode>();
  readonly #misled = new Set<string>();
  readonly #budget = new Budget();
  #graftedValues = 0;

  constructor(variables: Variables, problems: Problems) {
    this.#variables = variables;
    this.#problems = problems;
  }

  node(node: Node): Node {
    switch (node.kind) {
      case 'scalar':
        return node.text.includes('((') ? this.#value(node) : node;
      case 'list': {
        const items = node.items.map((item) => this.node(item));
        return items.some((item, index) => item !== node.items[index]) ? list(items, node.place) : node;
      }
      case 'map':
        return this.map(node);
    }
  }

  map(node: MapNode): MapNode {
    let changed = false;
    const entries = node.entries.map((entry): Entry => {
      const key = entry.key.text.includes('((') ? this.#text(entry.key) : entry.key;
      const value = this.node(entry.value);
      if (key === entry.key && value === entry.value) return entry;
      changed = true;
      return { key, value };
    });
    return changed ? withUniqueKeys(map(entries, node.place), this.#problems) : node;
  }

  reportMissing(): void {
    for (const [name, node] of this.#missing) {
      this.#problems.error('MANIFEST_VARIABLE', node.place, `Expected to find variables: ${name}`, {
        hint: () => {
          const near = suggest(name, this.#variables.keys());
          return near === undefined
            ? `Give it a value: --var ${name}=VALUE, or --vars-file FILE`
            : `Did you mean "((${near}))"?`;
        },
      });
    }
  }

  #value(node: ScalarNode): Node {
    const whole = WHOLE.exec(node.text);
    if (!whole) return this.#text(node);
    const value = this.#find(whole[1]!, node);
    if (!value) return { ...node, unresolved: true };
    if (value.kind !== 'scalar') return this.#graft(value, node);
    return {
      ...scalar(value.text, node.place, value.plain),
      origin: { message: 'The value comes from here', place: value.place },
    };
  }

  /** A list or mapping in place of a variable; used often enough, a small one fills any memory. */
  #graft(value: Node, node: ScalarNode): Node {
    this.#graftedValues += countValues(value, MAX_VALUES);
    return this.#graftedValues > MAX_VALUES ? this.#tooLarge(node) : value;
  }

  #tooLarge(node: ScalarNode): ScalarNode {
    this.#problems.error('MANIFEST_TOO_LARGE', node.place, 'The variables of the manifest make it too large');
    return { ...node, unresolved: true };
  }

  #text(node: ScalarNode): ScalarNode {
    let origin: ScalarNode['origin'];
    let unresolved = false;
    let length = 0;
    const text = node.text.replaceAll(VARIABLE, (written, name: string) => {
      const value = this.#find(name, node);
      if (!value) {
        unresolved = true;
        return written;
      }
      const here = { message: 'The value comes from here', place: value.place };
      origin ??= here;
      const typed = value.kind === 'scalar' ? readScalar(value) : undefined;
      if (typed?.type === 'string' || typed?.type === 'integer') {
        const value = canonicalText(typed);
        length += value.length;
        if (length <= MAX_VALUE_LENGTH && this.#budget.allows(value)) return value;
        length = Infinity;
        return '';
      }
      const type = typed?.type ?? (value.kind === 'list' ? 'list' : 'map');
      this.#problems.error(
        'MANIFEST_VARIABLE',
        node.place,
        `Invalid type '${type}' for variable '${name}'. Supported types for interpolation within a string are integers and strings.`,
        {
          related: here,
          hint:
            type === 'boolean' || type === 'float' ? 'Put the value of the variable in quotes' : undefined,
        },
      );
      unresolved = true;
      return written;
    });
    if (length > MAX_VALUE_LENGTH) return this.#tooLarge(node);
    if (unresolved) return { ...node, unresolved };
    if (text === node.text) return node;
    return { ...scalar(text, node.place, false), ...(origin ? { origin } : {}) };
  }

  /** `a.b.0` walks into mappings and lists. */
  #find(written: string, node: ScalarNode): Node | undefined {
    const [name = '', ...path] = written.replace(/^!/, '').split('.');
    let value = this.#variables.get(name);
    for (const step of path) {
      const inner: Node | undefined = value?.kind === 'list' ? value.items[Number(step)] : get(value, step);
      if (value && !inner) {
        this.#reportMisled(written, step, value, node);
        return undefined;
      }
      value = inner;
    }
    if (!value && !this.#missing.has(name)) this.#missing.set(name, node);
    return value;
  }

  /** The variable is there, and has nothing where the path leads. */
  #reportMisled(written: string, step: string, value: Node, node: ScalarNode): void {
    if (this.#misled.has(written)) return;
    this.#misled.add(written);
    const known =
      value.kind === 'map'
        ? value.entries.map(({ key }) => key.text)
        : value.kind === 'list'
          ? value.items.map((_, index) => String(index))
          : [];
    this.#problems.error('MANIFEST_VARIABLE', node.place, `The variable of ((${written})) has no "${step}"`, {
      hint:
        known.length > 0
          ? `There are: ${known.slice(0, MAX_SHOWN).join(', ')}`
          : `What is in front of it is ${kindName(value)}`,
      related: { message: 'The value comes from here', place: value.place },
    });
  }
}

/** Names offered in a hint. */
const MAX_SHOWN = 10;
