/** The forms of `services:` → NAME: {type: TYPE, …}, or NAME with nothing for one that must exist already. */
import { map, scalar, type Entry, type Node, type ScalarNode } from '../../tree.ts';
import type { KnownTypes, NormaliseContext } from './context.ts';

/** Types of the original platform and its add-ons. Whether one can be started here is not the manifest's business. */
const STACKATO_TYPES = [
  'memcached',
  'mysql',
  'postgresql',
  'redis',
  'mongodb',
  'rabbitmq',
  'rabbitmq3',
  'filesystem',
  'harbor',
  'oracledb',
  'mssql2012',
  'mssql2014',
  'elasticsearch',
  'couchdb',
  'activemq',
  'user-provided',
  'smtp',
] as const;

/** Whether the original platform had services of this type. */
export const isKnownType = (type: string): boolean => ORIGINAL_TYPES.has(type);
const ORIGINAL_TYPES: ReadonlySet<string> = new Set(STACKATO_TYPES);

export function knownTypes(more: readonly string[] | undefined): KnownTypes {
  return { names: new Set([...STACKATO_TYPES, ...(more ?? [])]), complete: more !== undefined };
}

export function normaliseServices(services: Node, context: NormaliseContext): Node {
  if (services.kind === 'scalar') return map([], services.place);
  if (services.kind === 'list') {
    const entries = services.items.flatMap((item): Entry[] =>
      item.kind === 'scalar' ? [{ key: item, value: scalar('', item.place) }] : [],
    );
    return map(entries, services.place);
  }
  return map(
    services.entries.map((entry) =>
      entry.value.kind === 'scalar' ? pair(entry.key, entry.value, context) : entry,
    ),
    services.place,
  );
}

/** `LEFT: RIGHT`: which is the name and which the type? */
function pair(left: ScalarNode, right: ScalarNode, { problems, types }: NormaliseContext): Entry {
  if (right.text === '') return { key: left, value: right };
  const leftIsType = types.names.has(left.text);
  const rightIsType = types.names.has(right.text);
  if (leftIsType && !rightIsType) {
    problems.warning(
      'MANIFEST_SERVICE',
      left.place,
      `"${left.text}: ${right.text}" is the old order TYPE: NAME`,
      {
        hint: `Write NAME: TYPE, that is "${right.text}: ${left.text}"`,
      },
    );
    return { key: right, value: typed(left) };
  }
  return { key: left, value: typed(right) };
}

const typed = (type: ScalarNode): Node => map([{ key: scalar('type', type.place), value: type }], type.place);
