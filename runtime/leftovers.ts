/** What an earlier host left behind when it (and its guardian) were killed: found by its run folder, ended, removed. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_VARIABLE } from '../services/kit/guardian.ts';
import { endMarked, findMarked } from '../services/kit/marked.ts';
import { processIdentity, sameProcess, type ProcessIdentity } from '../services/kit/process-identity.ts';
import { VERSION } from './kernel/version.ts';
import { temporaryFiles, writeFileAtomic } from './state/atomic-file.ts';
import { makePrivateFolder, makeSpace, type SpacePaths } from './state/home.ts';
import { takeLock } from './state/lock.ts';

/** What each run folder tells about its host. */
interface RunFacts {
  readonly host: ProcessIdentity;
  readonly guardian?: ProcessIdentity;
}

export interface Leftover {
  readonly runId: string;
  readonly pids: readonly number[];
}

const LEFTOVER_GRACE_MS = 1000;
/** How long a dead host's guardian may take to finish its work. */
const GUARDIAN_BOUND_MS = 8000;
const LOOK_MS = 20;

export function runFolder(paths: SpacePaths, runId: string): string {
  return join(paths.runs, runId);
}

export function writeRunFacts(folder: string, facts: RunFacts): void {
  makePrivateFolder(folder);
  writeFileAtomic(join(folder, 'host.json'), JSON.stringify(facts));
}

/** Keeps which guardian stands. Where it cannot be written, whoever cleans up only does not wait for it. */
export function noteGuardian(folder: string, host: ProcessIdentity, pid: number): void {
  const guardian = processIdentity(pid);
  if (!guardian) return; // gone already: the next one is told of too
  try {
    writeRunFacts(folder, { host, guardian });
  } catch {
    // The disk is full, as a rule: the host itself says so.
  }
}

/**
 * Cleans while holding the space's lock. Where a host runs there is nothing to clean: it did so when it started.
 * @throws PaasError `STATE_NOT_WRITABLE` where there is no such space and none can be made
 */
export async function cleanUnlessRunning(paths: SpacePaths): Promise<readonly Leftover[]> {
  if (deadRuns(paths).length === 0 && temporaryFiles(paths.record).length === 0) return [];
  makeSpace(paths);
  const runId = randomUUID();
  const lock = takeLock(paths.lock, {
    process: processIdentity(process.pid)!,
    runId,
    // Nothing ever listens there: whoever wants the host waits until we are through.
    socket: join(runFolder(paths, runId), 'control.sock'),
    version: VERSION,
  });
  if (!lock.taken) return [];
  try {
    return await cleanLeftovers(paths);
  } finally {
    lock.release();
  }
}

/**
 * Ends and removes what earlier runs left; a guardian still at work is given its time first. Only for whoever holds
 * the space's lock: a run folder that does not tell its host yet would be taken for a dead one's.
 */
export async function cleanLeftovers(paths: SpacePaths): Promise<readonly Leftover[]> {
  const cleaned: Leftover[] = [];
  // Only the space's host writes the record: what it was writing when it was killed is of no use to anybody.
  for (const file of temporaryFiles(paths.record)) rmSync(file, { force: true });
  for (const { runId, facts } of deadRuns(paths)) {
    const until = performance.now() + GUARDIAN_BOUND_MS;
    while (facts?.guardian && sameProcess(facts.guardian) && performance.now() < until) await sleep(LOOK_MS);
    const pids = findMarked(RUN_VARIABLE, runId);
    if (pids.length > 0) await endMarked(RUN_VARIABLE, runId, { graceMs: LEFTOVER_GRACE_MS });
    rmSync(runFolder(paths, runId), { recursive: true, force: true });
    cleaned.push({ runId, pids });
  }
  return cleaned;
}

function deadRuns(paths: SpacePaths): ReturnType<typeof runs> {
  return runs(paths).filter(({ facts }) => !facts || !sameProcess(facts.host));
}

function runs(paths: SpacePaths): { runId: string; facts: RunFacts | undefined }[] {
  let names: string[];
  try {
    names = readdirSync(paths.runs);
  } catch {
    return [];
  }
  return names.map((runId) => {
    try {
      return {
        runId,
        facts: JSON.parse(readFileSync(join(runFolder(paths, runId), 'host.json'), 'utf8')) as RunFacts,
      };
    } catch {
      return { runId, facts: undefined };
    }
  });
}
