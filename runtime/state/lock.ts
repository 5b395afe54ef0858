/**
 * One host per space. The lock is a file made whole before it gets its name (link), so it is never half-written;
 * it names its holder by pid and start time, so a stale one is told from a live one even after pids were reused.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { sameProcess, type ProcessIdentity } from '../../services/kit/process-identity.ts';

export interface LockHolder {
  readonly process: ProcessIdentity;
  readonly runId: string;
  /** The control socket's path. */
  readonly socket: string;
  readonly version: string;
}

export type LockResult =
  | { readonly taken: true; readonly release: () => void; readonly stale?: LockHolder }
  | { readonly taken: false; readonly holder: LockHolder };

/** Who holds the lock and is alive. */
export function lockHolder(path: string): LockHolder | undefined {
  const holder = read(path);
  return holder && sameProcess(holder.process) ? holder : undefined;
}

/** Takes the lock, or says who has it. A dead holder's lock is taken over. */
export function takeLock(path: string, self: LockHolder): LockResult {
  const mine = `${path}.${randomUUID()}`;
  writeFileSync(mine, JSON.stringify(self), { mode: 0o600, flag: 'wx' });
  let stale: LockHolder | undefined;
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        return { taken: true, release: () => release(path, self.runId), ...(stale ? { stale } : {}) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = read(path);
      if (holder && sameProcess(holder.process)) return { taken: false, holder };
      stale = holder ?? stale;
      removeExactly(path, holder?.runId);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes the lock only if it is the one meant: between a look and the act another may have taken over. */
function removeExactly(path: string, runId: string | undefined): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = read(aside);
  if (moved?.runId !== runId && moved) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one has it by now; the one moved finds out when it next looks.
    }
  }
  rmSync(aside, { force: true });
}

function release(path: string, runId: string): void {
  if (read(path)?.runId === runId) removeExactly(path, runId);
}

function read(path: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}
