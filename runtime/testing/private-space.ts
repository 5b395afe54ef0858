/** A space nobody else knows: state in a temporary folder, and a guardian that removes it should we be killed. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuardian, type Guardian } from '../../services/kit/guardian.ts';
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

export async function openPrivateSpace({ env, cwd }: Surroundings): Promise<PrivateSpace> {
  const within = realpathSync(tmpdir());
  const folder = mkdtempSync(join(within, 'paas-local-'));
  const scope = new Scope();
  scope.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  try {
    const guardian = scope.use(
      await startGuardian({
        runId: randomUUID(),
        graceMs: GRACE_MS,
        cleanupWithin: within,
        cleanup: [folder],
      }),
    );
    const home = stateHome(env, cwd);
    const name = `test-${folder.slice(-6).replaceAll(/[^A-Za-z0-9]/g, '0')}`;
    const paths: SpacePaths = {
      ...spacePaths(absolutePath(folder), name),
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
