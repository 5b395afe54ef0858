/** The document as the client would send it: only `applications` and `version`, variables and anchors gone. */
import { entryOf, list, map, scalar, type Entry, type MapNode } from '../../tree.ts';
import { cloudFoundryReader, fieldFlag, fieldScalar } from './reader.ts';

/** Dropped when they say nothing: the client leaves out false and zero. */
const OMITTED_WHEN_FALSE = ['no-route', 'random-route', 'default-route'];

export function asSent(document: MapNode, apps: readonly MapNode[]): MapNode {
  const entries: Entry[] = [];
  const applications = entryOf(document, 'applications');
  const place = applications?.value.place ?? document.place;
  entries.push({
    key: applications?.key ?? scalar('applications', place),
    value: list(apps.map(sentApp), place),
  });
  const version = entryOf(document, 'version');
  if (version) entries.push(version);
  return map(entries, document.place);
}

/** What the client reads into strings: `name: 012` stays what is written, where elsewhere it would be a number. */
const STRINGS = new Set([
  'name',
  'type',
  'path',
  'stack',
  'memory',
  'disk-quota',
  'log-rate-limit-per-second',
  'health-check-type',
  'health-check-http-endpoint',
]);

function withStrings(node: MapNode): MapNode {
  return map(
    node.entries.map(({ key, value }) => {
      const isString = STRINGS.has(cloudFoundryName(key.text)) && value.kind === 'scalar';
      return {
        key,
        value: isString && !cloudFoundryReader.isNull(value) ? { ...value, plain: false } : value,
      };
    }),
    node.place,
  );
}

function withProcessStrings({ key, value }: Entry): Entry {
  if (key.text !== 'processes' || value.kind !== 'list') return { key, value };
  return {
    key,
    value: list(
      value.items.map((item) => (item.kind === 'map' ? withoutZeroTimeout(withStrings(item)) : item)),
      value.place,
    ),
  };
}

function withoutZeroTimeout(node: MapNode): MapNode {
  return map(
    node.entries.filter(
      ({ key, value }) =>
        key.text !== 'timeout' || value.kind !== 'scalar' || cloudFoundryReader.integer(value) !== 0,
    ),
    node.place,
  );
}

function sentApp(app: MapNode): MapNode {
  const entries = withoutZeroTimeout(withStrings(app))
    .entries.map(withProcessStrings)
    .filter(({ key, value }) => {
      const name = cloudFoundryName(key.text);
      if (value.kind !== 'scalar') return true;
      return !OMITTED_WHEN_FALSE.includes(name) || cloudFoundryReader.boolean(value) !== false;
    });
  if (!fieldFlag(app, 'no-route') && !fieldFlag(app, 'random-route') && !fieldScalar(app, 'default-route')) {
    entries.push({ key: scalar('default-route', app.place), value: scalar('true', app.place) });
  }
  return map(entries, app.place);
}

const cloudFoundryName = (key: string): string => key.replaceAll('_', '-');
