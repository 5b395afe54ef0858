/** What an earlier host left behind when it (and its guardian) were killed: found by its run folder, ended, removed. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_VARIABLE } from '../services/kit/guardian.ts';
import { endMarked, findMarked } from '../services/kit/marked.ts';
import { sameProcess, type ProcessIdentity } from '../services/kit/process-identity.ts';
import { writeFileAtomic } from './state/atomic-file.ts';
import { makePrivateFolder, type SpacePaths } from './state/home.ts';

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

/** Runs of this space whose host is dead, with the processes that still carry their mark. */
export function findLeftovers(paths: SpacePaths): readonly Leftover[] {
  return runs(paths)
    .filter(({ facts }) => !facts || !sameProcess(facts.host))
    .map(({ runId }) => ({ runId, pids: findMarked(RUN_VARIABLE, runId) }));
}

/** Ends and removes them; a guardian still at work is given its time first. */
export async function cleanLeftovers(paths: SpacePaths): Promise<readonly Leftover[]> {
  const dead = runs(paths).filter(({ facts }) => !facts || !sameProcess(facts.host));
  const cleaned: Leftover[] = [];
  for (const { runId, facts } of dead) {
    const until = performance.now() + GUARDIAN_BOUND_MS;
    while (facts?.guardian && sameProcess(facts.guardian) && performance.now() < until) await sleep(LOOK_MS);
    const pids = findMarked(RUN_VARIABLE, runId);
    if (pids.length > 0) await endMarked(RUN_VARIABLE, runId, { graceMs: LEFTOVER_GRACE_MS });
    rmSync(runFolder(paths, runId), { recursive: true, force: true });
    cleaned.push({ runId, pids });
  }
  return cleaned;
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
