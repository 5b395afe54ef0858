/**
 * The parity report: what this platform does with each key of a manifest. The judgements stand in the key tables
 * beside the shapes, so a key cannot be read without one.
 */
import type { Span } from '../kernel/diagnostics.ts';
import {
  APP as CLOUD_FOUNDRY_APP,
  FILE as CLOUD_FOUNDRY_FILE,
  INERT_APP_KEYS,
  INERT_TOP_KEYS,
} from './dialects/cloud-foundry/keys.ts';
import { overruled, type Flags, type Judgement } from './overruled.ts';
import { cloudFoundryReader } from './dialects/cloud-foundry/reader.ts';
import { APP as STACKATO_APP, FILE as STACKATO_FILE } from './dialects/stackato/keys.ts';
import { symbolNamesIn } from './dialects/stackato/symbols.ts';
import { listOf, record, type RecordShape, type Shape, type Verdict } from './shape.ts';
import { spanOf } from './source.ts';
import { get, getText, hasAnchor, type MapNode, type Node } from './tree.ts';
import type { Dialect } from './types.ts';

export interface KeyVerdict {
  /** `applications[].services.*.type`; `[]` stands for each item, `*` for each name that users choose. */
  readonly path: string;
  readonly verdict: Verdict;
  /** One line: how, what differs, or why not. */
  readonly why: string;
}

export interface FoundVerdict extends KeyVerdict {
  readonly span: Span;
}

/** The whole of a manifest, as one table; apps of Cloud Foundry are checked one by one, so they hang beside it. */
function fileShape(dialect: Dialect): RecordShape {
  if (dialect === 'stackato') return STACKATO_FILE;
  const applications = CLOUD_FOUNDRY_FILE.keys.get('applications');
  if (!applications) throw new TypeError('The table of Cloud Foundry has no "applications"');
  return record(
    CLOUD_FOUNDRY_FILE.name,
    new Map([
      ...CLOUD_FOUNDRY_FILE.keys,
      ['applications', { ...applications, shape: listOf(CLOUD_FOUNDRY_APP) }],
    ]),
  );
}

/** Every key a manifest of the dialect may have. */
export function allVerdicts(dialect: Dialect): readonly KeyVerdict[] {
  const found = new Map<string, KeyVerdict>();
  const visit = (shape: Shape, path: string): void => {
    for (const [inner, step] of innerShapes(shape)) visit(inner, path + step);
    if (shape.kind !== 'record') return;
    for (const [key, rule] of shape.keys) {
      const at = join(path, key);
      found.set(at, { path: at, verdict: rule.verdict, why: rule.why });
      visit(rule.shape, at);
    }
  };
  visit(fileShape(dialect), '');
  return [...found.values()];
}

/**
 * The keys that a manifest has, in the order of its text. `documents` are its parsed files; `flags` what the command
 * line says in place of them.
 */
export function verdictsOf(
  documents: readonly Node[],
  dialect: Dialect,
  flags: Flags = {},
): readonly FoundVerdict[] {
  const found: FoundVerdict[] = [];
  const symbols = dialect === 'stackato' ? symbolNamesIn(documents) : new Set<string>();
  const apps = appsIn(documents);
  const concerns = flagsFor(apps, flags);
  const visit = (node: Node, shape: Shape, path: string, app: MapNode | undefined): void => {
    if (shape.kind === 'record') {
      if (node.kind !== 'map') return;
      const around = APPS.has(shape) ? node : app;
      const about = around && concerns(around) ? flags : {};
      const appName = around && nameOf(around, apps, flags, about);
      for (const { key, value } of node.entries) {
        const name = dialect === 'stackato' ? key.text : cloudFoundryReader.keyName(key.text, shape.keys);
        const rule = shape.keys.get(name);
        const { verdict, why } = rule
          ? (overruled({
              dialect,
              shape,
              name,
              value,
              record: node,
              app: around,
              flags: about,
              kept: flags.kept?.get(appName ?? '') ?? [],
            }) ?? rule)
          : unknown(dialect, path, key.text, value, symbols);
        found.push({ path: join(path, key.text), verdict, why, span: spanOf(key.place) });
        if (rule) visit(value, rule.shape, join(path, name), around);
      }
      return;
    }
    for (const [inner, step] of innerShapes(shape, node.kind)) {
      if (node.kind === 'list') for (const item of node.items) visit(item, inner, path + step, app);
      else if (node.kind === 'map' && step !== '')
        for (const { value } of node.entries) visit(value, inner, path + step, app);
      else if (node.kind === 'map') visit(node, inner, path, app);
    }
  };
  for (const document of documents) visit(document, fileShape(dialect), '', undefined);
  return found;
}

/** A flat app of Stackato is the file itself. */
const APPS: ReadonlySet<Shape> = new Set([CLOUD_FOUNDRY_APP, STACKATO_APP, STACKATO_FILE]);

/** Those that are declared, with the names they go by; a flat app of Stackato is none of them. */
function appsIn(documents: readonly Node[]): ReadonlyMap<Node, string | undefined> {
  const apps = documents.flatMap((document): [Node, string | undefined][] => {
    const declared = get(document, 'applications');
    if (declared?.kind === 'list') return declared.items.map((app) => [app, getText(app, 'name')]);
    if (declared?.kind !== 'map') return [];
    return declared.entries.map(({ key, value }) => [value, getText(value, 'name') ?? key.text]);
  });
  return new Map(apps);
}

/** What an app is called in its space. */
function nameOf(
  app: MapNode,
  apps: ReadonlyMap<Node, string | undefined>,
  { kept }: Flags,
  { overrides }: Flags,
): string | undefined {
  // It may be called after its folder, or by what a symbol stands for.
  if (apps.size < 2 && kept?.size === 1) return [...kept.keys()][0];
  return overrides?.name ?? apps.get(app);
}

/** Flags are about one app: the only one, or the one that is named. */
function flagsFor(
  apps: ReadonlyMap<Node, string | undefined>,
  { appNames = [] }: Flags,
): (app: MapNode) => boolean {
  if (apps.size < 2) return () => true;
  return (app) => appNames.length === 1 && getText(app, 'name') === appNames[0];
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** Shapes inside a shape, with what they add to the path; of an `either`, those that fit a node's kind. */
function innerShapes(shape: Shape, kind?: Node['kind']): readonly (readonly [Shape, string])[] {
  switch (shape.kind) {
    case 'list':
      return [[shape.of, '[]']];
    case 'one-or-list':
      return kind === 'list' ? [[shape.of, '[]']] : [[shape.of, '']];
    case 'map':
      return [[shape.of, '.*']];
    case 'either': {
      const kinds = kind ? [kind] : (['scalar', 'list', 'map'] as const);
      // A list or mapping inside adds its own step; what it holds is reached through it.
      return kinds.flatMap((one) => (shape[one] ? innerOfEither(shape[one], kind) : []));
    }
    default:
      return [];
  }
}

function innerOfEither(shape: Shape, kind: Node['kind'] | undefined): readonly (readonly [Shape, string])[] {
  return shape.kind === 'record' ? [[shape, '']] : innerShapes(shape, kind);
}

function unknown(
  dialect: Dialect,
  path: string,
  key: string,
  value: Node,
  symbols: ReadonlySet<string>,
): Judgement {
  if (value.kind === 'scalar' && symbols.has(key))
    return { verdict: 'honoured', why: `the value of \${${key}}` };
  if (dialect === 'cloud-foundry') {
    if (path === '' && hasAnchor(value))
      return {
        verdict: 'ignored',
        why: 'holds what is used elsewhere through its anchor; itself it is not sent',
      };
    if ((path === '' ? INERT_TOP_KEYS : INERT_APP_KEYS).has(key))
      return { verdict: 'ignored', why: "today's Cloud Foundry ignores it as well" };
  }
  return { verdict: 'ignored', why: 'nobody knows this key; the original platform ignores it as well' };
}
