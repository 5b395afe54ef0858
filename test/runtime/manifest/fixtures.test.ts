/**
 * Every file of `fixtures/manifests/invalid` stands beside the whole message it must give, every one of `valid` beside
 * what it must mean. `UPDATE_FIXTURES=1` writes them anew, for reading over.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderDiagnostics } from '../../../cli/render/code-frame.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { readManifest, type ReadOptions } from '../../../runtime/manifest/index.ts';

const ROOT = absolutePath(new URL('../../../fixtures/manifests', import.meta.url).pathname);
const SERVICE_TYPES = ['memcached', 'mysql'];

async function readFixture(folder: string, name: string) {
  const cwd = absolutePath(folder, ROOT);
  const optionsFile = join(cwd, `${name}.options.json`);
  const options: Partial<ReadOptions> = existsSync(optionsFile)
    ? JSON.parse(readFileSync(optionsFile, 'utf8'))
    : {};
  return {
    cwd,
    result: await readManifest({
      cwd,
      manifest: `${name}.yml`,
      serviceTypes: SERVICE_TYPES,
      random: () => '1a2b',
      ...options,
    }),
  };
}

function expected(folder: string, file: string, actual: string): string {
  const path = join(ROOT, folder, file);
  if (process.env.UPDATE_FIXTURES) writeFileSync(path, actual);
  return readFileSync(path, 'utf8');
}

const names = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder))
    .filter((file) => file.endsWith('.yml'))
    .map((file) => file.slice(0, -'.yml'.length));

describe('invalid manifests are refused with', () => {
  test.each(names('invalid'))('the whole message for %s', async (name) => {
    const { cwd, result } = await readFixture('invalid', name);
    expect(result.manifest).toBeUndefined();
    expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
    const message = `${renderDiagnostics(result.diagnostics, { relativeTo: cwd })}\n`.replaceAll(
      cwd,
      'FOLDER',
    );
    expect(message).toBe(expected('invalid', `${name}.txt`, message));
  });
});

describe('valid manifests mean', () => {
  test.each(names('valid'))('what stands beside %s', async (name) => {
    const { cwd, result } = await readFixture('valid', name);
    const warnings = renderDiagnostics(result.diagnostics, { relativeTo: cwd });
    const meaning = JSON.stringify(
      { manifest: result.manifest, warnings: warnings === '' ? [] : warnings.split('\n') },
      (key, value: unknown) => (key === 'span' || key === 'typeSpan' ? undefined : value),
      2,
    );
    const text = `${meaning}\n`.replaceAll(cwd, 'FOLDER');
    expect(text).toBe(expected('valid', `${name}.json`, text));
    expect(result.manifest).toBeDefined();
  });
});
