/**
 * `${…}`: every value and key of the merged manifest may hold symbols. One is looked up from the innermost mapping
 * around its use outwards; in each as `properties.NAME`, `applications.<current app>.NAME`, then `NAME`. Only single
 * values count. What was chosen on the command line comes before all of these.
 */
import { suggest } from '../../../kernel/suggest.ts';
import type { Budget } from '../../budget.ts';
import { MAX_SYMBOL_DEPTH, MAX_VALUE_LENGTH } from '../../limits.ts';
import type { RandomUse } from '../../options.ts';
import type { Problems } from '../../problems.ts';
import type { Place } from '../../source.ts';
import { get, list, map, scalar, type MapNode, type Node, type ScalarNode } from '../../tree.ts';
import { withUniqueKeys } from '../../unique-keys.ts';
import { questionOf, replaceSymbols, symbolsIn } from './symbol-text.ts';

export interface SymbolSources {
  readonly problems: Problems;
  /** Chosen on the command line: `name` for `--as`, `memory`, `urls` … */
  readonly chosen: ReadonlyMap<string, string>;
  /** Domain that stands for the target's and the space's: `localhost`. */
  readonly targetBase: string;
  readonly random: (use: RandomUse) => string;
  /** Answers to `${ask TEXT}`, by TEXT. */
  readonly answers: ReadonlyMap<string, string>;
  readonly budget: Budget;
}

const BUILT_IN = ['name', 'random-word', 'target-base', 'target-url', 'space-base'];

/** Questions asked by a tree, in order, each once. */
export function questionsIn(node: Node, found = new Map<string, Place>()): ReadonlyMap<string, Place> {
  switch (node.kind) {
    case 'scalar':
      for (const { symbol } of symbolsIn(node.text)) {
        const label = questionOf(symbol);
        if (label !== undefined && !found.has(label)) found.set(label, node.place);
      }
      break;
    case 'list':
      for (const item of node.items) questionsIn(item, found);
      break;
    case 'map':
      for (const { key, value } of node.entries) {
        questionsIn(key, found);
        questionsIn(value, found);
      }
  }
  return found;
}

/** Names of all symbols used anywhere in these. */
export function symbolNamesIn(nodes: readonly Node[], found = new Set<string>()): ReadonlySet<string> {
  for (const node of nodes) {
    if (node.kind === 'scalar') for (const { symbol } of symbolsIn(node.text)) found.add(symbol);
    if (node.kind === 'list') symbolNamesIn(node.items, found);
    if (node.kind === 'map') for (const { key, value } of node.entries) symbolNamesIn([key, value], found);
  }
  return found;
}

/** Thrown for a symbol that has no value; the problem is recorded already. */
class Unresolvable extends Error {}

export class SymbolResolver {
  readonly #sources: SymbolSources;
  readonly #root: MapNode;
  readonly #app: string;
  /** Random words drawn so far, by the value as written. */
  readonly #draws = new Map<string, number>();

  /** `app` is the name under which the app stands in `root`'s `applications`. */
  constructor(root: MapNode, app: string, sources: SymbolSources) {
    this.#root = root;
    this.#app = app;
    this.#sources = sources;
  }

  resolve(node: MapNode): MapNode {
    return this.#map(node, [this.#root]);
  }

  /** `scope`: mappings around a use, innermost first. */
  #node(node: Node, scope: readonly MapNode[]): Node {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node, scope);
      case 'list': {
        const items = node.items.map((item) => this.#node(item, scope));
        return items.some((item, index) => item !== node.items[index]) ? list(items, node.place) : node;
      }
      case 'map':
        return this.#map(node, scope);
    }
  }

  #map(node: MapNode, scope: readonly MapNode[]): MapNode {
    const inner = [node, ...scope];
    let changed = false;
    const entries = node.entries.map((entry) => {
      const key = this.#scalar(entry.key, scope);
      const value = this.#node(entry.value, inner);
      if (key === entry.key && value === entry.value) return entry;
      changed = true;
      return { key, value };
    });
    return changed ? withUniqueKeys(map(entries, node.place), this.#sources.problems) : node;
  }

  #scalar(node: ScalarNode, scope: readonly MapNode[]): ScalarNode {
    if (!node.text.includes('${')) return node;
    const use = new Use(node);
    try {
      const text = this.#text(node.text, scope, [], use);
      return { ...scalar(text, node.place, false), ...(use.origin ? { origin: use.origin } : {}) };
    } catch (error) {
      if (error instanceof Unresolvable) return { ...node, unresolved: true };
      throw error;
    }
  }

  /** `chain`: symbols being resolved, outermost first. */
  #text(text: string, scope: readonly MapNode[], chain: readonly string[], use: Use): string {
    if (chain.length > MAX_SYMBOL_DEPTH) this.#endless(use);
    return replaceSymbols(text, (symbol) => {
      const value = this.#symbol(symbol, scope, chain, use);
      if (!use.grow(value) || !this.#sources.budget.allows(value)) this.#endless(use);
      return value;
    });
  }

  #endless(use: Use): never {
    return this.#fail(use, 'MANIFEST_TOO_LARGE', 'The symbols of this value expand without end');
  }

  #symbol(symbol: string, scope: readonly MapNode[], chain: readonly string[], use: Use): string {
    if (chain.includes(symbol)) {
      const circle = [...chain.slice(chain.indexOf(symbol)), symbol].map((name) => `\${${name}}`).join(' → ');
      this.#fail(use, 'MANIFEST_SYMBOL', `The symbol "\${${symbol}}" is defined by itself`, circle);
    }
    const question = questionOf(symbol);
    if (question !== undefined) return this.#sources.answers.get(question) ?? this.#fail(use);
    switch (symbol) {
      case 'random-word':
        return (use.randomWord ??= this.#draw(use.node.text));
      case 'space-base':
        return this.#sources.targetBase;
      case 'target-base': {
        const target = this.#find('target', scope);
        return target ? baseOf(target.text) : this.#sources.targetBase;
      }
      case 'target-url':
        return this.#find('target', scope)?.text ?? `http://api.${this.#sources.targetBase}`;
    }
    const chosen = this.#sources.chosen.get(symbol);
    if (chosen !== undefined) return chosen;
    const found = this.#find(symbol, scope);
    if (!found) this.#unknown(symbol, scope, use);
    use.origin ??= { message: `"\${${symbol}}" is defined here`, place: found.place };
    return found.text.includes('${') ? this.#text(found.text, scope, [...chain, symbol], use) : found.text;
  }

  #draw(text: string): string {
    const nth = this.#draws.get(text) ?? 0;
    this.#draws.set(text, nth + 1);
    return this.#sources.random({ app: this.#app, text, nth });
  }

  #find(symbol: string, scope: readonly MapNode[]): ScalarNode | undefined {
    for (const mapping of scope) {
      const found =
        get(get(mapping, 'properties'), symbol) ??
        get(get(get(mapping, 'applications'), this.#app), symbol) ??
        get(mapping, symbol);
      if (found?.kind === 'scalar') return found;
    }
    return undefined;
  }

  #unknown(symbol: string, scope: readonly MapNode[], use: Use): never {
    return this.#fail(use, 'MANIFEST_SYMBOL', `Unknown symbol "\${${symbol}}"`, () =>
      this.#unknownHint(symbol, scope),
    );
  }

  #unknownHint(symbol: string, scope: readonly MapNode[]): string {
    const isVariable = /^!?[A-Z_][A-Z0-9_]*$/.test(symbol);
    if (isVariable) {
      return `For a variable of the environment write $${symbol.replace('!', '')} without braces; braces mean a symbol of the manifest`;
    }
    const known = new Set(BUILT_IN);
    for (const mapping of [...scope, get(this.#root, 'properties')]) {
      if (mapping?.kind !== 'map') continue;
      for (const { key, value } of mapping.entries) if (value.kind === 'scalar') known.add(key.text);
    }
    const near = suggest(symbol, known);
    return near === undefined
      ? `Define it under "properties", or use one of ${BUILT_IN.map((name) => `\${${name}}`).join(', ')}`
      : `Did you mean "\${${near}}"?`;
  }

  #fail(
    use: Use,
    code?: 'MANIFEST_SYMBOL' | 'MANIFEST_TOO_LARGE',
    message = '',
    hint?: string | (() => string),
  ): never {
    if (code) this.#sources.problems.error(code, use.node.place, message, { hint });
    throw new Unresolvable();
  }
}

/** One value that holds symbols, while it is resolved. */
class Use {
  readonly node: ScalarNode;
  /** Drawn anew for every value, the same within one. */
  randomWord: string | undefined;
  origin: ScalarNode['origin'];
  #length = 0;

  constructor(node: ScalarNode) {
    this.node = node;
  }

  /** False when what its symbols stand for gets too long. */
  grow(value: string): boolean {
    this.#length += value.length;
    return this.#length <= MAX_VALUE_LENGTH;
  }
}

/** The domain of a target: its host without the first label. */
function baseOf(target: string): string {
  const host = target.replace(/^[a-z]+:\/\//i, '').replace(/[:/].*$/s, '');
  return host.slice(host.indexOf('.') + 1);
}
