/**
 * Folders that are expensive to make and shared by all who need the same: built once, under a name of their
 * own, and published by writing a small record last. A folder without a record is a leftover of a build that
 * was cut short. (Virtual environments hold their own absolute path, so they cannot be built and then renamed.)
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Json } from '../../services/kit/json.ts';
import { exclusively, type Turn } from './exclusively.ts';

export interface Published {
  readonly folder: string;
  /** What `build` returned. */
  readonly note: Json;
}

export interface Publication extends Turn {
  readonly parent: string;
  /** What defines the content: a fingerprint. */
  readonly key: string;
  /** Whether a published folder still serves; one that is gone does not. */
  readonly isGood?: (published: Published) => Promise<boolean>;
  /** Fills the empty folder it is given; what it returns is kept in the record. */
  readonly build: (folder: string) => Promise<Json>;
}

/** Finds the folder of that key, or builds it. Two callers at once, in any processes, build it once. */
export async function publish(wanted: Publication): Promise<Published & { readonly reused: boolean }> {
  const recordFile = join(wanted.parent, `${wanted.key}.json`);
  const found = await look(recordFile, wanted);
  if (found) return { ...found, reused: true };
  return await exclusively(join(wanted.parent, `${wanted.key}.lock`), wanted, async () => {
    const meanwhile = await look(recordFile, wanted);
    if (meanwhile) return { ...meanwhile, reused: true };
    await removeLeftovers(wanted);
    const folder = await mkdtemp(join(wanted.parent, `${wanted.key}-`));
    try {
      const note = await wanted.build(folder);
      wanted.signal.throwIfAborted();
      await writeAtomically(recordFile, { folder: basename(folder), note });
      return { folder, note, reused: false };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  });
}

async function look(recordFile: string, wanted: Publication): Promise<Published | undefined> {
  const record = await readRecord(recordFile);
  if (!record) return undefined;
  const published = { folder: join(wanted.parent, record.folder), note: record.note };
  if (!existsSync(published.folder)) return undefined;
  if (wanted.isGood && !(await wanted.isGood(published))) return undefined;
  const now = new Date();
  await utimes(recordFile, now, now).catch(() => undefined); // Tells when it was last needed.
  return published;
}

async function readRecord(file: string): Promise<{ folder: string; note: Json } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('folder' in value) || !('note' in value))
      return undefined;
    if (typeof value.folder !== 'string' || value.folder !== basename(value.folder)) return undefined;
    return { folder: value.folder, note: value.note as Json };
  } catch {
    return undefined;
  }
}

/** Called with the lock held, so nobody is building under this key. */
async function removeLeftovers({ parent, key }: Publication): Promise<void> {
  await rm(join(parent, `${key}.json`), { force: true });
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${key}-`)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

export async function writeAtomically(file: string, value: Json): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
