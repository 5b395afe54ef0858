/**
 * One builder at a time, across processes: a lock file that its holder keeps fresh.
 * It only saves work. What is built is published by an atomic rename, so two builders that both believe
 * to hold a lock (one broke it as stale while the other woke up) waste time and break nothing.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PaasError } from '../kernel/errors.ts';

const HEARTBEAT_MS = 2_000;
/** A holder that has not touched its lock for so long is gone, whatever its pid says. */
const STALE_MS = 15_000;
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
 * Runs `act` while holding `lockFile`.
 * @throws PaasError `STAGING_FAILED` when the bound is reached; the reason of `turn.signal` when it is aborted; whatever `act` throws
 */
export async function exclusively<T>(lockFile: string, turn: Turn, act: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lockFile), { recursive: true, mode: 0o700 });
  const token = randomUUID();
  await acquire(lockFile, token, turn);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lockFile, now, now).catch(() => undefined); // Broken by somebody else: see above.
  }, HEARTBEAT_MS).unref();
  try {
    return await act();
  } finally {
    clearInterval(heartbeat);
    if ((await holderOf(lockFile))?.token === token) await rm(lockFile, { force: true });
  }
}

async function acquire(lockFile: string, token: string, turn: Turn): Promise<void> {
  const deadline = Date.now() + turn.waitMs;
  for (let waited = false; ; waited = true) {
    turn.signal.throwIfAborted();
    try {
      await writeFile(lockFile, JSON.stringify({ pid: process.pid, token }), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await isStale(lockFile)) {
      const aside = `${lockFile}.${token}`;
      await rename(lockFile, aside).catch(() => undefined);
      await rm(aside, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      const message = `another push has been ${turn.doing} for too long`;
      throw new PaasError('STAGING_FAILED', {
        app: turn.app,
        message,
        hint: 'Wait for it, or stop it, and push again',
      });
    }
    if (!waited) turn.log(`-----> Waiting for another push that is ${turn.doing}`);
    await delay(POLL_MS, undefined, { signal: turn.signal });
  }
}

async function isStale(lockFile: string): Promise<boolean> {
  const facts = await stat(lockFile).catch(() => undefined);
  if (!facts) return false;
  if (Date.now() - facts.mtimeMs > STALE_MS) return true;
  const holder = await holderOf(lockFile);
  return holder !== undefined && !isAlive(holder.pid);
}

async function holderOf(lockFile: string): Promise<{ pid: number; token: string } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(lockFile, 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined; // Gone, or being written this moment.
  }
}

function isHolder(value: unknown): value is { pid: number; token: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'token' in value &&
    typeof value.token === 'string'
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
