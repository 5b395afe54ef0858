/** Mistakes people really make, and what they are told. */
import { describe, expect, test } from 'vitest';
import type { ReadOptions } from '../../../runtime/manifest/index.ts';
import { read } from './read.ts';

/** `line:column message | hint` of each, with where else to look. */
async function told(text: string, options: Partial<ReadOptions> = {}): Promise<readonly string[]> {
  const { diagnostics } = await read(text, options);
  return diagnostics.map(
    ({ span, message, hint, related }) =>
      `${span?.line}:${span?.column} ${message} | ${hint}${related ? ` | ${related.message} ${related.span.line}` : ''}`,
  );
}

test('a bracket that is not closed is named where it was opened', async () => {
  const inside = 'lines inside are indented more than the key it belongs to';
  expect(await told('name: a\nservices: {x: [a, b\nmem: 64\n')).toEqual([
    `2:11 This "{" is never closed | Write "}" where the mapping ends; ${inside} | Noticed here 3`,
    `2:15 This "[" is never closed | Write "]" where the list ends; ${inside} | Noticed here 3`,
  ]);
  expect(await told('a: [x, {y: z}]\nname: a\nignores: [a, b\n')).toEqual([
    `3:10 This "[" is never closed | Write "]" where the list ends; ${inside} | Noticed here 4`,
  ]);
});

test('an indentation that does not fit is still told as such', async () => {
  const [only, ...others] = await told('name: a\n  mem: 64\n mem: 1\n');
  expect(only).not.toContain('never closed');
  expect(others.join()).not.toContain('never closed');
});

test.each([
  ['- *.pyc', '*.pyc'],
  ['- *', '*'],
])('a pattern that YAML takes for an alias: %s', async (item, pattern) => {
  expect((await told(`name: a\nignores:\n${item}\n`)).join()).toContain(
    `A pattern of file names needs quotes: "${pattern}"`,
  );
});

test('an alias is still told how to get its anchor', async () => {
  expect((await told('name: a\nmem: *size\n')).join()).toContain('Write "&size" in front');
});

describe('variables', () => {
  test.each([
    ['a={c: 1}', 'has no "b" | There are: c'],
    ['a={bb: 1, d: 2}', 'has no "b" | There are: bb, d'],
    ['a=x', 'has no "b" | What is in front of it is a single value'],
    ['a={b: [x]}', 'has no "1" | There are: 0'],
  ])('a path that ends before its end: %s', async (variable, expected) => {
    const [only] = await told('applications:\n- name: ((a.b.1))\n', { vars: [variable] });
    expect(only).toContain(`2:9 The variable of ((a.b.1)) ${expected}`);
    expect(only).not.toContain('Did you mean "((a))"');
  });

  test.each([
    ['k', 'Cannot read --var "k": "=VALUE" is missing | Write --var k=VALUE'],
    ['k=', 'Cannot read --var "k=": its value is empty | Write --var NAME=VALUE'],
    ['=v', 'Cannot read --var "=v": it has no name | Write --var NAME=VALUE'],
  ])('--var %s', async (variable, expected) => {
    expect((await told('applications:\n- name: a\n', { vars: [variable] })).join()).toContain(expected);
  });

  test('do nothing for a Stackato manifest, which is said', async () => {
    const result = await read('name: a\nmem: 64\n', { vars: ['k=v'], varsFiles: ['x.yml'] });
    expect(result.manifest).toBeDefined();
    expect(result.diagnostics.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
      'warning --var has no effect: a Stackato manifest has no ((variables))',
      'warning --vars-file has no effect: a Stackato manifest has no ((variables))',
    ]);
  });
});

test.each(['cloud-foundry', 'stackato', undefined] as const)(
  'an app whose dash was forgotten (%s)',
  async (dialect) => {
    expect(await told('applications:\n  name: a\n  memory: 1G\n', dialect ? { dialect } : {})).toEqual([
      '2:3 "applications" must be a list of apps, not one app | Each app begins with a dash: "- name: …"; indent its other keys by the same two columns',
    ]);
  },
);

test('PORT is the platform’s, also as a flag', async () => {
  expect(await told('applications:\n- name: a\n', { envOverrides: ['PORT=1'] })).toEqual([
    '1:1 Env cannot set PORT | The platform chooses the port and tells the app in PORT',
  ]);
});

test('ignores is a list', async () => {
  expect(await told('name: a\nmem: 64\nignores: foo\n')).toEqual([
    '3:10 "ignores" must be a list, not a single value | For example: ignores: [.git, node_modules]',
  ]);
});
