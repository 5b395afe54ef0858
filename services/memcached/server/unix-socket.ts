import { chmod, lstat, unlink } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import { MAX_SOCKET_PATH_BYTES } from '../../kit/socket-path.ts';

const ALL_RIGHTS = 0o777;

/** A socket an earlier server left behind would be in the way; anything else stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket()) await unlink(path);
}

/** @throws an error with the system's code if there cannot be a socket of this name */
export function checkPath(path: string): void {
  if (path === '') throw systemError('EINVAL', 'the path of the unix socket is empty');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return; // Node cuts longer ones without a word
  const longer = `the unix socket's path is longer than ${MAX_SOCKET_PATH_BYTES} bytes: ${path}`;
  throw systemError('ENAMETOOLONG', longer);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

/** @param mask octal access mask, as `-a` takes it: rights only, no bits of other kinds */
export async function setAccess(path: string, mask: number): Promise<void> {
  await chmod(path, mask & ALL_RIGHTS);
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
