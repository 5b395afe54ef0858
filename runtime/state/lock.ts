/** One host per space: who it is, and where it is reached. */
import { dirname } from 'node:path';
import { claimHolder, takeClaim, type Claim, type ClaimResult } from '../kernel/claim.ts';
import { PaasError } from '../kernel/errors.ts';
import { systemReason } from './home.ts';

export { claimFile } from '../kernel/claim.ts';

export interface LockHolder extends Claim {
  /** The control socket's path. */
  readonly socket: string;
  readonly version: string;
}

/** Who holds the lock and is alive. */
export function lockHolder(lock: string): LockHolder | undefined {
  return claimHolder<LockHolder>(lock);
}

/**
 * Takes the lock, or says who has it.
 * @throws PaasError `STATE_NOT_WRITABLE`
 */
export function takeLock(lock: string, self: LockHolder): ClaimResult<LockHolder> {
  try {
    return takeClaim(lock, self);
  } catch (error) {
    const facts = { folder: dirname(lock), reason: systemReason(error) };
    throw new PaasError('STATE_NOT_WRITABLE', facts, { cause: error });
  }
}
