/** Ends a host of another version, which understands signals but no words of ours, and waits for a host to be gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PaasError } from '../runtime/kernel/errors.ts';
import { lockHolder, type LockHolder } from '../runtime/state/lock.ts';

/** Tasks, then apps, then services get 10 s each, and the rest a little. */
const END_MS = 60_000;
const LOOK_MS = 10;

/** @returns the version of the host that was ended */
export async function endHost(lock: string): Promise<string> {
  const holder = lockHolder(lock);
  if (!holder) return 'none';
  process.kill(holder.process.pid, 'SIGTERM');
  await hostGone(lock, holder);
  return holder.version;
}

/**
 * A host that has let go of its clients still writes its last lines: only when it has let go of the space is its folder
 * anybody else's.
 * @throws PaasError `HOST_LOST` after a bound
 */
export async function hostGone(lock: string, holder: LockHolder): Promise<void> {
  const until = performance.now() + END_MS;
  while (lockHolder(lock)?.runId === holder.runId) {
    if (performance.now() > until) throw new PaasError('HOST_LOST', { reason: 'it does not end' });
    await sleep(LOOK_MS);
  }
}
