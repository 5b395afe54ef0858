/** A Stackato manifest, from its parsed root file to its apps. */
import { dirname, isAbsolute, relative } from 'node:path';
import { suggest } from '../../../kernel/suggest.ts';
import type { AbsolutePath } from '../../../kernel/names.ts';
import type { Dialected, DialectContext } from '../../dialect.ts';
import { inDependencyOrder } from '../../order.ts';
import { placeInFlag } from '../../source.ts';
import { refuseRoot } from '../../refuse-root.ts';
import { Budget } from '../../budget.ts';
import { checkRecord } from '../../check.ts';
import { entryOf, get, map, scalar, type MapNode, type Node, type ScalarNode } from '../../tree.ts';
import { decodeApp } from './decode.ts';
import { dependenciesOf, finishApps, pathOf } from './global.ts';
import { APP } from './keys.ts';
import { appsIn, loadStackato } from './load.ts';
import { applyOverrides, chosenSymbols } from './overrides.ts';
import { stackatoReader } from './reader.ts';
import { knownTypes } from './services.ts';
import { questionsIn, SymbolResolver } from './symbols.ts';

export async function readStackato(
  file: AbsolutePath,
  root: MapNode,
  context: DialectContext,
): Promise<Dialected> {
  const { problems, options } = context;
  warnOfVariables(context);
  const types = knownTypes(options.serviceTypes);
  const loaded = await loadStackato(file, root, { problems, types });
  if (!loaded) return { files: [file], apps: [], documents: [] };
  const finished = finishApps(loaded.tree, file, problems);
  const declared = appsIn(finished).map(({ key, app }) => ({
    name: key.text,
    key,
    app,
    dependsOn: dependenciesOf(app),
  }));
  if (declared.length === 0 && !problems.failed) noApps(root, context);
  const ordered = inDependencyOrder(declared, problems);
  const selected = select(ordered, file, context);
  const { tree, apps } = rename(finished, selected, context);

  const { healthCheckType, endpoint } = options.overrides ?? {};
  for (const [flag, value] of [
    ['--health-check-type', healthCheckType],
    ['--endpoint', endpoint],
  ] as const) {
    if (value === undefined) continue;
    const place = placeInFlag(flag, value);
    problems.error('MANIFEST_VALUE', place, 'A Stackato app has no health check type', {
      hint: 'Its port is checked; an app without a URL is healthy while it runs: --no-route',
    });
  }
  const answers = await askAll(tree, apps, file, context);
  const manifests = [];
  const normal = [];
  const single = apps.length === 1;
  const budget = new Budget();
  for (const { key, app } of apps) {
    const overridden = single ? applyOverrides(app, options.overrides ?? {}) : app;
    const resolver = new SymbolResolver(tree, key.text, {
      problems,
      chosen: single ? chosenSymbols(options.overrides ?? {}) : new Map(),
      targetBase: context.targetBase,
      random: context.random,
      answers,
      budget,
    });
    const resolved = resolver.resolve(overridden);
    checkRecord(resolved, APP, {
      reader: stackatoReader,
      problems,
      owner: '',
      unknownKey: (written, report) => {
        if (!loaded.isSymbol(written.text)) report();
      },
    });
    const name = get(resolved, 'name');
    const resolvedName = name?.kind === 'scalar' ? name : key;
    normal.push({ key: resolvedName, value: resolved });
    const manifest = await decodeApp(resolvedName, resolved, {
      file,
      app: resolvedName.text,
      problems,
      options,
      types,
    });
    refuseRoot(manifest, problems, get(resolved, 'path')?.place);
    manifests.push(single && context.archive ? { ...manifest, root: context.archive } : manifest);
  }
  return {
    files: loaded.files,
    documents: loaded.documents,
    apps: manifests,
    effective: withApps(tree, normal),
  };
}

interface Selected {
  readonly key: ScalarNode;
  readonly app: MapNode;
}

/** `((variables))` are Cloud Foundry's; here they are text. */
function warnOfVariables({ problems, options }: DialectContext): void {
  for (const [flag, values = []] of [
    ['--var', options.vars],
    ['--vars-file', options.varsFiles],
  ] as const) {
    const [first] = values;
    if (first === undefined) continue;
    const message = `${flag} has no effect: a Stackato manifest has no ((variables))`;
    problems.warning('MANIFEST_VARIABLE', placeInFlag(flag, first), message, {
      hint: 'Values for ${…} stand under "properties", or are asked for with ${ask …}',
    });
  }
}

function noApps(root: Node, { problems }: DialectContext): void {
  problems.error('MANIFEST_EMPTY', root.place, 'The manifest declares no app', {
    hint: 'Write for example: name: my-app',
  });
}

/**
 * The apps that are meant: those named; else those in whose folder we are; else, in the folder of the manifest, all.
 */
function select(
  apps: readonly (Selected & { readonly name: string })[],
  file: AbsolutePath,
  { problems, options, base }: DialectContext,
): readonly Selected[] {
  if (options.appNames && options.appNames.length > 0) {
    return options.appNames.flatMap((name) => {
      const found = apps.find((app) => app.name === name);
      if (found) return [found];
      const names = apps.map((app) => app.name);
      const near = suggest(name, names);
      problems.error(
        'MANIFEST_APP_UNKNOWN',
        placeInFlag('app', name),
        `The manifest has no app named "${name}"`,
        {
          hint: near === undefined ? `Apps: ${names.join(', ')}` : `Did you mean "${near}"?`,
        },
      );
      return [];
    });
  }
  const around = apps.filter(({ app }) => contains(pathOf(app), base));
  if (around.length > 0) return around;
  if (base !== dirname(file) && options.manifest === undefined && apps.length > 0) {
    problems.error(
      'MANIFEST_FOLDER',
      undefined,
      `The folder "${base}" belongs to no app of the manifest "${file}"`,
      {
        hint: `Go to the folder of the manifest or of one of its apps: ${apps.map(({ app }) => pathOf(app)).join(', ')}`,
      },
    );
  }
  return apps;
}

function contains(folder: string, inside: string): boolean {
  const path = relative(folder, inside);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}

/** `--as`: the chosen app gets another name everywhere, so that `${name}` in keys and values follows. */
function rename(
  tree: MapNode,
  apps: readonly Selected[],
  { options, problems }: DialectContext,
): { readonly tree: MapNode; readonly apps: readonly Selected[] } {
  const name = options.overrides?.name;
  const [only, another] = apps;
  if (options.overrides !== undefined && another && Object.keys(options.overrides).length > 0) {
    problems.error(
      'MANIFEST_APP_UNKNOWN',
      undefined,
      'Flags that change an app need to know which: the manifest has several',
      {
        hint: `Name one of them: ${apps.map(({ key }) => key.text).join(', ')}`,
      },
    );
  }
  if (name === undefined || !only || another) return { tree, apps };
  const key = scalar(name, placeInFlag('--as', name));
  const app = map(
    [
      { key: entryOf(only.app, 'name')?.key ?? key, value: key },
      ...only.app.entries.filter((entry) => entry.key.text !== 'name'),
    ],
    only.app.place,
  );
  return { tree: withApps(tree, [{ key, value: app }]), apps: [{ key, app }] };
}

function withApps(
  tree: MapNode,
  apps: readonly { readonly key: ScalarNode; readonly value: MapNode }[],
): MapNode {
  return map(
    tree.entries.map((entry) =>
      entry.key.text === 'applications' ? { key: entry.key, value: map(apps, entry.value.place) } : entry,
    ),
    tree.place,
  );
}

/** Answers to all `${ask …}` of the chosen apps, asked in the order of the file, each question once. */
async function askAll(
  tree: MapNode,
  apps: readonly Selected[],
  file: AbsolutePath,
  { options, problems }: DialectContext,
): Promise<ReadonlyMap<string, string>> {
  const properties = get(tree, 'properties');
  const questions = new Map(properties ? questionsIn(properties) : []);
  for (const { app } of apps) for (const [label, place] of questionsIn(app)) questions.set(label, place);
  const answers = new Map<string, string>();
  for (const [label, place] of questions) {
    const answer = await options.ask?.(`${label}: `, { file, key: `ask ${label}` });
    if (answer !== undefined) answers.set(label, answer);
    else {
      problems.error(
        'MANIFEST_SYMBOL',
        place,
        `The manifest asks for "${label}", and there is nobody to answer`,
        {
          hint: 'Push from a terminal, or write the value in place of "${ask …}"',
        },
      );
    }
  }
  return answers;
}
