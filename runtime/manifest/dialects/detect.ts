/**
 * Which dialect a parsed root file is written in. By content alone; the rule is written down in ../README.md.
 * Shape first (it decides), then the keys that only one dialect knows, counted.
 */
import { get, getText, isEmptyScalar, type MapNode, type Node } from '../tree.ts';
import type { Dialect } from '../types.ts';
import { APP_KEYS as CLOUD_FOUNDRY_APP } from './cloud-foundry/keys.ts';
import { APP_KEYS as STACKATO_APP, BLOCK_KEYS, FLAT_KEYS } from './stackato/keys.ts';
import { questionOf, symbolsIn } from './stackato/symbol-text.ts';

export interface Detected {
  readonly dialect: Dialect;
  /** Half a sentence: `"requirements" is a Stackato key`. */
  readonly because: string;
}

const stackato = (because: string): Detected => ({ dialect: 'stackato', because });
const cloudFoundry = (because: string): Detected => ({ dialect: 'cloud-foundry', because });

export function detectDialect(root: Node): Detected {
  if (root.kind !== 'map') return cloudFoundry('it is no mapping');
  return byShape(root) ?? byKeys(root) ?? cloudFoundry('nothing in it is particular to Stackato');
}

/** Symbols nobody would write for a shell, as `${VAR}` could be. */
const SYMBOLS = new Set(['name', 'random-word', 'target-base', 'target-url', 'space-base']);

function symbolIn(text: string): string | undefined {
  for (const { symbol, start, end } of symbolsIn(text)) {
    if (SYMBOLS.has(symbol) || questionOf(symbol) !== undefined) return text.slice(start, end);
  }
  return undefined;
}

const variableIn = (text: string): string | undefined => /\(\(!?[-/.\w\p{L}]+\)\)/u.exec(text)?.[0];

function byShape(root: MapNode): Detected | undefined {
  const applications = get(root, 'applications');
  if (applications === undefined) {
    const flat = root.entries.find(({ key }) => FLAT_KEYS.has(key.text));
    if (flat) return stackato(`"${flat.key.text}" stands at the top, and there is no "applications"`);
    if (get(root, 'inherit')) return stackato('it inherits, and declares no app itself');
    if (get(root, 'properties')) return stackato('"properties" is a Stackato key');
    return undefined;
  }
  if (get(root, 'name')) return stackato('an app stands at the top, beside "applications"');
  if (applications.kind === 'map' && applications.entries.length > 0)
    return stackato('"applications" is a mapping');
  for (const app of appsOf(root)) {
    if (get(app, 'stackato')) return stackato('an app has a "stackato" block');
  }
  return undefined;
}

/** Keys with one shape in one dialect and another in the other. */
function byValueShape(app: Node): Detected | undefined {
  const services = get(app, 'services');
  if (services?.kind === 'map') return stackato('"services" is a mapping');
  if (services?.kind === 'list' && services.items.some((item) => item.kind === 'map'))
    return cloudFoundry('"services" is a list of mappings');
  const memory = getText(app, 'memory');
  if (memory !== undefined && /^\d+$/.test(memory)) return stackato('"memory" has no unit');
  if (memory !== undefined && /^[\d.]+[kmgt]i?b$/i.test(memory))
    return cloudFoundry(`"memory: ${memory}" is Cloud Foundry's spelling`);
  const processes = get(app, 'processes');
  if (processes?.kind === 'map') return stackato('"processes" is a mapping');
  if (processes?.kind === 'list') return cloudFoundry('"processes" is a list');
  return undefined;
}

function byKeys(root: MapNode): Detected | undefined {
  const found: Detected[] = [];
  if (get(root, 'version')) found.push(cloudFoundry('"version" is a Cloud Foundry key'));
  if (get(root, 'properties')) found.push(stackato('"properties" is a Stackato key'));
  for (const app of appsOf(root)) {
    const shape = byValueShape(app);
    if (shape) found.push(shape);
    for (const { key } of app.entries) {
      const name = key.text;
      const isStackato = STACKATO_APP.has(name) || BLOCK_KEYS.has(name);
      const isCloudFoundry = CLOUD_FOUNDRY_APP.has(name) || CLOUD_FOUNDRY_APP.has(name.replaceAll('_', '-'));
      // Older Cloud Foundry clients knew these as well.
      if (isStackato && !isCloudFoundry && !SHARED_HISTORY.has(name))
        found.push(stackato(`"${name}" is a Stackato key`));
      if (isCloudFoundry && !isStackato) found.push(cloudFoundry(`"${name}" is a Cloud Foundry key`));
    }
    const symbol = firstFound(app, symbolIn);
    if (symbol) found.push(stackato(`"${symbol}" is a Stackato symbol`));
    const variable = firstFound(app, variableIn);
    if (variable) found.push(cloudFoundry(`"${variable}" is a Cloud Foundry variable`));
  }
  const shared = sharedKeyAtTop(root);
  // To Stackato that is an app without a name, to older Cloud Foundry clients the defaults of all apps: twice as likely.
  if (shared) found.push(shared, shared);
  const forStackato = found.filter(({ dialect }) => dialect === 'stackato');
  const forCloudFoundry = found.filter(({ dialect }) => dialect === 'cloud-foundry');
  return forStackato.length > forCloudFoundry.length ? forStackato[0] : forCloudFoundry[0];
}

/** `memory:` beside `applications:`, where no key at the top is Stackato's alone. */
function sharedKeyAtTop(root: MapNode): Detected | undefined {
  const flat = root.entries.filter(({ key }) => FLAT_KEYS.has(key.text)).map(({ key }) => key.text);
  const isShared = (key: string): boolean => CLOUD_FOUNDRY_APP.has(key) || SHARED_HISTORY.has(key);
  if (flat[0] === undefined || !flat.every(isShared)) return undefined;
  return cloudFoundry(`"${flat[0]}" stands beside "applications", as older Cloud Foundry clients allowed`);
}

const SHARED_HISTORY = new Set(['host', 'domain']);

function appsOf(root: MapNode): readonly MapNode[] {
  const applications = get(root, 'applications');
  if (!applications || isEmptyScalar(applications) || applications.kind === 'scalar') return [];
  const nodes =
    applications.kind === 'list' ? applications.items : applications.entries.map(({ value }) => value);
  return nodes.filter((node): node is MapNode => node.kind === 'map');
}

function firstFound(node: Node, look: (text: string) => string | undefined): string | undefined {
  switch (node.kind) {
    case 'scalar':
      return look(node.text);
    case 'list':
      for (const item of node.items) {
        const found = firstFound(item, look);
        if (found) return found;
      }
      return undefined;
    case 'map':
      for (const { key, value } of node.entries) {
        const found = firstFound(key, look) ?? firstFound(value, look);
        if (found) return found;
      }
      return undefined;
  }
}
