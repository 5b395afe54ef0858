/** Which language a folder is in, and making its dependencies ready. The list below is all there is to know of order. */
import { findTool } from '../../services/kit/find-tool.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AppManifest } from '../manifest/types.ts';
import { binary } from './binary.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { node } from './node.ts';
import { pages, staticfile } from './static.ts';
import { php } from './php.ts';
import { readProcfile } from './procfile.ts';
import { python } from './python.ts';
import { ruby } from './ruby.ts';
import { reportSystemPackages } from './system-packages.ts';
import { installLine } from './tool-hints.ts';
import type { AppFacts, AppSource, Buildpack, InstallContext, Installed } from './types.ts';

const PROCFILE = 'Procfile';

/**
 * First match wins. The order is that of Cloud Foundry's buildpacks, which Stackato's detection agrees with
 * where both know a language; `binary` accepts anything and comes last.
 */
export const BUILDPACKS: readonly Buildpack[] = [
  staticfile,
  java,
  ruby,
  node,
  go,
  python,
  php,
  pages,
  binary,
];

/**
 * What the folder holds and how it would be started: Procfile before the language's own default.
 * @throws PaasError `STAGING_FAILED` where the Procfile cannot be read
 */
export function detect(source: AppSource, manifest: AppManifest): AppFacts {
  const { pack, because, supply, notes } = choose(source, manifest);
  const findings = pack.inspect(source, manifest);
  const procfile = readProcfileOf(source, manifest);
  return {
    buildpack: pack.name,
    because,
    commands: { ...findings.commands, ...procfile.commands },
    lookedFor: ['a command in the manifest', `a "web:" line in ${PROCFILE}`, ...findings.lookedFor],
    requirementFiles: findings.requirementFiles,
    notes: [...notes, ...procfile.notes, ...findings.notes],
    ...(supply.length > 0 ? { supply: supply.map((other) => other.name) } : {}),
  };
}

/** Sentences about programs that staging would look for in vain. Nothing is run to find out. */
export function missingPrograms(
  source: AppSource,
  { buildpack, supply = [] }: AppFacts,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  return [...supply, buildpack]
    .flatMap((name) => packNamed(name).programs?.(source) ?? [])
    .filter(({ name }) => findTool(name, env) === undefined)
    .map(({ name, tool }) => {
      const line = installLine(tool, env);
      const how = line === undefined ? '' : `; install it with: ${line}`;
      return `${name} is not installed, so staging will fail${how}`;
    });
}

/**
 * Makes the dependencies ready, or finds them so.
 * @throws PaasError `STAGING_*`; the reason of `context.signal` when it is aborted
 */
export async function install(context: InstallContext): Promise<Installed> {
  await reportSystemPackages(context);
  const { buildpack, supply = [] } = context.facts;
  const results: Installed[] = [];
  for (const name of [...supply, buildpack]) {
    context.signal.throwIfAborted();
    results.push(await packNamed(name).install(context));
  }
  return combine(results);
}

/** See `Buildpack.shares`. */
export function sharedFolders(
  source: AppSource,
  manifest: AppManifest,
  { buildpack, supply = [] }: AppFacts,
): ReadonlyMap<string, string> {
  const shared = [...supply, buildpack].map((name) => packNamed(name).shares?.(source, manifest));
  return new Map(shared.flatMap((folders) => [...(folders ?? [])]));
}

/** The last buildpack's folders come first on PATH, as it is the one that starts the app. */
function combine(results: readonly Installed[]): Installed {
  const [only, ...others] = results;
  if (only && others.length === 0) return only;
  return {
    skipped: results.every((result) => result.skipped),
    fingerprint: results.map((result) => result.fingerprint).join('+'),
    path: results.toReversed().flatMap((result) => result.path),
    env: Object.assign({}, ...results.map((result) => result.env)) as Record<string, string>,
  };
}

interface Choice {
  readonly pack: Buildpack;
  readonly because: string;
  readonly supply: readonly Buildpack[];
  readonly notes: readonly string[];
}

/** What the manifest names, else what the folder looks like. */
function choose(source: AppSource, manifest: AppManifest): Choice {
  const asked = [
    ...manifest.buildpacks.map((name) => ({ name, key: 'buildpack' })),
    ...(manifest.buildpacks.length === 0 && manifest.framework?.name
      ? [{ name: manifest.framework.name, key: 'framework' }]
      : []),
  ];
  const known = asked.flatMap(({ name, key }) => {
    const pack = packCalled(name);
    return pack ? [{ pack, because: `the manifest names the ${key} "${name}"` }] : [];
  });
  const notes = asked
    .filter(({ name }) => !packCalled(name) && !MEANS_DETECTION.has(name.toLowerCase()))
    .map(({ name, key }) => `The ${key} "${name}" is not known here; the language is told from the folder`);
  const last = known.at(-1);
  if (last) {
    const supply = known.slice(0, -1).map(({ pack }) => pack);
    return {
      ...last,
      supply: supply.filter((pack, index) => pack !== last.pack && supply.indexOf(pack) === index),
      notes,
    };
  }
  return { ...recognise(source, manifest), supply: [], notes };
}

/** Values of `buildpack` and `framework` that leave the choice to the platform. */
const MEANS_DETECTION = new Set(['default', 'null', 'buildpack', 'auto', 'detect']);

function recognise(source: AppSource, manifest: AppManifest): Pick<Choice, 'pack' | 'because'> {
  for (const pack of BUILDPACKS) {
    const because = pack.recognise(source, manifest);
    if (because !== undefined) return { pack, because };
  }
  return { pack: binary, because: 'nothing of a known language found' };
}

/**
 * A buildpack by what a manifest calls it: a name (`python_buildpack`, `python`),
 * or the address of a repository (`https://github.com/heroku/heroku-buildpack-python.git#v1`).
 */
function packCalled(name: string): Buildpack | undefined {
  const word = name
    .toLowerCase()
    .replace(/[#?].*$/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/^.*[/:]/, '')
    .replace(/^(heroku|stackato|cf|dotcloud)-/, '')
    .replace(/^buildpack-/, '')
    .replace(/[-_]buildpack$/, '')
    .replace(/^paketo-/, '');
  return BUILDPACKS.find((pack) => pack.name === word || pack.aliases.includes(word));
}

function packNamed(name: string): Buildpack {
  const pack = BUILDPACKS.find((candidate) => candidate.name === name);
  if (!pack) throw new TypeError(`No buildpack is called "${name}"`);
  return pack;
}

function readProcfileOf(source: AppSource, manifest: AppManifest): ReturnType<typeof readProcfile> {
  const text = source.readText(PROCFILE);
  if (text === undefined) return { commands: {}, notes: [] };
  const procfile = readProcfile(text);
  if (procfile.problem) {
    throw new PaasError('STAGING_FAILED', {
      app: manifest.name,
      message: procfile.problem,
      hint: 'Write one line per process type: web: COMMAND',
    });
  }
  return procfile;
}
