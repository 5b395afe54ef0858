/** How much a folder takes of the disk, as far as can be told in a moment. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskUsage } from '../snapshot.ts';

/** What the file system has given out, in units of this. */
const BLOCK_BYTES = 512;

/**
 * Links are not followed, and a file with several names counts once.
 * @param boundMs after which the rest is left out, and `whole` is false
 */
export async function diskUsage(folders: readonly string[], boundMs: number): Promise<DiskUsage> {
  const giveUpAt = performance.now() + boundMs;
  const seen = new Set<number>();
  const left = [...folders];
  let bytes = 0;
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    if (performance.now() > giveUpAt) return { bytes, whole: false };
    const names = await readdir(folder, { withFileTypes: true }).catch(() => []); // gone meanwhile, or not ours to see
    const files = [];
    for (const entry of names) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) left.push(path);
      else files.push(lstat(path).catch(() => undefined));
    }
    for (const facts of await Promise.all(files)) {
      if (!facts || seen.has(facts.ino)) continue;
      if (facts.nlink > 1) seen.add(facts.ino);
      bytes += facts.blocks * BLOCK_BYTES;
    }
  }
  return { bytes, whole: true };
}
