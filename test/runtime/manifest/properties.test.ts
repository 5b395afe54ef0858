/** Over generated documents: nothing but coded errors, and printing then reading again changes nothing. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { renderDiagnostics } from '../../../cli/render/code-frame.ts';
import { readManifest, type ManifestResult } from '../../../runtime/manifest/index.ts';
import { printManifest } from '../../../runtime/manifest/print.ts';
import { allVerdicts, verdictsOf } from '../../../runtime/manifest/verdicts.ts';
import { manifestSchema } from '../../../runtime/manifest/schema.ts';
import { folderWith } from './read.ts';

const RUNS = 300;

const KEYS = [
  ...new Set(
    [...allVerdicts('stackato'), ...allVerdicts('cloud-foundry')]
      .flatMap(({ path }) => path.split(/[.[\]*]+/))
      .filter((key) => key !== ''),
  ),
];
const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', '<<', '', '${name}', '((x))') },
  { weight: 1, arbitrary: fc.string() },
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'a',
    'web',
    'yes',
    '~',
    '64M',
    '1G',
    '012',
    '1e6',
    '${name}',
    '${random-word}',
    '((x))',
    '[]',
    '- x',
    '$HOME',
    '*a',
    '&a',
    '2020-01-01',
    '',
    null,
    true,
    0,
    1,
    2.5,
    'memcached',
    'a: b',
    'x\ny',
    '\t',
  ),
  fc.string(),
  fc.integer(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
}));
const likely = fc
  .array(fc.tuple(key, value), { maxLength: 8 })
  .chain((entries) =>
    fc.constantFrom<unknown>(
      new Map<unknown, unknown>([...entries, ['name', 'a']]),
      new Map([['applications', [new Map<unknown, unknown>([['name', 'a'], ...entries])]]]),
      new Map([['applications', new Map([['dir', new Map<unknown, unknown>([['name', 'a'], ...entries])]])]]),
    ),
  );

async function coded(cwd: string, text: string | Uint8Array, more: object = {}): Promise<ManifestResult> {
  await writeFile(join(cwd, 'manifest.yml'), text);
  const result = await readManifest({ cwd: cwd as never, vars: ['x=1'], random: () => 'beef', ...more });
  for (const { code, span } of result.diagnostics) {
    expect(code).toMatch(/^MANIFEST_[A-Z_]+$/);
    if (span) expect(span.line * span.column * span.length).toBeGreaterThan(0);
  }
  expect(result.manifest === undefined).toBe(result.diagnostics.some(({ severity }) => severity === 'error'));
  // oxlint-disable-next-line no-control-regex -- their absence is what is tested
  expect(renderDiagnostics(result.diagnostics)).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  verdictsOf(result.documents, result.dialect);
  return result;
}

const untouched = (): void =>
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(PROTOTYPE_NAMES);
const PROTOTYPE_NAMES = Object.getOwnPropertyNames(Object.prototype).length;

test('any bytes give diagnostics with codes, never anything else', async () => {
  const cwd = await folderWith({});
  const pieces = fc
    .array(
      fc.constantFrom(
        'name: ',
        'applications:\n',
        '- ',
        '  ',
        '\n',
        ': ',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '*a',
        '&a ',
        '!x ',
        '|\n',
        '>',
        '#',
        '? ',
        '<<: ',
        '${',
        '((',
        '))',
        '\t',
        '\r\n',
        '%',
        '---\n',
        'a',
        '1',
        '\0',
        '\ud800',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(pieces, fc.string(), fc.uint8Array()),
      async (text) => void (await coded(cwd, text)),
    ),
    { numRuns: RUNS },
  );
  untouched();
});

test.each(['stackato', 'cloud-foundry'] as const)(
  'any document read as %s gives diagnostics with codes',
  async (dialect) => {
    const cwd = await folderWith({});
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(value, likely),
        async (document) =>
          void (await coded(cwd, stringify(document, { aliasDuplicateObjects: false }), { dialect })),
      ),
      { numRuns: RUNS },
    );
    untouched();
  },
);

const withoutPlaces = (result: ManifestResult): unknown =>
  JSON.parse(
    JSON.stringify(result.manifest?.apps, (name, inner: unknown) =>
      /^span$|Span$/.test(name) ? undefined : inner,
    ),
  );

/** Documents that are mostly accepted, so that there is something to print. */
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const text = fc.oneof(
  word,
  fc.constantFrom(
    'yes',
    '~',
    '012',
    '1.10',
    '1e6',
    'null',
    '- x',
    'a: b',
    '',
    ' x ',
    'x\ny',
    'x\n\n',
    '#c',
    "it's",
    '"q"',
    '*a',
    '{}',
    '[]',
    '<<',
    'é\u2028',
  ),
  fc.string({ maxLength: 12 }).filter((some) => !some.includes('{') && !some.includes('(')),
);
const stackatoApp = fc.record(
  {
    name: word,
    memory: fc.constantFrom('64M', '1.5G', '256'),
    instances: fc.integer({ min: 1, max: 5 }),
    command: text,
    url: fc.array(
      word.map((host) => `${host}.example.com`),
      { maxLength: 2 },
    ),
    env: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/), text),
    services: fc.dictionary(word, fc.constantFrom('memcached', 'mysql')),
    framework: fc.constantFrom('node', 'python', 'generic'),
    timeout: fc.integer({ min: 1, max: 99 }),
    stackato: fc.record(
      {
        hooks: fc.record({ 'post-staging': fc.array(text, { maxLength: 2 }) }),
        ignores: fc.array(text, { maxLength: 2 }),
        cron: fc.array(text, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['name', 'stackato'] },
);
const cloudFoundryApp = fc.record(
  {
    name: word,
    memory: fc.constantFrom('64M', '1.5G', '256mb'),
    instances: fc.integer({ min: 0, max: 5 }),
    command: word,
    env: fc.dictionary(
      fc.stringMatching(/^[A-Z][A-Z_]{0,5}$/).filter((name) => !/^(PORT$|VMC|VCAP_)/.test(name)),
      fc.oneof(text, fc.boolean(), fc.integer(), fc.double({ noNaN: true })),
    ),
    services: fc.array(word, { maxLength: 3 }),
    routes: fc.array(
      word.map((host) => ({ route: `${host}.example.com` })),
      { maxLength: 2 },
    ),
    'no-route': fc.boolean(),
    'random-route': fc.boolean(),
  },
  { requiredKeys: ['name'] },
);

test.each([
  ['stackato', fc.uniqueArray(stackatoApp, { selector: ({ name }) => name, minLength: 1, maxLength: 3 })],
  [
    'cloud-foundry',
    fc.uniqueArray<{ name: string }, string>(cloudFoundryApp, {
      selector: ({ name }) => name,
      minLength: 1,
      maxLength: 3,
    }),
  ],
] as const)(
  'printing the effective manifest and reading it again is the identity for %s',
  async (dialect, apps) => {
    const cwd = await folderWith({});
    let printedOnes = 0;
    await fc.assert(
      fc.asyncProperty(apps as fc.Arbitrary<unknown[]>, async (applications) => {
        const first = await coded(cwd, stringify({ applications }, { aliasDuplicateObjects: false }), {
          dialect,
        });
        if (!first.manifest || !first.effective) return;
        printedOnes++;
        const printed = await printManifest(first.effective, dialect);
        const second = await coded(cwd, printed, { dialect });
        expect(renderDiagnostics(second.diagnostics.filter(({ severity }) => severity === 'error'))).toBe('');
        expect(withoutPlaces(second)).toEqual(withoutPlaces(first));
        expect(await printManifest(second.effective!, dialect)).toBe(printed);
      }),
      { numRuns: RUNS },
    );
    expect(printedOnes).toBeGreaterThan(RUNS / 4);
  },
);

test('the schemas are plain JSON', () => {
  for (const dialect of ['stackato', 'cloud-foundry'] as const) {
    for (const strict of [true, false]) {
      const schema = manifestSchema(dialect, { strict });
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    }
  }
});
