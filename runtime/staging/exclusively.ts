/** One builder at a time, across processes. A builder that dies holds nobody up; one that hangs is waited for within a bound. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from '../../services/kit/process-identity.ts';
import { takeClaim } from '../kernel/claim.ts';
import { PaasError } from '../kernel/errors.ts';

const POLL_MS = 100;

export interface Turn {
  readonly app: string;
  readonly signal: AbortSignal;
  /** Waits at most so long for another holder. */
  readonly waitMs: number;
  /** What the holder is doing, for the message: `installing the same requirements`. */
  readonly doing: string;
  /** One line for the staging log. */
  readonly log: (text: string) => void;
}

/**
 * Runs `act` while holding the lock.
 * @throws PaasError `STAGING_FAILED` when the bound is reached; the reason of `turn.signal` when it is aborted; whatever `act` throws
 */
export async function exclusively<T>(lock: string, turn: Turn, act: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
  const release = await acquire(lock, turn);
  try {
    return await act();
  } finally {
    release();
  }
}

async function acquire(lock: string, turn: Turn): Promise<() => void> {
  const self = { process: processIdentity(process.pid)!, runId: randomUUID() };
  const deadline = performance.now() + turn.waitMs;
  for (let waited = false; ; waited = true) {
    turn.signal.throwIfAborted();
    const claim = takeClaim(lock, self);
    if (claim.taken) return claim.release;
    if (performance.now() > deadline) {
      const message = `another push has been ${turn.doing} for too long`;
      const hint = `Wait for it, or stop it (pid ${claim.holder.process.pid}), and push again`;
      throw new PaasError('STAGING_FAILED', { app: turn.app, message, hint });
    }
    if (!waited) turn.log(`-----> Waiting for another push that is ${turn.doing}`);
    await delay(POLL_MS, undefined, { signal: turn.signal });
  }
}
