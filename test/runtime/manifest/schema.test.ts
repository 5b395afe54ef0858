/** The schemas for editors say what the decoder says. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifestSchema } from '../../../runtime/manifest/schema.ts';
import type { Dialect } from '../../../runtime/manifest/types.ts';
import { read } from './read.ts';
import { violations } from './schema-check.ts';

function fits(text: string, dialect: Dialect): boolean {
  const document: unknown = parse(text, { merge: true });
  return violations(document, manifestSchema(dialect) as Record<string, unknown>).length === 0;
}

describe('a variable may stand for a whole', () => {
  test.each([
    'applications: ((apps))',
    'applications: [((app))]',
    'applications: [{name: a, services: ((s)), env: ((e)), sidecars: ((x)), routes: ((r)), processes: ((p))}]',
    'applications: [{name: a, services: [((s))], sidecars: [((x))], routes: [((r))], metadata: ((m))}]',
    'applications: [{name: a, metadata: {labels: ((l))}, features: ((f)), buildpacks: ((b))}]',
  ])('%s', async (text) => {
    expect(fits(text, 'cloud-foundry')).toBe(true);
    const vars = [
      'apps=[{name: a}]',
      'app={name: a}',
      's=[]',
      'e={A: b}',
      'x=[]',
      'r=[]',
      'p=[]',
      'm={}',
      'l={}',
      'f={}',
      'b=[]',
    ];
    // Where it is an entry of a list, it stands for one.
    const single = text.includes('[((s))]')
      ? ['s=db', 'x={name: s, command: c, process_types: [web]}', 'r={route: a.b}']
      : [];
    const result = await read(text, { dialect: 'cloud-foundry', vars: [...vars, ...single] });
    expect(result.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

const REFUSED: readonly (readonly [Dialect, string])[] = [
  ['cloud-foundry', 'applications: [{name: a, no-route: "true"}]'],
  ['cloud-foundry', 'applications: [{name: a, env: {PORT: 1}}]'],
  ['cloud-foundry', 'applications: [{name: a, env: {VCAP_X: 1}}]'],
  ['cloud-foundry', 'applications: [{name: a, env: {vmc_x: 1}}]'],
  ['cloud-foundry', 'applications: []'],
  ['cloud-foundry', 'applications:'],
  ['cloud-foundry', 'applications: [null]'],
  ['cloud-foundry', 'applications: [{name: a, buildpack: x, buildpacks: [y]}]'],
  ['cloud-foundry', 'applications: [{name: a, services: some text}]'],
  ['stackato', 'name: my.app'],
  ['stackato', 'applications: [{name: my.app}]'],
  ['stackato', 'name: a\nservices: {x: {type: user-provided}}'],
];

describe('what the decoder refuses', () => {
  test.each(REFUSED)('%s: %s', async (dialect, text) => {
    expect((await read(text, { dialect })).manifest).toBeUndefined();
    expect(fits(text, dialect)).toBe(false);
  });
});

describe('what it takes', () => {
  test.each([
    ['cloud-foundry', 'applications: [{name: a, no-route: yes, env: {A: 1, PORTS: 2}}]'],
    ['cloud-foundry', 'applications: [{name: a, buildpack: x, buildpacks: }]'],
    ['stackato', 'name: my-app\nservices: {x: {type: user-provided, credentials: {a: b}}}'],
    ['stackato', 'name: 12'],
    ['stackato', 'name: a\nservices: {x: {type: redis}}'],
  ] as const)('%s: %s', async (dialect, text) => {
    expect((await read(text, { dialect })).manifest).toBeDefined();
    expect(fits(text, dialect)).toBe(true);
  });
});
