/** Ends a host of another version, which understands signals but no words of ours. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PaasError } from '../runtime/kernel/errors.ts';
import { lockHolder } from '../runtime/state/lock.ts';

/** Apps get their 10 s, and a little. */
const END_MS = 20_000;
const LOOK_MS = 50;

/** @returns the version of the host that was ended */
export async function endHost(lock: string): Promise<string> {
  const holder = lockHolder(lock);
  if (!holder) return 'none';
  process.kill(holder.process.pid, 'SIGTERM');
  const until = performance.now() + END_MS;
  while (lockHolder(lock)?.runId === holder.runId) {
    if (performance.now() > until) throw new PaasError('HOST_LOST', { reason: 'it does not end' });
    await sleep(LOOK_MS);
  }
  return holder.version;
}
