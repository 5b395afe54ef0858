import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainReading, readSource, readUnlessAsking } from '../../../runtime/platform/read-source.ts';
import type { ManifestSource } from '../../../runtime/state/record.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function sourceOf(text: string): ManifestSource {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'manifest.yml'), text);
  return { cwd, appNames: [], env: [], vars: [], varsFiles: [], noWatch: true };
}

test.each([
  ['a question in a value', 'name: shop\nenv:\n  TOKEN: ${ask Which token}\n'],
  ['a required variable', 'name: shop\nenv:\n  TOKEN:\n    required: yes\n'],
])('what has %s is left to whoever can ask', async (_, text) => {
  const source = sourceOf(text);
  expect(await readUnlessAsking(source, { shellEnv: {} })).toBeUndefined();

  const asked = await readSource(source, { shellEnv: {}, ask: async () => 'secret' });
  expect(asked.manifest?.apps[0]?.env).toMatchObject({ TOKEN: { value: 'secret' } });
});

test('what asks nothing is read, mistakes included', async () => {
  const reading = await readUnlessAsking(sourceOf('name: shop\nmem: much\n'), { shellEnv: {} });
  expect(reading?.manifest).toBeUndefined();
  expect(reading?.diagnostics).toHaveLength(1);
});

test('a reading passes through JSON unchanged, as it goes from the host to a command', async () => {
  const reading = plainReading(await readSource(sourceOf('name: shop\nmemry: 64M\n'), { shellEnv: {} }));
  expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
});
