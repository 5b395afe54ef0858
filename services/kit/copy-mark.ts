/** Remembers that copies were made inside an engine, so that only then the next start looks for what a killed host left. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'copied';

export function markCopied(dataDir: string): void {
  writeFileSync(join(dataDir, FILE), '');
}

/** Runs `clean` if there is something to look for. */
export async function cleanCopies(dataDir: string, clean: () => Promise<void>): Promise<void> {
  const mark = join(dataDir, FILE);
  if (!existsSync(mark)) return;
  await clean();
  rmSync(mark, { force: true });
}
