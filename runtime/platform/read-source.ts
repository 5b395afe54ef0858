/** Reads a manifest the way a push asked for, the first time and again at every edit. */
import type { AbsolutePath } from '../kernel/names.ts';
import type { Diagnostic } from '../kernel/diagnostics.ts';
import type { Ask } from '../manifest/index.ts';
import type { Manifest } from '../manifest/types.ts';
import type { ManifestSource } from '../state/record.ts';

export interface Reading {
  /** Only these apps; those of the source unless given. */
  readonly appNames?: readonly string[];
  readonly shellEnv: Readonly<Record<string, string | undefined>>;
  /** Absent where nobody can answer. */
  readonly ask?: Ask;
}

/** What came of it. Plain JSON, so that it can be read in one process for another. */
export interface ManifestReading {
  /** Undefined where there are errors; warnings accompany a manifest. */
  readonly manifest?: Manifest;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: string;
}

/** @throws PaasError `MANIFEST_NOT_FOUND` */
export async function readSource(source: ManifestSource, reading: Reading): Promise<ManifestReading> {
  // The reader and the YAML library are loaded only where a manifest is read.
  const { readManifest } = await import('../manifest/index.ts');

  const { manifest, diagnostics, file } = await readManifest({
    cwd: source.cwd as AbsolutePath,
    appNames: reading.appNames ?? source.appNames,
    envOverrides: source.env,
    vars: source.vars,
    varsFiles: source.varsFiles,
    shellEnv: reading.shellEnv,
    ...(source.path === undefined ? {} : { path: source.path }),
    ...(source.manifest === undefined ? {} : { manifest: source.manifest }),
    ...(source.dialect === undefined ? {} : { dialect: source.dialect }),
    ...(reading.ask ? { ask: reading.ask } : {}),
  });
  return { ...(manifest ? { manifest } : {}), diagnostics, file };
}

/**
 * Reads for somebody who can be asked, but not from here: undefined as soon as the manifest has a question.
 * @throws PaasError `MANIFEST_NOT_FOUND`
 */
export async function readUnlessAsking(
  source: ManifestSource,
  reading: Omit<Reading, 'ask'>,
): Promise<ManifestReading | undefined> {
  const question = new Error('The manifest asks the user');
  try {
    return await readSource(source, { ...reading, ask: () => Promise.reject(question) });
  } catch (error) {
    if (error === question) return undefined;
    throw error;
  }
}
