import { chmod, lstat, unlink } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';

const ALL_RIGHTS = 0o777;

/** A socket an earlier server left behind would be in the way; anything else stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket()) await unlink(path);
}

/** @param mask octal access mask, as `-a` takes it */
export async function setAccess(path: string, mask: number): Promise<void> {
  await chmod(path, mask);
}

/**
 * Makes a socket that has these rights from the start, so that nobody can come in before they are set. A worker
 * thread cannot do that.
 * @param listen has made the socket when it returns
 */
export function withAccess(mask: number, listen: () => Promise<void>): Promise<void> {
  if (!isMainThread) return listen();
  const before = process.umask(~mask & ALL_RIGHTS);
  const listening = listen();
  process.umask(before);
  return listening;
}
