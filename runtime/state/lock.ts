/**
 * One host per space. The lock is a folder that holds one claim, a file named as the run that made it. Every step
 * is a single act of the file system that can only do what is meant: a claim is put there whole, by renaming a folder
 * onto the lock, which the system refuses unless the lock is empty; and it is removed by its own name, so that nobody
 * (a host, the guardian of a dead one, somebody who found it stale) can ever take away another's.
 *
 * A claim names its holder by pid and start time, so a stale one is told from a live one even after pids were reused.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sameProcess, type ProcessIdentity } from '../../services/kit/process-identity.ts';
import { PaasError } from '../kernel/errors.ts';
import { systemReason } from './home.ts';

export interface LockHolder {
  readonly process: ProcessIdentity;
  readonly runId: string;
  /** The control socket's path. */
  readonly socket: string;
  readonly version: string;
}

export type LockResult =
  | { readonly taken: true; readonly release: () => void }
  | { readonly taken: false; readonly holder: LockHolder };

const PREPARED = '.claim-';

/** What is to be removed when the run is over, however it ends. The lock stays as an empty folder, which is free. */
export function claimOf(lock: string, runId: string): string {
  return join(lock, runId);
}

/** Who holds the lock and is alive. */
export function lockHolder(lock: string): LockHolder | undefined {
  return claims(lock)
    .map((name) => readClaim(lock, name))
    .find((holder) => holder && sameProcess(holder.process));
}

/**
 * Takes the lock, or says who has it. A dead holder's claim is removed.
 * @throws PaasError `STATE_NOT_WRITABLE`
 */
export function takeLock(lock: string, self: LockHolder): LockResult {
  try {
    for (;;) {
      const refused = putClaim(lock, self);
      if (refused === undefined) {
        sweep(lock);
        return { taken: true, release: () => rmSync(claimOf(lock, self.runId), { force: true }) };
      }
      const holder = lockHolder(lock);
      if (holder) return { taken: false, holder };
      // What cannot be read is nobody's claim: they are never there in part.
      for (const name of claims(lock)) rmSync(join(lock, name), { recursive: true, force: true });
      if (refused === 'not a folder') rmSync(lock, { force: true });
    }
  } catch (error) {
    const facts = { folder: dirname(lock), reason: systemReason(error) };
    throw new PaasError('STATE_NOT_WRITABLE', facts, { cause: error });
  }
}

/** @returns why it was not put there; undefined where it was */
function putClaim(lock: string, self: LockHolder): 'not empty' | 'not a folder' | 'swept' | undefined {
  const prepared = `${lock}${PREPARED}${randomUUID()}`;
  mkdirSync(prepared, { mode: 0o700 });
  try {
    writeFileSync(join(prepared, self.runId), JSON.stringify(self), { mode: 0o600, flag: 'wx' });
    renameSync(prepared, lock);
    return undefined;
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

/** What others prepared and, killed in that moment, left. One that is still at it finds out and sees that we hold it. */
function sweep(lock: string): void {
  const [folder, prefix] = [dirname(lock), basename(lock) + PREPARED];
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function claims(lock: string): readonly string[] {
  try {
    return readdirSync(lock);
  } catch {
    return []; // never taken yet, or not a folder
  }
}

function readClaim(lock: string, name: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(claimOf(lock, name), 'utf8')) as LockHolder;
  } catch {
    return undefined; // released meanwhile, or not one of ours
  }
}
