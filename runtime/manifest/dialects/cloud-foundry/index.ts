/** A Cloud Foundry manifest, from its parsed file to its apps. */
import { dirname, resolve } from 'node:path';
import { suggest } from '../../../kernel/suggest.ts';
import { absolutePath, type AbsolutePath } from '../../../kernel/names.ts';
import { checkRecord } from '../../check.ts';
import type { Dialected, DialectContext } from '../../dialect.ts';
import { MAX_APPS } from '../../limits.ts';
import { refuseRoot } from '../../refuse-root.ts';
import { placeInFlag } from '../../source.ts';
import { entryOf, hasAnchor, map, scalar, type Entry, type MapNode, type Node } from '../../tree.ts';
import type { AppManifest } from '../../types.ts';
import { decodeApp } from './decode.ts';
import { asSent } from './effective.ts';
import { APP, APP_KEYS, FILE, INERT_APP_KEYS, INERT_TOP_KEYS } from './keys.ts';
import { applyOverrides } from './overrides.ts';
import { cloudFoundryReader, field, fieldScalar, fieldText } from './reader.ts';
import { readVariables, replaceVariables } from './variables.ts';

export async function readCloudFoundry(
  file: AbsolutePath,
  root: MapNode,
  context: DialectContext,
): Promise<Dialected> {
  const { problems, options } = context;
  const files = [file];
  const documents = [root];
  const variables = await readVariables(options, problems);
  const document = replaceVariables(root, variables, problems);
  checkRecord(keepMeaningful(document, context), FILE, { reader: cloudFoundryReader, problems, owner: '' });
  const declared = declaredApps(document, context);
  if (declared.length > MAX_APPS) {
    problems.error('MANIFEST_TOO_LARGE', undefined, `The manifest declares more than ${MAX_APPS} apps`);
    return { files, documents, apps: [] };
  }
  const selected = select(declared, context).map((app) =>
    declared.length === 1 || options.appNames?.length === 1
      ? applyOverrides(app, options.overrides ?? {})
      : app,
  );
  refuseAmbiguousOverrides(selected, context);
  const apps: AppManifest[] = [];
  for (const [index, app] of selected.entries()) {
    const owner = ownerOf(app, index);
    checkRecord(warnOfInert(app, owner, context), APP, { reader: cloudFoundryReader, problems, owner });
    const rootFolder = folderOf(app, selected.length, file, context);
    const decoded = decodeApp(app, rootFolder, { problems, options, owner });
    refuseRoot(decoded, problems, fieldScalar(app, 'path')?.place);
    apps.push(decoded);
  }
  return { files, documents, apps, effective: asSent(document, selected) };
}

const ownerOf = (app: MapNode, index: number): string => {
  const name = fieldText(app, 'name');
  return name === undefined || name.trim() === ''
    ? `For application at index ${index}`
    : `For application '${name}'`;
};

/** Drops top-level keys that the client drops, with a warning, except where they only hold anchors for the apps. */
function keepMeaningful(document: MapNode, { problems }: DialectContext): MapNode {
  const kept: Entry[] = [];
  for (const entry of document.entries) {
    const key = entry.key.text;
    if (FILE.keys.has(key)) {
      kept.push(entry);
      continue;
    }
    if (hasAnchor(entry.value)) continue;
    const inert =
      INERT_TOP_KEYS.get(key) ??
      (APP_KEYS.has(cloudFoundryReader.keyName(key, APP_KEYS)) || INERT_APP_KEYS.has(key)
        ? 'Move it into each app; with YAML anchors it need not be repeated'
        : undefined);
    if (inert === undefined) kept.push(entry);
    else {
      problems.warning(
        'MANIFEST_IGNORED_KEY',
        entry.key.place,
        `"${key}" at the top of a Cloud Foundry manifest does nothing`,
        { hint: inert },
      );
    }
  }
  return map(kept, document.place);
}

/** Drops app keys of older clients, with a warning that says what to write instead. */
function warnOfInert(app: MapNode, owner: string, { problems }: DialectContext): MapNode {
  return map(
    app.entries.filter(({ key }) => {
      const instead = INERT_APP_KEYS.get(key.text) ?? INERT_APP_KEYS.get(key.text.replaceAll('_', '-'));
      if (instead === undefined) return true;
      problems.warning(
        'MANIFEST_IGNORED_KEY',
        key.place,
        `${owner}: "${key.text}" is ignored by today's Cloud Foundry`,
        { hint: instead },
      );
      return false;
    }),
    app.place,
  );
}

function declaredApps(document: MapNode, { problems }: DialectContext): readonly MapNode[] {
  const entry = entryOf(document, 'applications');
  const items = field(document, 'applications');
  if (!entry || !items || (items.kind === 'list' && items.items.length === 0)) {
    const misspelt = entry
      ? undefined
      : document.entries.find(({ key }) => suggest(key.text, ['applications']));
    problems.error(
      'MANIFEST_EMPTY',
      (misspelt ?? entry ?? document.entries[0])?.key.place ?? document.place,
      'Manifest must have at least one application.',
      {
        hint: misspelt
          ? `Did you mean "applications" where "${misspelt.key.text}" is written?`
          : 'Write for example: applications: [{name: my-app}]',
      },
    );
    return [];
  }
  if (items.kind !== 'list') return [];
  const apps: MapNode[] = [];
  const names = new Map<string, Node>();
  for (const item of items.items) {
    if (item.kind !== 'map') {
      problems.error('MANIFEST_TYPE', item.place, 'An app must be a mapping', {
        hint: 'For example: - name: my-app',
      });
      continue;
    }
    const name = fieldScalar(item, 'name');
    const first = name && names.get(name.text);
    if (name && first) {
      problems.error('MANIFEST_DUPLICATE_APP', name.place, `Two apps are called "${name.text}"`, {
        related: { message: 'First defined here', place: first.place },
      });
    }
    if (name) names.set(name.text, name);
    apps.push(item);
  }
  return apps;
}

/** A name given on the command line picks an app; if the manifest has just one, it renames that. */
function select(apps: readonly MapNode[], { problems, options }: DialectContext): readonly MapNode[] {
  const names = options.appNames ?? [];
  const [only, another] = apps;
  if (names.length === 1 && only && !another) return [renamed(only, names[0]!, 'APP_NAME')];
  if (names.length === 0) return apps;
  return names.flatMap((name) => {
    const found = apps.find((app) => fieldText(app, 'name') === name);
    if (found) return [found];
    const known = apps.flatMap((app) => fieldText(app, 'name') ?? []);
    const near = suggest(name, known);
    problems.error(
      'MANIFEST_APP_UNKNOWN',
      placeInFlag('APP_NAME', name),
      `Could not find app named '${name}' in manifest`,
      {
        hint: near === undefined ? `Apps: ${known.join(', ')}` : `Did you mean "${near}"?`,
      },
    );
    return [];
  });
}

function renamed(app: MapNode, name: string, flag: string): MapNode {
  if (fieldText(app, 'name') === name) return app;
  const value = scalar(name, placeInFlag(flag, name), false);
  const entry = entryOf(app, 'name');
  const key = entry?.key ?? scalar('name', value.place);
  return map([{ key, value }, ...app.entries.filter((other) => other !== entry)], app.place);
}

function refuseAmbiguousOverrides(apps: readonly MapNode[], { problems, options }: DialectContext): void {
  if (apps.length < 2 || Object.keys(options.overrides ?? {}).length === 0) return;
  problems.error(
    'MANIFEST_APP_UNKNOWN',
    undefined,
    'Flags that change an app cannot be used with multiple apps',
    {
      hint: `Name one of them: ${apps.map((app) => fieldText(app, 'name')).join(', ')}`,
    },
  );
}

/**
 * The flag, relative to the current folder; else the attribute, relative to the manifest; else the current folder,
 * which need not be the manifest's.
 */
function folderOf(
  app: MapNode,
  count: number,
  file: AbsolutePath,
  { problems, options, base }: DialectContext,
): AbsolutePath {
  const folder = dirname(file);
  const written = fieldScalar(app, 'path');
  const flag = options.path === undefined ? undefined : resolve(options.cwd, options.path);
  if (flag !== undefined && flag !== folder) {
    if (count === 1) return absolutePath(flag);
    problems.error('MANIFEST_FOLDER', undefined, 'The option --path cannot be used with multiple apps');
  }
  if (written) return absolutePath(written.text, folder);
  if (base === folder) return base;
  // Searching the folders above is not what cf does, so there is no current folder of its to follow.
  if (options.manifest === undefined) return absolutePath(folder);
  problems.warning(
    'MANIFEST_FOLDER',
    app.entries[0]?.key.place,
    `The app has no "path", so the current folder "${base}" is pushed, not that of the manifest`,
    { hint: 'Write: path: .' },
  );
  return base;
}
