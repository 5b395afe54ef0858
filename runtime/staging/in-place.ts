/**
 * Dependencies that a language wants in the app's own folder: installed when they are missing, or when the files
 * that define them are not those they were installed from. That is remembered outside of the folder.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exclusively } from './exclusively.ts';
import { fingerprint } from './fingerprint.ts';
import { writeAtomically } from './publish.ts';
import type { InstallContext, Installed } from './types.ts';

/** How long one push waits for another that installs in the same folder. */
const WAIT_MS = 900_000;

interface InPlace {
  /** Names the folder of our notes: `node`. */
  readonly language: string;
  /** Files that decide what is installed; those that are not there count as such. */
  readonly inputs: readonly string[];
  /** Whether what is asked for can be found; asked before and, with the folder locked, again. */
  readonly isThere: () => boolean;
  /** Said where it is there and not by us, and is used as it is. Left out: then it is installed over. */
  readonly adopted?: string;
  readonly install: () => Promise<void>;
}

export async function installInPlace(
  context: InstallContext,
  wanted: InPlace,
): Promise<Pick<Installed, 'skipped' | 'fingerprint'>> {
  const key = inPlaceKey(context, wanted.inputs);
  const marker = join(
    context.notesDir ?? context.cacheDir,
    wanted.language,
    `${fingerprint(context.source.root)}.json`,
  );
  if (wanted.isThere() && (await readMarker(marker)) === key) return { skipped: true, fingerprint: key };
  await mkdir(dirname(marker), { recursive: true, mode: 0o700 });
  const turn = {
    app: context.manifest.name,
    signal: context.signal,
    waitMs: WAIT_MS,
    doing: 'installing in this folder',
    log: context.log,
  };
  return await exclusively(`${marker}.lock`, turn, async () => {
    const recorded = await readMarker(marker);
    const adopts = recorded === undefined && wanted.adopted !== undefined;
    const skipped = wanted.isThere() && (adopts || recorded === key);
    if (!skipped) await wanted.install();
    else if (adopts) context.log(`-----> ${wanted.adopted}`);
    // Some write the lock file they did not find.
    const after = skipped ? key : inPlaceKey(context, wanted.inputs);
    await writeAtomically(marker, { fingerprint: after });
    return { skipped, fingerprint: after };
  });
}

/** Of the folder and of the files that decide. */
export function inPlaceKey({ source }: InstallContext, inputs: readonly string[]): string {
  return fingerprint({
    root: source.root,
    inputs: inputs.map((path) => [path, source.readText(path) ?? null]),
  });
}

async function readMarker(marker: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(marker, 'utf8'));
    return typeof value === 'object' &&
      value !== null &&
      'fingerprint' in value &&
      typeof value.fingerprint === 'string'
      ? value.fingerprint
      : undefined;
  } catch {
    return undefined;
  }
}
