/** Flags over what the manifest says about one app, as the client puts them into the document it sends. */
import type { Overrides } from '../../options.ts';
import { placeInFlag } from '../../source.ts';
import { entryOf, list, map, scalar, type Entry, type MapNode } from '../../tree.ts';

const FLAGS = [
  ['name', 'name', '--as', false],
  ['instances', 'instances', '--instances', true],
  ['memory', 'memory', '--memory', false],
  ['disk', 'disk_quota', '--disk', false],
  ['command', 'command', '--command', false],
  ['stack', 'stack', '--stack', false],
  ['timeout', 'timeout', '--timeout', true],
  ['healthCheckType', 'health-check-type', '--health-check-type', false],
  ['endpoint', 'health-check-http-endpoint', '--endpoint', false],
] as const;

export function applyOverrides(app: MapNode, overrides: Overrides): MapNode {
  let result = app;
  for (const [name, key, flag, typed] of FLAGS) {
    const value = overrides[name];
    if (value !== undefined)
      result = put(result, key, scalar(String(value), placeInFlag(flag, String(value)), typed));
  }
  if (overrides.urls) {
    const place = placeInFlag('--url', overrides.urls.join(' '));
    const routes = overrides.urls.map((url) =>
      map([{ key: scalar('route', place), value: scalar(url, placeInFlag('--url', url), false) }], place),
    );
    const [key, value] =
      routes.length > 0 ? ['routes', list(routes, place)] : ['no-route', scalar('true', place)];
    const others = ['routes', 'no-route', 'random-route', 'default-route'];
    const kept = result.entries.filter((entry) => !others.includes(entry.key.text.replaceAll('_', '-')));
    result = map([...kept, { key: scalar(key, place), value }], result.place);
  }
  if (overrides.buildpack !== undefined) {
    const place = placeInFlag('--buildpack', overrides.buildpack);
    result = put(result, 'buildpacks', list([scalar(overrides.buildpack, place, false)], place));
    result = map(
      result.entries.filter(({ key }) => key.text !== 'buildpack'),
      result.place,
    );
  }
  return result;
}

/** Flags describe the web process, which may have an entry of its own. */
const PROCESS_KEYS = new Set([
  'instances',
  'memory',
  'disk_quota',
  'command',
  'timeout',
  'health-check-type',
  'health-check-http-endpoint',
]);

function put(app: MapNode, key: string, value: Entry['value']): MapNode {
  const processes = entryOf(app, 'processes');
  if (PROCESS_KEYS.has(key) && processes?.value.kind === 'list') {
    const { items, place } = processes.value;
    const web = items.find((item): item is MapNode => item.kind === 'map' && isWeb(item));
    if (web)
      return replace(
        app,
        'processes',
        list(
          items.map((item) => (item === web ? replace(web, key, value) : item)),
          place,
        ),
      );
  }
  return replace(app, key, value);
}

function isWeb(process: MapNode): boolean {
  const type = entryOf(process, 'type')?.value;
  return type?.kind === 'scalar' && type.text === 'web';
}

function replace(node: MapNode, key: string, value: Entry['value']): MapNode {
  const found = node.entries.find(
    (entry) => entry.key.text.replaceAll('_', '-') === key.replaceAll('_', '-'),
  );
  if (!found) return map([...node.entries, { key: scalar(key, value.place), value }], node.place);
  return map(
    node.entries.map((entry) => (entry === found ? { key: entry.key, value } : entry)),
    node.place,
  );
}
