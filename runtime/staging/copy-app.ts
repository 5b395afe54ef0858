/** A copy of an app's folder as the platforms' clients would upload it. */
import { constants, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { leftBehind, type LeftBehind, type UploadRules } from './upload.ts';

export interface AppCopy extends Omit<UploadRules, 'cfignore'> {
  readonly from: string;
  /** Is made. */
  readonly to: string;
  readonly signal: AbortSignal;
  /** One line for the staging log. */
  readonly log: (text: string) => void;
}

/** Links that lead out of the folder go on leading there; sockets and pipes are left out. */
export async function copyApp({ from, to, signal, log, ...rules }: AppCopy): Promise<void> {
  const ignored = leftBehind({ ...rules, cfignore: readCfignore(from) });
  const root = await realpath(from);
  const outward: string[] = [];
  await copyFolder({ root, to, ignored, signal, outward }, '');
  if (outward.length > 0) log(`links that lead out of the folder go on doing so: ${outward.join(', ')}`);
}

interface Copying {
  readonly root: string;
  readonly to: string;
  readonly ignored: LeftBehind;
  readonly signal: AbortSignal;
  readonly outward: string[];
}

async function copyFolder(copying: Copying, folder: string): Promise<void> {
  const { root, to, ignored, signal } = copying;
  signal.throwIfAborted();
  await mkdir(join(to, folder), { recursive: true, mode: 0o700 });
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (ignored(path, entry.isDirectory())) return;
      if (entry.isDirectory()) await copyFolder(copying, path);
      else if (entry.isSymbolicLink()) await copyLink(copying, path);
      // Shares the blocks where the file system can.
      else if (entry.isFile()) await copyFile(join(root, path), join(to, path), constants.COPYFILE_FICLONE);
    }),
  );
}

async function copyLink({ root, to, outward }: Copying, path: string): Promise<void> {
  const target = await readlink(join(root, path));
  const meant = resolve(dirname(join(root, path)), target);
  const inside = meant === root || meant.startsWith(root + sep);
  if (!inside) outward.push(path);
  const relativeInside = inside && target.startsWith(sep) ? join(to, meant.slice(root.length)) : target;
  await symlink(inside ? relativeInside : meant, join(to, path));
}

function readCfignore(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, '.cfignore'), 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
