/** A copy of an app's folder as the platforms' clients would upload it. */
import {
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  type Dirent,
} from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { leftBehind, type LeftBehind, type UploadRules } from './upload.ts';

export interface AppCopy extends Omit<UploadRules, 'cfignore'> {
  readonly from: string;
  /** Is made. */
  readonly to: string;
  /** Not copied: by their names at the top of the folder, where a link leads instead. */
  readonly shared: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** One line for the staging log. */
  readonly log: (text: string) => void;
}

/**
 * So many entries are copied in this thread, and the rest by others: a small app takes two milliseconds so, and thirty
 * where each file is handed over and back on a busy machine.
 */
const AT_ONCE = 100;
/** … but for larger files. */
const SMALL_BYTES = 256 * 1024;

/** Links that lead out of the folder go on leading there; sockets and pipes are left out. */
export async function copyApp({ from, to, shared, signal, log, ...rules }: AppCopy): Promise<void> {
  const leaves = leftBehind({ ...rules, cfignore: readCfignore(from) });
  const root = realpathSync(from);
  // Of a folder in which copies are made, /tmp for one, the copy is no part.
  const holdsCopy = (path: string): boolean => `${to}${sep}`.startsWith(join(root, path) + sep);
  const ignored: LeftBehind = (path, isFolder) =>
    shared.has(path) || holdsCopy(path) || leaves(path, isFolder);
  const copying: Copying = { root, to, ignored, signal, outward: [], left: AT_ONCE };
  await copyFolder(copying, '');
  for (const [name, target] of shared) {
    symlinkSync(target, join(to, name));
    log(`${name} is not copied: it has all that is needed, and is used where it is`);
  }
  const { outward } = copying;
  if (outward.length > 0) log(`links that lead out of the folder go on doing so: ${outward.join(', ')}`);
}

interface Copying {
  readonly root: string;
  readonly to: string;
  readonly ignored: LeftBehind;
  readonly signal: AbortSignal;
  readonly outward: string[];
  /** Entries that may still be copied in this thread. */
  left: number;
}

async function copyFolder(copying: Copying, folder: string): Promise<void> {
  const { root, to, ignored, signal } = copying;
  signal.throwIfAborted();
  const entries = await makeFolder(join(root, folder), join(to, folder), copying.left > 0);
  const atOnce = copying.left >= entries.length;
  copying.left -= entries.length;
  await Promise.all(
    entries.map(async (entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (ignored(path, entry.isDirectory())) return;
      if (entry.isDirectory()) await copyFolder(copying, path);
      else if (entry.isSymbolicLink()) copyLink(copying, path);
      else if (entry.isFile()) await copyOne(join(root, path), join(to, path), atOnce);
    }),
  );
}

/** Shares the blocks where the file system can. */
async function copyOne(from: string, to: string, atOnce: boolean): Promise<void> {
  if (atOnce && statSync(from).size <= SMALL_BYTES) copyFileSync(from, to, constants.COPYFILE_FICLONE);
  else await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** @returns what is in the folder it was made after */
async function makeFolder(from: string, to: string, atOnce: boolean): Promise<Dirent[]> {
  const made = { recursive: true, mode: 0o700 };
  if (atOnce) {
    mkdirSync(to, made);
    return readdirSync(from, { withFileTypes: true });
  }
  await mkdir(to, made);
  return readdir(from, { withFileTypes: true });
}

function copyLink({ root, to, outward }: Copying, path: string): void {
  const target = readlinkSync(join(root, path));
  const meant = resolve(dirname(join(root, path)), target);
  const inside = meant === root || meant.startsWith(root + sep);
  if (!inside) outward.push(path);
  const relativeInside = inside && target.startsWith(sep) ? join(to, meant.slice(root.length)) : target;
  symlinkSync(inside ? relativeInside : meant, join(to, path));
}

function readCfignore(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, '.cfignore'), 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
