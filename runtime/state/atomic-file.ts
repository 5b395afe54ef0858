import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';

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
