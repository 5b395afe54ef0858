/**
 * Socket addresses hold about a hundred bytes, paths may be longer, and what is too long is cut by whoever binds or
 * connects. On Linux such a socket is reached through an open descriptor of its folder (`/proc/self/fd/N/name`), so
 * that it still lies where everything else does.
 */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** `sun_path` is 108 bytes on Linux and 104 on macOS, with a closing NUL. */
export const MAX_SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;
/** What a descriptor of the folder leaves for the name in it. */
const MAX_NAME_BYTES = 80;

export interface SocketAddress extends Disposable {
  /** What to hand to `listen` or `connect`; good until disposed, which is after the server on it is closed. */
  readonly path: string;
}

/**
 * @throws the system's error where its folder cannot be opened; an error of code `ENAMETOOLONG` where the path is too
 * long and there is no way round it
 */
export function socketAddress(path: string): SocketAddress {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return { path, [Symbol.dispose]: () => {} };
  const name = basename(path);
  if (process.platform !== 'linux' || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    const message = `a socket's path may have at most ${MAX_SOCKET_PATH_BYTES} bytes, this one has ${bytes}`;
    throw Object.assign(new Error(message), { code: 'ENAMETOOLONG' });
  }
  const folder = openSync(dirname(path), 'r');
  let open = true;
  return {
    path: `/proc/self/fd/${folder}/${name}`,
    [Symbol.dispose]: () => {
      if (open) closeSync(folder);
      open = false;
    },
  };
}
