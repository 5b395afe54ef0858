/** Flags over what the manifest says about one app. */
import type { Overrides } from '../../options.ts';
import { placeInFlag, type Place } from '../../source.ts';
import { list, scalar, type MapNode } from '../../tree.ts';
import { Draft } from './draft.ts';

const FLAGS = [
  ['instances', 'instances', '--instances'],
  ['memory', 'memory', '--memory'],
  ['disk', 'disk', '--disk'],
  ['command', 'command', '--command'],
  ['buildpack', 'buildpack', '--buildpack'],
  ['stack', 'stack', '--stack'],
  ['timeout', 'timeout', '--timeout'],
] as const;

export function applyOverrides(app: MapNode, overrides: Overrides): MapNode {
  const draft = new Draft(app);
  for (const [name, key, flag] of FLAGS) {
    const value = overrides[name];
    if (value !== undefined) draft.set(key, scalar(String(value), placeInFlag(flag, String(value)), false));
  }
  if (overrides.urls) {
    const flag: Place = placeInFlag('--url', overrides.urls.join(' '));
    draft.set(
      'urls',
      list(
        overrides.urls.map((url) => scalar(url, placeInFlag('--url', url), false)),
        flag,
      ),
    );
  }
  return draft.node();
}

/** What `${…}` finds before anything in the manifest. */
export function chosenSymbols(overrides: Overrides): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>();
  if (overrides.name !== undefined) chosen.set('name', overrides.name);
  for (const [name, key] of FLAGS) {
    const value = overrides[name];
    if (value !== undefined) chosen.set(key, String(value));
  }
  return chosen;
}
