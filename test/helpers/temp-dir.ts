import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder, removed with all in it when the test ends. */
export function tempDir(prefix = 'paas-local-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  // A host that was told to end keeps what was compiled of it as its last act, which may still be under way.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return folder;
}
