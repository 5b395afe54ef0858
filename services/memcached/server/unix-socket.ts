import { chmod, lstat, unlink } from 'node:fs/promises';

/** A socket an earlier server left behind would be in the way; anything else stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket()) await unlink(path);
}

/** @param mask octal access mask, as `-a` takes it */
export async function setAccess(path: string, mask: number): Promise<void> {
  await chmod(path, mask);
}
