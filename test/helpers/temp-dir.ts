import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Of the test that runs. */
const folders: string[] = [];

/**
 * A fresh folder, removed with all in it when the test ends: after everything that was begun later is ended, so that
 * nobody writes into it any more, whichever of a test's folders that is.
 */
export function tempDir(prefix = 'paas-local-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  // What is to be done at a test's end is done in the reverse order.
  if (folders.length === 0) onTestFinished(removeAll);
  folders.push(folder);
  return folder;
}

function removeAll(): void {
  for (const folder of folders.splice(0)) {
    // One that was killed may be busy dying, with a file half made.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
