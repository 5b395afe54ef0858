/** Reading manifests in tests: real files in a folder of the test's own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { realpathSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { renderDiagnostics } from '../../../cli/render/code-frame.ts';
import { absolutePath, type AbsolutePath } from '../../../runtime/kernel/names.ts';
import { readManifest, type ManifestResult, type ReadOptions } from '../../../runtime/manifest/index.ts';
import type { AppManifest } from '../../../runtime/manifest/types.ts';

/** A folder with these files, gone when the test is over. */
export async function folderWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<AbsolutePath> {
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'manifest-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return absolutePath(folder);
}

/** Reads a `manifest.yml` of this text. */
export async function read(
  text: string | Uint8Array,
  options: Partial<ReadOptions> = {},
): Promise<ManifestResult> {
  const cwd = await folderWith({ 'manifest.yml': text });
  return readManifest({ cwd, ...options });
}

/** The apps of a manifest that must have no errors. */
export async function readApps(
  text: string,
  options: Partial<ReadOptions> = {},
): Promise<readonly AppManifest[]> {
  return appsOf(await read(text, options));
}

export function appsOf(result: ManifestResult): readonly AppManifest[] {
  if (!result.manifest)
    throw new Error(`The manifest was refused:\n${renderDiagnostics(result.diagnostics)}`);
  return result.manifest.apps;
}

/** The one app. */
export async function readApp(text: string, options: Partial<ReadOptions> = {}): Promise<AppManifest> {
  const [app, another] = await readApps(text, options);
  if (!app || another) throw new Error('Expected one app');
  return app;
}

/** `line:column severity code message` of each. */
export function summary({ diagnostics }: ManifestResult): readonly string[] {
  return diagnostics.map(
    ({ span, severity, code, message }) =>
      `${span?.line ?? 0}:${span?.column ?? 0} ${severity} ${code} ${message}`,
  );
}
