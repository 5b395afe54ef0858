/** Copies of a folder's content, kept beside it for as long as they are wanted. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContentCopy } from './contract.ts';

/** @param beside a private folder on the same disk; what is left there by a killed host can be removed at any time */
export async function copyFolder(folder: string, beside: string): Promise<ContentCopy> {
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  const kept = mkdtempSync(join(beside, 'copy-'));
  copyInto(folder, kept);
  return {
    restore: async () => {
      emptyFolder(folder);
      copyInto(kept, folder);
    },
    [Symbol.asyncDispose]: async () => rmSync(kept, { recursive: true, force: true }),
  };
}

/** The folder itself stays: apps may have it open, or as their working folder. */
export function emptyFolder(folder: string): void {
  for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true, force: true });
}

function copyInto(from: string, to: string): void {
  for (const entry of readdirSync(from)) {
    cpSync(join(from, entry), join(to, entry), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  }
}
