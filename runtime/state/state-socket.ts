/** A socket in the state folder. */
import { dirname } from 'node:path';
import { socketAddress, type SocketAddress } from '../../services/kit/socket-path.ts';
import { PaasError } from '../kernel/errors.ts';

/** @throws PaasError `STATE_NOT_WRITABLE` where the path is too long and there is no way round it; the system's error */
export function stateSocket(path: string): SocketAddress {
  try {
    return socketAddress(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENAMETOOLONG') throw error;
    throw new PaasError('STATE_NOT_WRITABLE', { folder: dirname(path), reason: message }, { cause: error });
  }
}
