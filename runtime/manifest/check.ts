/** Walks a tree along the key tables and collects everything that does not fit. */
import { formatSize, MAX_LIMIT_BYTES, MIB } from '../kernel/bytes.ts';
import { suggest } from '../kernel/suggest.ts';
import type { Problems } from './problems.ts';
import type { KeyRule, KeyTable, RecordShape, Shape, SizeShape, TextShape } from './shape.ts';
import { isEmptyScalar, kindName, type Entry, type MapNode, type Node, type ScalarNode } from './tree.ts';

/** How a dialect reads single values. Undefined: not such a value. */
export interface ScalarReader {
  /** Undefined where the dialect sees a number, boolean or null and `coerce` is not allowed. */
  readonly text: (node: ScalarNode, coerce: boolean) => string | undefined;
  readonly integer: (node: ScalarNode) => number | undefined;
  readonly number: (node: ScalarNode) => number | undefined;
  readonly boolean: (node: ScalarNode) => boolean | undefined;
  /** Bytes. */
  readonly size: (node: ScalarNode, of: 'memory' | 'log-rate') => number | undefined;
  /** Absent, as far as the dialect is concerned. */
  readonly isNull: (node: ScalarNode) => boolean;
  /** The name by which a key is looked up, where a dialect allows several spellings. */
  readonly keyName: (written: string, keys: KeyTable) => string;
}

export interface Checking {
  readonly reader: ScalarReader;
  readonly problems: Problems;
  /** Where this is, for messages: `app "web"`. */
  readonly owner: string;
  /** Whether an unknown key with a single value is nevertheless of use, which may only be known later: then it is reported. */
  readonly unknownKey?: (key: ScalarNode, report: () => void) => void;
}

export function checkRecord(node: Node, shape: RecordShape, checking: Checking): void {
  if (node.kind !== 'map') {
    if (isEmptyScalar(node)) return;
    typeProblem(node, undefined, shape.name, checking);
    return;
  }
  const within = inside(node, shape, checking);
  const written = new Map<string, Entry>();
  for (const entry of node.entries) {
    const name = checking.reader.keyName(entry.key.text, shape.keys);
    const rule = shape.keys.get(name);
    if (!rule) {
      unknownKey(entry, shape, within);
      continue;
    }
    const other = written.get(name);
    if (other) bothSpellings(entry, other, within);
    written.set(name, entry);
    checkRule(entry, name, rule, shape.keys, within);
  }
  for (const [name, rule] of shape.keys) {
    if (rule.required && !hasKey(node, name, shape, checking)) missingKey(node, name, shape, within);
  }
}

function bothSpellings({ key }: Entry, { key: other }: Entry, checking: Checking): void {
  const message = inOwner(checking, `Cannot define both "${other.text}" and "${key.text}"`);
  checking.problems.error('MANIFEST_DUPLICATE_KEY', key.place, message, {
    hint: 'They are two spellings of one key; remove one',
    related: { message: 'First defined here', place: other.place },
  });
}

/** Messages from inside a titled record say which one: `Process "worker"`. */
function inside(node: MapNode, { titled }: RecordShape, checking: Checking): Checking {
  if (!titled) return checking;
  const title = node.entries.find(({ key }) => key.text === titled.key)?.value;
  if (title?.kind !== 'scalar' || title.text === '') return checking;
  const name = titled.quote + title.text + titled.quote;
  const owner = `${checking.owner === '' ? '' : `${checking.owner}: `}${titled.word} ${name}`;
  return { ...checking, owner };
}

function checkRule(entry: Entry, name: string, rule: KeyRule, keys: KeyTable, checking: Checking): void {
  if (rule.deprecated !== undefined) {
    checking.problems.warning('MANIFEST_IGNORED_KEY', entry.key.place, rule.deprecated, {});
  }
  const meant = rule.aliasOf === undefined ? rule : (keys.get(rule.aliasOf) ?? rule);
  checkShape(entry.value, meant.shape, { key: entry.key.text || name, rule: meant }, checking);
}

interface Subject {
  readonly key: string;
  readonly rule: KeyRule | undefined;
}

function checkShape(node: Node, shape: Shape, subject: Subject, checking: Checking): void {
  if (node.kind === 'scalar' && (node.unresolved || checking.reader.isNull(node))) return;
  switch (shape.kind) {
    case 'anything':
      return;
    case 'text':
    case 'integer':
    case 'number':
    case 'boolean':
    case 'size':
      checkScalar(node, shape, subject, checking);
      return;
    case 'list':
      if (node.kind === 'list') {
        for (const item of node.items) checkShape(item, shape.of, subject, checking);
      } else typeProblem(node, subject, 'a list', checking);
      return;
    case 'one-or-list':
      if (node.kind === 'list') {
        for (const item of node.items) checkShape(item, shape.of, subject, checking);
      } else checkShape(node, shape.of, subject, checking);
      return;
    case 'map':
      checkMap(node, shape, subject, checking);
      return;
    case 'record':
      if (node.kind === 'map') checkRecord(node, shape, checking);
      else typeProblem(node, subject, 'a mapping', checking);
      return;
    case 'either': {
      const chosen = shape[node.kind];
      if (chosen) checkShape(node, chosen, subject, checking);
      else typeProblem(node, subject, describe(shape), checking);
    }
  }
}

function checkMap(
  node: Node,
  shape: Extract<Shape, { kind: 'map' }>,
  subject: Subject,
  checking: Checking,
): void {
  if (node.kind !== 'map') {
    typeProblem(node, subject, 'a mapping', checking);
    return;
  }
  const allowed = shape.keys && new RegExp(shape.keys.pattern);
  for (const { key, value } of node.entries) {
    if (allowed && shape.keys && !allowed.test(key.text)) {
      checking.problems.error(
        'MANIFEST_NAME',
        key.place,
        inOwner(checking, `"${key.text}" ${shape.keys.problem}`),
      );
    }
    checkShape(value, shape.of, { key: key.text, rule: undefined }, checking);
  }
}

type ScalarShape = Extract<Shape, { kind: 'text' | 'integer' | 'number' | 'boolean' | 'size' }>;

function checkScalar(node: Node, shape: ScalarShape, subject: Subject, checking: Checking): void {
  if (node.kind !== 'scalar') {
    typeProblem(node, subject, describe(shape), checking);
    return;
  }
  const { reader } = checking;
  switch (shape.kind) {
    case 'text':
      checkText(node, shape, subject, checking);
      return;
    case 'integer':
    case 'number': {
      const value = shape.kind === 'integer' ? reader.integer(node) : reader.number(node);
      const inside =
        value !== undefined && value >= (shape.min ?? -Infinity) && value <= (shape.max ?? Infinity);
      if (!inside) valueProblem(node, subject, describe(shape), checking);
      return;
    }
    case 'boolean':
      if (reader.boolean(node) === undefined) valueProblem(node, subject, describe(shape), checking);
      return;
    case 'size':
      checkSize(node, shape, subject, checking);
  }
}

function checkSize(node: ScalarNode, shape: SizeShape, subject: Subject, checking: Checking): void {
  const bytes = checking.reader.size(node, shape.of);
  if (bytes === undefined) return valueProblem(node, subject, describe(shape), checking);
  const { min = -Infinity } = shape;
  if (bytes >= min && bytes <= MAX_LIMIT_BYTES) return;
  const wanted =
    bytes < min
      ? `greater than 0MB: "${node.text}" is less than ${formatSize(min)}`
      : `at most ${MAX_LIMIT_BYTES / MIB}MB: "${node.text}" is more`;
  const title = capital(subject.key.replaceAll(/[_-]/g, ' '));
  checking.problems.error('MANIFEST_VALUE', node.place, inOwner(checking, `${title} must be ${wanted}`), {
    hint: exampleHint(subject),
    related: node.origin,
  });
}

function checkText(node: ScalarNode, shape: TextShape, subject: Subject, checking: Checking): void {
  const value = checking.reader.text(node, shape.coerce ?? false);
  if (value === undefined) {
    valueProblem(node, subject, 'a string', checking, 'Put the value in quotes');
    return;
  }
  if (shape.choices && !shape.choices.includes(value)) {
    const near = suggest(value, shape.choices);
    valueProblem(
      node,
      subject,
      describe(shape),
      checking,
      near === undefined ? undefined : `Did you mean "${near}"?`,
    );
    return;
  }
  if (shape.maxLength !== undefined && value.length > shape.maxLength) {
    valueProblem(node, subject, `at most ${shape.maxLength} characters long`, checking);
  } else if (shape.pattern !== undefined && !new RegExp(shape.pattern, 'u').test(value)) {
    valueProblem(node, subject, 'of another form', checking);
  }
}

function unknownKey(entry: Entry, shape: RecordShape, checking: Checking): void {
  const { problems, reader } = checking;
  const { key } = entry;
  if (key.unresolved) return;
  const message = inOwner(checking, `Unknown key "${key.text}" in ${shape.name}`);
  const hint = (): string | undefined => {
    const elsewhere = shape.elsewhere?.get(key.text);
    if (elsewhere !== undefined) return elsewhere;
    const near = suggest(reader.keyName(key.text, shape.keys), shape.keys.keys());
    if (near !== undefined) return `Did you mean "${near}"?`;
    return shape.unknown === 'refuse' ? `Known keys: ${[...shape.keys.keys()].join(', ')}` : undefined;
  };
  if (shape.unknown === 'refuse') problems.error('MANIFEST_UNKNOWN_KEY', key.place, message, { hint });
  else {
    const report = () =>
      problems.warning(
        'MANIFEST_UNKNOWN_KEY',
        key.place,
        `${message}; ${shape.unknownMeans ?? 'it is ignored'}`,
        { hint },
      );
    if (checking.unknownKey && entry.value.kind === 'scalar') checking.unknownKey(key, report);
    else report();
  }
}

function missingKey(node: MapNode, name: string, shape: RecordShape, checking: Checking): void {
  const misspelt = node.entries.find(
    ({ key }) =>
      !shape.keys.has(checking.reader.keyName(key.text, shape.keys)) &&
      suggest(key.text, [name]) !== undefined,
  );
  checking.problems.error(
    'MANIFEST_MISSING_KEY',
    misspelt?.key.place ?? firstKeyPlace(node),
    inOwner(checking, `${capital(shape.name)} needs the key "${name}"`),
    {
      hint: misspelt
        ? `Did you mean "${name}" where "${misspelt.key.text}" is written?`
        : exampleHint({ key: name, rule: shape.keys.get(name) }),
    },
  );
}

function hasKey(node: MapNode, name: string, { keys }: RecordShape, { reader }: Checking): boolean {
  return node.entries.some(
    ({ key, value }) =>
      reader.keyName(key.text, keys) === name && !(value.kind === 'scalar' && reader.isNull(value)),
  );
}

/** Block mappings span many lines; the first key is where to look. */
export const firstKeyPlace = (node: MapNode) => node.entries[0]?.key.place ?? node.place;

function typeProblem(node: Node, subject: Subject | undefined, wanted: string, checking: Checking): void {
  const what = subject ? `"${subject.key}"` : capital(wanted);
  const message =
    subject?.rule?.refusal ?? `${what} must be ${subject ? wanted : 'a mapping'}, not ${kindName(node)}`;
  checking.problems.error('MANIFEST_TYPE', node.place, inOwner(checking, message), {
    hint: exampleHint(subject),
  });
}

function valueProblem(
  node: ScalarNode,
  subject: Subject,
  wanted: string,
  checking: Checking,
  hint?: string,
): void {
  const found = node.text === '' ? 'nothing' : `"${node.text}"`;
  const message = subject.rule?.refusal ?? `"${subject.key}" must be ${wanted}, not ${found}`;
  checking.problems.error('MANIFEST_VALUE', node.place, inOwner(checking, message), {
    hint: hint ?? exampleHint(subject),
    related: node.origin,
  });
}

const exampleHint = (subject: Subject | undefined): string | undefined =>
  subject?.rule?.example === undefined ? undefined : `For example: ${subject.rule.example}`;

const inOwner = (checking: Checking, message: string): string =>
  checking.owner === '' ? message : `${checking.owner}: ${message}`;

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** What a shape asks for, in words. */
export function describe(shape: Shape): string {
  switch (shape.kind) {
    case 'text':
      return shape.choices ? `one of ${shape.choices.join(', ')}` : 'a string';
    case 'integer':
    case 'number':
      return (shape.kind === 'integer' ? 'a whole number' : 'a number') + range(shape);
    case 'boolean':
      return 'true or false';
    case 'size':
      return 'a size such as 256M or 1G';
    case 'list':
      return 'a list';
    case 'one-or-list':
      return `${describe(shape.of)}, or a list of such`;
    case 'map':
    case 'record':
      return 'a mapping';
    case 'either':
      return (['scalar', 'list', 'map'] as const)
        .flatMap((kind) => (shape[kind] ? [describe(shape[kind])] : []))
        .join(' or ');
    case 'anything':
      return 'anything';
  }
}

function range({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
