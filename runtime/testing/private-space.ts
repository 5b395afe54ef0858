/** A space nobody else knows: state in a temporary folder, and a guardian that removes it should we be killed. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuardian, type Guardian, type GuardianOptions } from '../../services/kit/guardian.ts';
import { Scope } from '../../services/kit/scope.ts';
import { absolutePath } from '../kernel/names.ts';
import { spacePaths, stateHome, type SpacePaths } from '../state/home.ts';
import type { Surroundings } from './surroundings.ts';

export interface PrivateSpace extends AsyncDisposable {
  /** All of it lies in here. */
  readonly folder: string;
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
}

const GRACE_MS = 500;

/** @param guarded whether its guardian may say something on our stderr */
export async function openPrivateSpace(
  { env, cwd }: Surroundings,
  guarded: Pick<GuardianOptions, 'mayTell'>,
): Promise<PrivateSpace> {
  const within = realpathSync(tmpdir());
  const runId = randomUUID();
  const folder = join(within, `paas-local-${runId.slice(0, 13)}`);
  const scope = new Scope();
  try {
    // It stands before there is anything to remove, and until all is removed: we may be killed at any moment.
    const guardian = scope.use(
      await startGuardian({ ...guarded, runId, graceMs: GRACE_MS, cleanupWithin: within, cleanup: [folder] }),
    );
    mkdirSync(folder, { mode: 0o700 });
    scope.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    const home = stateHome(env, cwd);
    const name = `test-${runId.slice(0, 8)}`;
    const root = absolutePath(folder);
    const paths: SpacePaths = {
      ...spacePaths(root, name),
      // Not deeper than it needs to be: each folder is made and removed within a start and a stop of milliseconds.
      root,
      apps: absolutePath('apps', root),
      services: absolutePath('services', root),
      // What takes long to make and can be shared is the user's own: virtual environments, engines.
      home,
      cache: absolutePath('cache', home),
    };
    return { folder, paths, guardian, [Symbol.asyncDispose]: () => scope.close() };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
