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
import { cloudFoundryReader } from './dialects/cloud-foundry/reader.ts';
import { FILE as STACKATO_FILE } from './dialects/stackato/keys.ts';
import { listOf, record, type KeyRule, type RecordShape, type Shape, type Verdict } from './shape.ts';
import { spanOf } from './source.ts';
import type { Node } from './tree.ts';
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

/** The keys that a manifest has, in the order of its text. `documents` are its parsed files. */
export function verdictsOf(documents: readonly Node[], dialect: Dialect): readonly FoundVerdict[] {
  const found: FoundVerdict[] = [];
  const note = (path: string, { verdict, why }: Pick<KeyRule, 'verdict' | 'why'>, key: Node): void => {
    found.push({ path, verdict, why, span: spanOf(key.place) });
  };
  const visit = (node: Node, shape: Shape, path: string): void => {
    if (shape.kind === 'record') {
      if (node.kind !== 'map') return;
      for (const { key, value } of node.entries) {
        const name = dialect === 'stackato' ? key.text : cloudFoundryReader.keyName(key.text, shape.keys);
        const rule = shape.keys.get(name);
        note(join(path, key.text), rule ?? unknown(dialect, path, key.text), key);
        if (rule) visit(value, rule.shape, join(path, name));
      }
      return;
    }
    for (const [inner, step] of innerShapes(shape, node.kind)) {
      if (node.kind === 'list') for (const item of node.items) visit(item, inner, path + step);
      else if (node.kind === 'map' && step !== '')
        for (const { value } of node.entries) visit(value, inner, path + step);
      else if (node.kind === 'map') visit(node, inner, path);
    }
  };
  for (const document of documents) visit(document, fileShape(dialect), '');
  return found;
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

function unknown(dialect: Dialect, path: string, key: string): Pick<KeyRule, 'verdict' | 'why'> {
  const inert = dialect === 'cloud-foundry' && (path === '' ? INERT_TOP_KEYS : INERT_APP_KEYS).has(key);
  return {
    verdict: 'ignored',
    why: inert
      ? "today's Cloud Foundry ignores it as well"
      : 'nobody knows this key; the original platform ignores it as well',
  };
}
