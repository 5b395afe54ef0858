/**
 * Real manifests, and the original client's own cases with its normal forms. They are not part of this repository: they
 * are read from a folder beside it where that exists.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderDiagnostics } from '../../../cli/render/code-frame.ts';
import { absolutePath } from '../../../runtime/kernel/names.ts';
import { convertToCloudFoundry } from '../../../runtime/manifest/convert.ts';
import { detectDialect } from '../../../runtime/manifest/dialects/detect.ts';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { printManifest } from '../../../runtime/manifest/print.ts';
import { manifestSchema } from '../../../runtime/manifest/schema.ts';
import { folderWith } from './read.ts';
import { violations } from './schema-check.ts';

const SHARED = absolutePath(new URL('../../../../shared/manifests', import.meta.url).pathname);
const present = existsSync(SHARED);
if (!present) console.log(`Skipped: the shared manifests are not at ${SHARED}`);

const CLIENT = join(SHARED, 'stackato-client-tests');
const BASE = 'base.example';

/** Refused on purpose, and why. */
const REFUSED: readonly (readonly [RegExp, RegExp])[] = [
  [/@stackato-docker\./, /there are no containers here/],
  [/^drupal@develop\./, /has no name/],
];

const VARIABLES = [
  'command="./start"',
  'environment=dev',
  'app_name=app',
  'GIT_COMMIT_SHA=abc',
  'GIT_TAG=v1',
];
const MISSING_VARIABLES = /Expected to find variables/;

const files = (folder: string): readonly string[] =>
  present
    ? readdirSync(join(SHARED, folder)).filter(
        (file) => file.endsWith('.yml') && !/\.vars\d+\.yml$/.test(file),
      )
    : [];

function readShared(folder: string, file: string) {
  const cwd = absolutePath(folder, SHARED);
  const varsFiles = readdirSync(cwd).filter((name) => name.startsWith(file.replace(/yml$/, 'vars')));
  return readManifest({ cwd, manifest: file, varsFiles, vars: VARIABLES });
}

describe.skipIf(!present)('real manifests', () => {
  const all = ['stackato', 'cloudfoundry'].flatMap((folder) =>
    files(folder).map((file): [string, string] => [folder, file]),
  );

  test.each(all)('%s/%s is read', async (folder, file) => {
    const result = await readShared(folder, file);
    const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
    const expected = REFUSED.find(([name]) => name.test(file))?.[1];
    if (expected) {
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(expected)]);
      return;
    }
    // Some need variables that nobody wrote down.
    const left = errors.filter(({ message }) => !MISSING_VARIABLES.test(message));
    expect(renderDiagnostics(left)).toBe('');
  });

  test.each(all)('%s/%s printed and read again is the same', async (folder, file) => {
    const first = await readShared(folder, file);
    if (!first.manifest) return;
    const text = await printManifest(first.effective!, first.dialect);
    const cwd = await folderWith({ 'manifest.yml': text });
    const second = await readManifest({ cwd, dialect: first.dialect });
    expect(renderDiagnostics(second.diagnostics.filter(({ severity }) => severity === 'error'))).toBe('');
    expect(await printManifest(second.effective!, second.dialect)).toBe(text);
    expect(detectDialect(second.documents[0]!).dialect).toBe(first.dialect);
  });

  test.each(all.filter(([folder]) => folder === 'stackato'))(
    '%s/%s converted has no mistakes',
    async (folder, file) => {
      const { manifest, effective, documents } = await readManifest({
        cwd: absolutePath(folder, SHARED),
        manifest: file,
        vars: VARIABLES,
        acceptImages: true,
      });
      if (manifest?.dialect !== 'stackato') return;
      const { text } = await convertToCloudFoundry(
        { manifest, effective: effective!, documents },
        join(SHARED, folder),
      );
      const cwd = await folderWith({ 'manifest.yml': text });
      const second = await readManifest({ cwd, dialect: 'cloud-foundry', acceptImages: true });
      expect(renderDiagnostics(second.diagnostics)).toBe('');
    },
  );

  test.each(all)('%s/%s fits the schema of its dialect', async (folder, file) => {
    const result = await readShared(folder, file);
    const strict = result.diagnostics.length === 0;
    if (!strict && !result.manifest) return;
    const text = readFileSync(join(SHARED, folder, file), 'utf8');
    const document: unknown = parse(text, { merge: true, uniqueKeys: false });
    const schema = manifestSchema(result.dialect, { strict }) as Record<string, unknown>;
    expect(violations(document, schema)).toEqual([]);
  });
});

describe.skipIf(!present)('the original client and we agree on the normal form of', () => {
  const golden = present
    ? readdirSync(join(CLIENT, '_expected/results-imanifest')).map((file) => file.replace(/\.txt$/, ''))
    : [];

  test.each(golden)('%s', async (name) => {
    const cwd = absolutePath(name, CLIENT);
    const result = await readManifest({ cwd, targetBase: BASE });
    const [, ...lines] = readFileSync(
      join(CLIENT, '_expected/results-imanifest', `${name}.txt`),
      'utf8',
    ).split('\n');
    const expected = lines.join('\n').replaceAll('@APPDIR@', cwd).replaceAll('@BASE@', BASE);
    expect((await printManifest(result.effective!, result.dialect)).trim()).toBe(expected.trim());
  });
});

/** Cases of the original client that it refuses. */
const CLIENT_REFUSES = /_err$|-err\d?$|^no-name-|nodbl/;

describe.skipIf(!present)('the original client and we agree on whether to refuse', () => {
  const cases = present ? readdirSync(CLIENT).filter((name) => !name.startsWith('_')) : [];

  test.each(cases)('%s', async (name) => {
    const result = await readManifest({ cwd: absolutePath(name, CLIENT) });
    expect(result.manifest === undefined).toBe(CLIENT_REFUSES.test(name));
  });
});
