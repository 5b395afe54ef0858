/**
 * One file → the normal form of the original client: `applications:` keyed by the apps' names, every app with its
 * `path`, keys that only Stackato knows gathered in the app's `stackato:` block, one spelling per key. A flat app and
 * one of the same name in `applications:` are merged; the flat one wins.
 */
import { isAbsolute } from 'node:path';
import { suggest } from '../../../kernel/suggest.ts';
import { MAX_APPS, MAX_VALUES } from '../../limits.ts';
import { deepMerge } from '../../merge.ts';
import type { Problems } from '../../problems.ts';
import {
  entryOf,
  get,
  map,
  scalar,
  type Entry,
  type MapNode,
  type Node,
  type ScalarNode,
} from '../../tree.ts';
import { firstKeyPlace } from '../../check.ts';
import { Draft } from './draft.ts';
import { BLOCK_KEYS, FLAT_KEYS } from './keys.ts';
import type { NormaliseContext } from './context.ts';
import { normaliseApp } from './normalise-app.ts';

/** Top-level `path` is an unknown key to the original client, which makes it the default of every app. */
const DEFAULT_PATH = '.';

export function normaliseFile(root: MapNode, context: NormaliseContext): MapNode {
  const flat = root.entries.filter(({ key }) => FLAT_KEYS.has(key.text));
  const rest = root.entries.filter(({ key }) => !FLAT_KEYS.has(key.text));
  const flatPart = flat.length > 0 ? normaliseFlat(map(flat, root.place), root, context) : undefined;
  const restPart = normaliseRest(map(rest, root.place), context);
  return flatPart ? deepMerge(flatPart, restPart) : restPart;
}

function normaliseFlat(root: MapNode, file: MapNode, context: NormaliseContext): MapNode | undefined {
  const name = get(root, 'name');
  if (name?.kind !== 'scalar' || name.text === '') {
    nameMissing(file, context.problems);
    return undefined;
  }
  const draft = new Draft(root);
  const path = draft.take('app-dir')?.value ?? scalar(DEFAULT_PATH, name.place);
  draft.set('path', path);
  for (const key of BLOCK_KEYS.keys()) {
    const entry = draft.take(key);
    if (entry) draft.block(entry);
  }
  return applications([[name, normaliseApp(draft, context)]], root);
}

function nameMissing(root: MapNode, problems: Problems): void {
  const misspelt = root.entries.find(({ key }) => !FLAT_KEYS.has(key.text) && suggest(key.text, ['name']));
  const app = root.entries.find(({ key }) => FLAT_KEYS.has(key.text));
  problems.error(
    'MANIFEST_MISSING_KEY',
    (misspelt ?? app)?.key.place ?? root.place,
    'The app at the top level of the manifest has no name',
    {
      hint: misspelt
        ? `Did you mean "name" where "${misspelt.key.text}" is written?`
        : get(root, 'applications')
          ? 'Keys of an app at the top level are an app of their own, not defaults; move them into "applications", or give it a "name"'
          : 'Write: name: my-app',
    },
  );
}

/** What is left beside a flat app: `applications`, `inherit`, `properties`, and unknown keys. */
function normaliseRest(root: MapNode, context: NormaliseContext): MapNode {
  const kept: Entry[] = [];
  const defaults: Entry[] = [];
  let properties: Node | undefined;
  for (const entry of root.entries) {
    if (entry.key.text === 'inherit') kept.push(entry);
    else if (entry.key.text === 'properties') properties = entry.value;
    else if (entry.key.text !== 'applications') defaults.push(entry);
  }
  const symbols = map(defaults, root.place);
  const apps = get(root, 'applications');
  const count = apps?.kind === 'list' ? apps.items.length : apps?.kind === 'map' ? apps.entries.length : 0;
  if (count > MAX_APPS || count * defaults.length > MAX_VALUES) {
    context.problems.error(
      'MANIFEST_TOO_LARGE',
      apps?.place,
      `The manifest declares more than ${MAX_APPS} apps`,
    );
    return map(kept, root.place);
  }
  if (properties?.kind === 'map' || defaults.length > 0) {
    const merged = properties?.kind === 'map' ? deepMerge(properties, symbols) : symbols;
    kept.push({ key: scalar('properties', root.place), value: merged });
  }
  const found = apps ? appsOf(apps, context) : [];
  const normal = found.map(([name, app]): [ScalarNode, MapNode] => [
    name,
    normaliseApp(new Draft(deepMerge(app, symbols)), context),
  ]);
  const all = map(kept, root.place);
  return apps ? deepMerge(applications(normal, root), all) : all;
}

/** Apps with their names, from a list or from a mapping by folder. */
function appsOf(apps: Node, { problems }: NormaliseContext): [ScalarNode, MapNode][] {
  if (apps.kind === 'scalar') return [];
  const found: [ScalarNode, MapNode][] = [];
  const names = new Map<string, ScalarNode>();
  const add = (app: Node, path: ScalarNode | undefined): void => {
    if (app.kind !== 'map') return;
    const name = get(app, 'name');
    // The checker has reported a missing name already.
    if (name?.kind !== 'scalar' || name.text === '') return;
    const first = names.get(name.text);
    if (first) {
      problems.error('MANIFEST_DUPLICATE_APP', name.place, `Two apps are called "${name.text}"`, {
        hint: 'Names of apps are unique in a space; rename one of them',
        related: { message: 'First defined here', place: first.place },
      });
      return;
    }
    names.set(name.text, name);
    const draft = new Draft(app);
    if (path && !isNormalForm(app)) {
      // Keyed by folder: the key is the path, and dependencies are named by folder too.
      draft.set('path', path);
      draft.rename('depends-on', 'depends-on-path');
    } else if (!draft.has('path')) draft.set('path', scalar(DEFAULT_PATH, firstKeyPlace(app)));
    found.push([name, draft.node()]);
  };
  if (apps.kind === 'list') for (const app of apps.items) add(app, undefined);
  else for (const { key, value } of apps.entries) add(value, key);
  return found;
}

/** What we print has its apps keyed by name, with an absolute path in each: reading it again must change nothing. */
function isNormalForm(app: MapNode): boolean {
  const path = get(app, 'path');
  return path?.kind === 'scalar' && isAbsolute(path.text);
}

function applications(apps: readonly (readonly [ScalarNode, MapNode])[], root: MapNode): MapNode {
  const key = entryOf(root, 'applications')?.key ?? scalar('applications', root.place);
  return map(
    [
      {
        key,
        value: map(
          apps.map(([name, app]) => ({ key: name, value: app })),
          key.place,
        ),
      },
    ],
    root.place,
  );
}
