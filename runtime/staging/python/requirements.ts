/** What a Python app says it needs, gathered from its manifest and its files. Only reads. */
import { posix } from 'node:path';
import type { AppManifest } from '../../manifest/types.ts';
import type { AppSource } from '../types.ts';

export interface PythonRequirements {
  /** Requirement files for the installer's `-r`, relative to the app's folder. */
  readonly files: readonly string[];
  /** Requirement lines of the manifest. */
  readonly listed: readonly string[];
  /** A project file whose dependencies count because there is no requirement file. */
  readonly project?: ProjectFile;
  /** Every file that has a say, with its text: what the fingerprint is made of. */
  readonly inputs: readonly { readonly path: string; readonly text: string }[];
  /** All requirements as plain names with versions; undefined where some line is more than that. */
  readonly plain: readonly string[] | undefined;
}

export interface ProjectFile {
  readonly path: 'Pipfile' | 'pyproject.toml';
  /** Exact versions to hold to. */
  readonly lock?: string;
}

/** In the platform's spelling: pypm's lists are read as pip's. */
const REQUIREMENT_FILES = ['requirements.txt', 'requirements.pypm', 'requirements-pypm.txt'] as const;
/** Files that include files that include files: deeper than this nobody means it. */
const MAX_INCLUDES = 50;

export function readRequirements(source: AppSource, manifest: AppManifest): PythonRequirements {
  const files = requirementFiles(source, manifest);
  const listed = manifest.requirements.pip.map((line) => line.trim()).filter((line) => line !== '');
  const project = files.length > 0 ? undefined : projectFile(source);
  const included = readIncludes(source, files, listed);
  const projectInputs = project
    ? [project.path, ...(project.lock ? [project.lock] : [])].map((path) => ({
        path,
        text: source.readText(path) ?? '',
      }))
    : [];
  const lines = [...included.inputs.flatMap(({ text }) => requirementLines(text)), ...listed];
  const isPlain =
    !project && included.complete && lines.every((line) => isInclude(line) || isPlainRequirement(line));
  return {
    files,
    listed,
    ...(project ? { project } : {}),
    inputs: [...included.inputs, ...projectInputs],
    plain: isPlain ? lines.filter((line) => !isInclude(line)) : undefined,
  };
}

/** True where nothing at all is needed. */
export function isEmpty(requirements: PythonRequirements): boolean {
  return requirements.files.length === 0 && requirements.listed.length === 0 && !requirements.project;
}

/** Whether a distribution is named anywhere, in any spelling: `Flask_SQLAlchemy` is `flask-sqlalchemy`. */
export function mentions(requirements: PythonRequirements, name: string): boolean {
  const spelling = name.replaceAll('-', '[-_.]');
  const pattern = new RegExp(`(^|[\\s"'])${spelling}(?![\\w.-])`, 'im');
  const lines = [
    ...requirements.listed,
    ...requirements.inputs.flatMap(({ text }) => requirementLines(text)),
  ];
  return pattern.test(lines.join('\n'));
}

/** The variable some buildpacks let the user choose another file with; the first file found otherwise. */
function requirementFiles(source: AppSource, manifest: AppManifest): readonly string[] {
  const chosen = manifest.env.PIP_REQUIREMENTS_FILE?.value;
  if (chosen && source.hasFile(chosen)) return [chosen];
  return REQUIREMENT_FILES.filter((file) => source.hasFile(file));
}

function projectFile(source: AppSource): ProjectFile | undefined {
  if (source.hasFile('Pipfile')) {
    return { path: 'Pipfile', ...(source.hasFile('Pipfile.lock') ? { lock: 'Pipfile.lock' } : {}) };
  }
  const project = source.readText('pyproject.toml');
  if (project === undefined || !/^\s*\[(project|tool\.poetry)\b/m.test(project)) return undefined;
  const lock = ['uv.lock', 'poetry.lock', 'pdm.lock'].find((file) => source.hasFile(file));
  return { path: 'pyproject.toml', ...(lock ? { lock } : {}) };
}

/** Follows `-r` and `-c` through the app's folder; what leads elsewhere makes the picture incomplete. */
function readIncludes(
  source: AppSource,
  files: readonly string[],
  listed: readonly string[],
): { readonly inputs: PythonRequirements['inputs']; readonly complete: boolean } {
  const inputs: { path: string; text: string }[] = [];
  const seen = new Set<string>();
  const queue = [...files, ...listed.flatMap((line) => includeOf(line) ?? [])];
  let complete = true;
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = seen.size > MAX_INCLUDES ? undefined : source.readText(path);
    if (text === undefined) {
      complete = false;
      continue;
    }
    inputs.push({ path, text });
    for (const line of requirementLines(text)) {
      const target = includeOf(line);
      if (target !== undefined) queue.push(posix.join(posix.dirname(path), target));
    }
  }
  return { inputs, complete };
}

/** Lines of a requirement file without comments, with continued lines joined. */
export function requirementLines(text: string): readonly string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

const INCLUDE = /^(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S.*)$/;

function includeOf(line: string): string | undefined {
  return INCLUDE.exec(line)?.[1];
}

const isInclude = (line: string): boolean => INCLUDE.test(line);

/** A name, extras, versions, a marker: nothing that names a file, an address, a hash or an option. */
function isPlainRequirement(line: string): boolean {
  return (
    /^[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*(\(?[<>=!~][^;@]*)?(;.*)?$/.test(line) && !/\s--\w/.test(line)
  );
}
