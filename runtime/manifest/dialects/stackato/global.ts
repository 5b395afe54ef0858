/** Steps over all apps of a merged manifest: absolute paths, dependencies by name, workers of the legacy buildpack. */
import { dirname, resolve } from 'node:path';
import type { AbsolutePath } from '../../../kernel/names.ts';
import type { Problems } from '../../problems.ts';
import {
  entryOf,
  get,
  getText,
  list,
  map,
  scalar,
  scalars,
  type Entry,
  type MapNode,
  type Node,
} from '../../tree.ts';
import { appsIn } from './load.ts';
import { Draft } from './draft.ts';
import { isNullCommand, readBoolean } from './reader.ts';

/** `file` is the root manifest: paths are relative to it, whichever file wrote them. */
export function finishApps(tree: MapNode, file: AbsolutePath, problems: Problems): MapNode {
  const folder = dirname(file);
  const nameByPath = new Map<string, string>();
  const placed = appsIn(tree).map(({ key, app }): Entry => {
    const draft = new Draft(app);
    const path = draft.get('path');
    if (path?.kind === 'scalar') {
      const absolute = resolve(folder, path.text);
      nameByPath.set(absolute, key.text);
      draft.set('path', { ...scalar(absolute, path.place), plain: path.plain });
    }
    return { key, value: draft.node() };
  });
  const apps = placed.map(({ key, value }): Entry => {
    const draft = new Draft(value as MapNode);
    nameDependencies(draft, folder, nameByPath, problems);
    settleLegacy(draft, key.text, problems);
    return { key, value: draft.node() };
  });
  const applications = entryOf(tree, 'applications');
  if (!applications) return tree;
  return map(
    tree.entries.map((entry) =>
      entry === applications ? { key: entry.key, value: map(apps, applications.value.place) } : entry,
    ),
    tree.place,
  );
}

/** In the mapping form, apps depend on folders; everything later goes by names. */
function nameDependencies(
  draft: Draft,
  folder: string,
  nameByPath: ReadonlyMap<string, string>,
  problems: Problems,
): void {
  const paths = draft.take('depends-on-path');
  if (!paths) return;
  const names = scalars(paths.value).flatMap((path) => {
    const name = nameByPath.get(resolve(folder, path.text));
    if (name !== undefined) return [scalar(name, path.place)];
    problems.error('MANIFEST_DEPENDENCY', path.place, `No app lies in the folder "${path.text}"`, {
      hint: 'Where "applications" is a mapping, "depends-on" names folders, as its keys do',
    });
    return [];
  });
  draft.set(
    'depends-on',
    paths.value.kind === 'scalar' && names[0] ? names[0] : list(names, paths.value.place),
  );
}

/** What the legacy buildpack implies: no URL for a worker, and .war files unpacked. */
function settleLegacy(draft: Draft, name: string, problems: Problems): void {
  const framework = get(draft.get('framework'), 'name');
  if (framework === undefined) return;
  const web = get(get(draft.get('stackato'), 'processes'), 'web');
  const standalone = framework.kind === 'scalar' && framework.text === 'standalone';
  const isWorker = standalone || (web?.kind === 'scalar' && isNullCommand(web.text));
  if (isWorker) {
    const urls = scalars(draft.get('urls'));
    if (urls[0]) {
      problems.error('MANIFEST_VALUE', urls[0].place, `App "${name}" is a worker and asks for a URL`, {
        hint: 'Remove the URL, or write "url: []"',
        related: {
          message: standalone ? 'The framework "standalone" makes it a worker' : 'This makes it a worker',
          place: (standalone || !web ? framework : web).place,
        },
      });
    } else draft.set('urls', list([], framework.place));
  }
  const unpack: Node | undefined = get(draft.get('stackato'), 'force-war-unpacking');
  const wanted = unpack?.kind === 'scalar' ? readBoolean(unpack.text) : undefined;
  if (unpack && wanted === false) {
    problems.error(
      'MANIFEST_VALUE',
      unpack.place,
      `App "${name}" has a framework, which needs "force-war-unpacking"`,
      {
        hint: 'Remove the key',
        related: { message: 'The framework', place: framework.place },
      },
    );
  }
  if (!unpack) {
    draft.block({
      key: scalar('force-war-unpacking', framework.place),
      value: scalar('yes', framework.place),
    });
  }
}

/** Names of the apps an app depends on. */
export const dependenciesOf = (app: MapNode): ReturnType<typeof scalars> => scalars(get(app, 'depends-on'));

/** The app's folder, absolute once `finishApps` has run. */
export const pathOf = (app: MapNode): string => getText(app, 'path') ?? '/';
