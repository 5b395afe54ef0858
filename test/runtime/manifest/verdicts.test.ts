import { describe, expect, test } from 'vitest';
import { APP, FILE as CLOUD_FOUNDRY_FILE } from '../../../runtime/manifest/dialects/cloud-foundry/keys.ts';
import { FILE as STACKATO_FILE } from '../../../runtime/manifest/dialects/stackato/keys.ts';
import type { KeyRule, Shape } from '../../../runtime/manifest/shape.ts';
import { allVerdicts, verdictsOf } from '../../../runtime/manifest/verdicts.ts';
import { read } from './read.ts';

/** A walk of its own over the tables, so that one that skips a corner is noticed. */
function rules(shape: Shape, found = new Set<KeyRule>()): ReadonlySet<KeyRule> {
  switch (shape.kind) {
    case 'record':
      for (const rule of shape.keys.values()) {
        found.add(rule);
        rules(rule.shape, found);
      }
      break;
    case 'list':
    case 'one-or-list':
    case 'map':
      rules(shape.of, found);
      break;
    case 'either':
      for (const one of [shape.scalar, shape.list, shape.map]) if (one) rules(one, found);
      break;
    default:
  }
  return found;
}

describe.each([
  ['stackato', [STACKATO_FILE]],
  ['cloud-foundry', [CLOUD_FOUNDRY_FILE, APP]],
] as const)('every key of %s', (dialect, shapes) => {
  const all = shapes.flatMap((shape) => [...rules(shape)]);

  test('has a verdict with its reason, a summary and an example', () => {
    expect(all.length).toBeGreaterThan(50);
    for (const rule of all) {
      expect(['honoured', 'approximated', 'ignored']).toContain(rule.verdict);
      expect(rule.why.length).toBeGreaterThan(5);
      expect(rule.why).not.toMatch(/\n/);
      expect(rule.summary).toMatch(/\.$/);
      expect(rule.example !== undefined || rule.aliasOf !== undefined).toBe(true);
    }
  });

  test('is in the report', () => {
    const reported = new Set(allVerdicts(dialect).map(({ verdict, why }) => `${verdict} ${why}`));
    for (const { verdict, why } of all) expect(reported).toContain(`${verdict} ${why}`);
  });
});

test('the keys of a manifest are judged where they stand, unknown ones too', async () => {
  const { documents, dialect } = await read(
    'name: a\ncron: x\nservices: {c: {type: memcached, provider: core}}\ncolour: blue\nenv: {A: {default: x}}\n',
  );
  expect(
    verdictsOf(documents, dialect).map(({ path, verdict, span }) => `${span.line} ${path} ${verdict}`),
  ).toEqual([
    '1 name honoured',
    '2 cron ignored',
    '3 services honoured',
    '3 services.*.type honoured',
    '3 services.*.provider ignored',
    '4 colour ignored',
    '5 env honoured',
    '5 env.*.default honoured',
  ]);
});

test('so are those of Cloud Foundry, in either spelling', async () => {
  const { documents, dialect } = await read(
    'version: 1\napplications:\n- name: a\n  disk-quota: 1G\n  host: x\n  routes: [{route: a.b, options: {loadbalancing: round-robin}}]\n  processes: [{type: worker}]\n',
  );
  expect(verdictsOf(documents, dialect).map(({ path }) => path)).toEqual([
    'version',
    'applications',
    'applications[].name',
    'applications[].disk-quota',
    'applications[].host',
    'applications[].routes',
    'applications[].routes[].route',
    'applications[].routes[].options',
    'applications[].routes[].options.loadbalancing',
    'applications[].processes',
    'applications[].processes[].type',
  ]);
});
