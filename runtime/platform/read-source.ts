/** Reads a manifest the way a push asked for, the first time and again at every edit. */
import type { AbsolutePath } from '../kernel/names.ts';
import type { Ask, ManifestResult } from '../manifest/index.ts';
import type { ManifestSource } from '../state/record.ts';

export interface Reading {
  /** Only these apps; those of the source unless given. */
  readonly appNames?: readonly string[];
  readonly shellEnv: Readonly<Record<string, string | undefined>>;
  /** Absent where nobody can answer. */
  readonly ask?: Ask;
}

/** @throws PaasError `MANIFEST_NOT_FOUND` */
export async function readSource(source: ManifestSource, reading: Reading): Promise<ManifestResult> {
  // The reader and the YAML library are loaded only where a manifest is read.
  const { readManifest } = await import('../manifest/index.ts');
  return readManifest({
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
}
