import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = /^\.[0-9a-f-]{36}\.tmp$/;

/**
 * Replaces a file as a whole: a reader (or a crash) sees the old text or the new, never a half.
 * The disk being full leaves the old file untouched.
 */
export function writeFileAtomic(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      // Not `writeSync`, which may write a part and call that a success.
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What writers of this file left who were killed in the middle, or are still at it. */
export function temporaryFiles(path: string): readonly string[] {
  const [folder, name] = [dirname(path), basename(path)];
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.startsWith(name) && TEMPORARY.test(entry.slice(name.length)))
    .map((entry) => join(folder, entry));
}
