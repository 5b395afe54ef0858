/**
 * Which file is the manifest, as the two clients look for it. Named: that file, or one in that folder. Otherwise
 * `stackato.yml` in the base folder only; then `manifest.yml` (or `.yaml`) there, then `manifest.yml` in each folder
 * above; last, where `--path` led elsewhere, a manifest in the current folder.
 */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PaasError } from '../kernel/errors.ts';
import { absolutePath, type AbsolutePath } from '../kernel/names.ts';
import type { ReadOptions } from './options.ts';

export interface Found {
  readonly file: AbsolutePath;
  /** The folder we stand in for: `--path` where it is a folder, else the current one. */
  readonly base: AbsolutePath;
  /** `--path` where it is no folder: the app itself, packed. */
  readonly archive?: AbsolutePath;
}

const NAMES = ['stackato.yml', 'manifest.yml', 'manifest.yaml'] as const;
const NAME_ABOVE = 'manifest.yml';

/** @throws PaasError `MANIFEST_NOT_FOUND`, `USAGE` where `--path` leads nowhere */
export function findManifest({ cwd, path, manifest }: ReadOptions): Found {
  const standing = path === undefined ? { base: absolutePath(cwd) } : standingFor(resolve(cwd, path), cwd);
  const { base } = standing;
  if (manifest !== undefined) {
    const named = resolve(cwd, manifest);
    const kind = kindOf(named);
    if (kind === 'other') return { ...standing, file: absolutePath(named) };
    const inside = kind === 'folder' ? firstFile(named, NAMES) : undefined;
    if (inside === undefined) throw notFound(named, kind === 'folder' ? undefined : named);
    return { ...standing, file: absolutePath(inside) };
  }
  const file =
    firstFile(base, NAMES) ?? above(dirname(base)) ?? (base === cwd ? undefined : firstFile(cwd, NAMES));
  if (file === undefined) throw notFound(base);
  return { ...standing, file: absolutePath(file) };
}

/** The manifest that lies in a folder itself. */
export const manifestIn = (folder: string): string | undefined => firstFile(folder, NAMES);

/** An archive is pushed from the current folder. */
function standingFor(path: string, cwd: string): Omit<Found, 'file'> {
  const kind = kindOf(path);
  if (kind === 'folder') return { base: absolutePath(path) };
  if (kind === 'other') return { base: absolutePath(cwd), archive: absolutePath(path) };
  throw new PaasError('USAGE', {
    message: `Cannot use --path "${path}": it does not exist`,
    hint: 'Name the folder of the app, or an archive of it',
  });
}

function above(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = firstFile(folder, [NAME_ABOVE]);
    if (file !== undefined || folder === dirname(folder)) return file;
  }
}

function firstFile(folder: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    const file = join(folder, name);
    // A folder or a dangling link of that name is no manifest; whatever else it is, reading will say.
    if (kindOf(file) === 'other') return file;
  }
  return undefined;
}

function kindOf(path: string): 'folder' | 'other' | 'missing' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    // A link that runs in a circle is there, and cannot be read: that is worth more than "not found".
    return error instanceof Error && 'code' in error && error.code === 'ELOOP' ? 'other' : 'missing';
  }
}

const notFound = (folder: string, file?: string): PaasError =>
  new PaasError('MANIFEST_NOT_FOUND', file === undefined ? { folder } : { folder, file });
