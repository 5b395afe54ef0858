/**
 * Socket addresses hold about a hundred bytes, paths may be longer. On Linux such a socket is reached through
 * an open descriptor of its folder (`/proc/self/fd/N/name`), so that it still lies where everything else does.
 */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { PaasError } from '../kernel/errors.ts';

/** `sun_path` is 108 bytes on Linux and 104 on macOS, with a closing NUL. */
const MAX_SOCKET_PATH_BYTES = 103;

export interface SocketAddress extends Disposable {
  /** What to hand to `listen` or `connect`; good until disposed. */
  readonly path: string;
}

/** @throws PaasError `STATE_NOT_WRITABLE` where the path is too long and there is no way round it */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { path, [Symbol.dispose]: () => {} };
  if (process.platform !== 'linux') {
    throw new PaasError('STATE_NOT_WRITABLE', {
      folder: dirname(path),
      reason: `a socket's path may have at most ${MAX_SOCKET_PATH_BYTES} bytes, this one has ${Buffer.byteLength(path)}`,
    });
  }
  const folder = openSync(dirname(path), 'r');
  let open = true;
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    [Symbol.dispose]: () => {
      if (open) closeSync(folder);
      open = false;
    },
  };
}
