/**
 * A lock in the file system, for one process at a time. It is a folder that holds at most one claim, a file with a
 * name of its own. Every step is a single act of the file system that can only do what is meant: a claim is put there
 * whole, by renaming a folder onto the lock, which the system refuses unless the lock is empty; and it is removed by
 * its own name, so that nobody (its holder, whoever cleans up after it, somebody who found it stale) can ever take
 * away another's.
 *
 * A claim names its holder by pid and start time, so a stale one is told from a live one even after pids were reused.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sameProcess, type ProcessIdentity } from '../../services/kit/process-identity.ts';

export interface Claim {
  readonly process: ProcessIdentity;
  /** Its file's name: unique, letters, digits and `-`. */
  readonly runId: string;
}

export type ClaimResult<C extends Claim> =
  | { readonly taken: true; readonly release: () => void }
  | { readonly taken: false; readonly holder: C };

const PREPARED = '.claim-';

/** The file to remove when its holder is gone. What stays is an empty folder, which is a free lock. */
export function claimFile(lock: string, runId: string): string {
  return join(lock, runId);
}

/** Who holds the lock and is alive. */
export function claimHolder<C extends Claim>(lock: string): C | undefined {
  return claims(lock)
    .map((name) => readClaim<C>(lock, name))
    .find((claim) => claim && sameProcess(claim.process));
}

/**
 * Takes the lock, or says who has it. A dead holder's claim is removed.
 * @throws the system's error where the lock's folder is missing or cannot be written
 */
export function takeClaim<C extends Claim>(lock: string, self: C): ClaimResult<C> {
  for (;;) {
    const holder = claimHolder<C>(lock);
    if (holder) return { taken: false, holder };
    switch (putClaim(lock, self)) {
      case 'put':
        sweep(lock);
        return { taken: true, release: () => release(lock, self.runId) };
      case 'not empty':
        clear(lock);
        break;
      case 'not a folder':
        rmSync(lock, { force: true });
        break;
      case 'swept':
        break;
    }
  }
}

function putClaim(lock: string, self: Claim): 'put' | 'not empty' | 'not a folder' | 'swept' {
  const prepared = `${lock}${PREPARED}${randomUUID()}`;
  mkdirSync(prepared, { mode: 0o700 });
  try {
    writeFileSync(join(prepared, self.runId), JSON.stringify(self), { mode: 0o600, flag: 'wx' });
    renameSync(prepared, lock);
    return 'put';
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOTEMPTY':
      case 'EEXIST':
        return 'not empty';
      case 'ENOTDIR':
        return 'not a folder';
      case 'ENOENT':
        return 'swept';
      default:
        throw error;
    }
  }
}

/** Removes the claims of the dead, and what is none: claims are never there in part. */
function clear(lock: string): void {
  for (const name of claims(lock)) {
    const claim = readClaim(lock, name);
    if (!claim || !sameProcess(claim.process)) rmSync(join(lock, name), { recursive: true, force: true });
  }
}

/** What others prepared and, killed in that moment, left. One that is still at it finds out and sees that we hold it. */
function sweep(lock: string): void {
  const [folder, prefix] = [dirname(lock), basename(lock) + PREPARED];
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function release(lock: string, runId: string): void {
  rmSync(claimFile(lock, runId), { force: true });
  try {
    rmdirSync(lock);
  } catch {
    // Another has it by now, or somebody removed the folder first.
  }
}

function claims(lock: string): readonly string[] {
  try {
    return readdirSync(lock);
  } catch {
    return []; // never taken yet, or not a folder
  }
}

/** Undefined for one that was released meanwhile, and for what is no claim. */
function readClaim<C extends Claim>(lock: string, name: string): C | undefined {
  try {
    return JSON.parse(readFileSync(claimFile(lock, name), 'utf8')) as C;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw error; // It may be a living one's.
  }
}
