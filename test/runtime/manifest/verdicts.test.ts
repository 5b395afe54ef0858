import { describe, expect, test } from 'vitest';
import { APP, FILE as CLOUD_FOUNDRY_FILE } from '../../../runtime/manifest/dialects/cloud-foundry/keys.ts';
import { FILE as STACKATO_FILE } from '../../../runtime/manifest/dialects/stackato/keys.ts';
import { readManifest } from '../../../runtime/manifest/index.ts';
import type { KeyRule, Shape } from '../../../runtime/manifest/shape.ts';
import { allVerdicts, verdictsOf } from '../../../runtime/manifest/verdicts.ts';
import { appsOf, folderWith, read, readApp, summary } from './read.ts';

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
    '2 cron honoured',
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

/** `path: verdict why` of each key that is not honoured as its table says, or is of interest. */
async function judged(text: string, flags: Parameters<typeof verdictsOf>[2] = {}) {
  const { documents, dialect } = await read(text);
  return Object.fromEntries(
    verdictsOf(documents, dialect, flags).map(({ path, verdict, why }) => [path, `${verdict}: ${why}`]),
  );
}

describe('what stands beside a key', () => {
  test('Cloud Foundry: a "web" entry takes the place of all process attributes of the app, with a warning', async () => {
    const text =
      'version: 1\napplications:\n- name: a\n  memory: 64M\n  health_check_type: process\n  processes: [{type: web, instances: 2}]\n';
    expect(await judged(text)).toMatchObject({
      'applications[].memory': expect.stringMatching(/^ignored: the "web" entry/),
      'applications[].health_check_type': expect.stringMatching(/^ignored: the "web" entry/),
      'applications[].processes[].instances': expect.stringMatching(/^honoured/),
    });
    expect(summary(await read(text))).toEqual([
      expect.stringMatching(/^4:3 warning MANIFEST_IGNORED_KEY .*: "memory", "health_check_type"$/),
    ]);
    const worker = text.replace('type: web', 'type: worker');
    expect((await judged(worker))['applications[].memory']).toMatch(/^approximated/);
    expect(summary(await read(worker))).toEqual([]);
  });

  test('Cloud Foundry: routes, a timeout of 0, hashing', async () => {
    const route = '{route: a.b, options: {loadbalancing: hash}}';
    const app = `version: 1\napplications:\n- name: a\n  routes: [${route}]\n  random-route: true\n  timeout: 0\n`;
    expect(await judged(app)).toMatchObject({
      'applications[].routes': expect.stringMatching(/^approximated: .*where the platform keeps it/),
      'applications[].routes[].options.loadbalancing': expect.stringMatching(/^approximated/),
      'applications[].random-route': expect.stringMatching(/^ignored: "routes" wins/),
      'applications[].timeout': expect.stringMatching(/^ignored: the client leaves a zero out/),
    });
    expect((await judged(`${app}  no-route: true\n`))['applications[].routes']).toBe(
      'ignored: "no-route" wins',
    );
  });

  test('Stackato: two keys for one thing', async () => {
    const text =
      'name: a\nmem: 64M\nmemory: 1G\ncommand: a\nprocesses: {web: b}\nurl: x.y\nno-route: y\nservices: {c: {type: redis, label: memcached}}\n';
    expect(await judged(text)).toMatchObject({
      mem: expect.stringMatching(/^approximated/),
      memory: 'ignored: "mem" wins',
      command: expect.stringMatching(/^honoured/),
      processes: expect.stringMatching(/^ignored: "command" wins/),
      'processes.web': expect.stringMatching(/^ignored: "command" wins/),
      url: 'ignored: "no-route" wins',
      'services.*.type': 'ignored: "label" wins',
    });
    // What is said to win is what is decoded.
    expect((await readApp(text)).processes[0]).toMatchObject({ command: 'a', memoryBytes: 64 * 1024 ** 2 });
    const legacy = `${text}framework: python\n`;
    expect((await readApp(legacy)).processes[0]?.command).toBe('b');
    expect(await judged(legacy)).toMatchObject({
      command: expect.stringMatching(/^ignored: "processes.web" wins/),
      'processes.web': expect.stringMatching(/^honoured/),
    });
  });

  test('flags, for the app they are about', async () => {
    const overrides = { memory: '1G', urls: [] };
    expect(
      await judged('name: a\nmem: 64M\nurl: x.y\nprocesses: {web: b}\n', { overrides, command: 'c' }),
    ).toMatchObject({
      mem: 'ignored: --memory on the command line takes its place',
      url: 'ignored: --no-route on the command line takes its place',
      'processes.web': 'ignored: --command on the command line takes its place',
    });
    // Over both keys for the command, but not over that of a worker, which has no web process.
    const both = await judged('name: a\ncommand: a\nprocesses: {web: b}\n', { command: 'c' });
    expect(Object.values(both).filter((one) => one.startsWith('ignored: --command'))).toHaveLength(3);
    const worker = await judged('name: a\ncommand: a\nprocesses: {web: ~}\n', { command: 'c' });
    expect(Object.values(worker).filter((one) => one.startsWith('ignored'))).toEqual([]);
    const two = 'version: 1\napplications:\n- {name: a, memory: 64M}\n- {name: b, memory: 64M}\n';
    const { documents, dialect } = await read(two);
    expect(
      verdictsOf(documents, dialect, { overrides, appNames: ['b'] })
        .filter(({ path }) => path.endsWith('memory'))
        .map(({ verdict }) => verdict),
    ).toEqual(['approximated', 'ignored']);
    const web = 'version: 1\napplications:\n- name: a\n  processes: [{type: web, memory: 64M}]\n';
    expect((await judged(web, { overrides }))['applications[].processes[].memory']).toMatch(
      /^ignored: --memory/,
    );
  });

  test('numbers kept by scale, for the process and the app they are of', async () => {
    const kept = (process: string) => [{ process, key: 'instances' as const, kept: '3' }];
    expect(
      await judged('name: a\nmem: 64M\ninstances: 1\n', { kept: new Map([['a', kept('web')]]) }),
    ).toMatchObject({
      instances: 'ignored: kept at 3 by scale',
      mem: expect.stringMatching(/^approximated/) as string,
    });
    expect(
      await judged('name: a\ninstances: 1\n', {
        kept: new Map([['a', kept('web')]]),
        overrides: { instances: 2 },
      }),
    ).toMatchObject({ instances: 'ignored: --instances on the command line takes its place' });
    const two =
      'version: 1\napplications:\n- {name: a, instances: 1}\n- name: b\n  instances: 1\n  processes: [{type: worker, instances: 1}]\n';
    const { documents, dialect } = await read(two);
    expect(
      verdictsOf(documents, dialect, {
        kept: new Map([
          ['a', []],
          ['b', kept('worker')],
        ]),
      })
        .filter(({ path }) => path.endsWith('instances'))
        .map(({ verdict }) => verdict),
    ).toEqual(['honoured', 'honoured', 'ignored']);
  });

  test('Stackato: keys that serve as symbols are neither unknown nor ignored, also across files', async () => {
    const cwd = await folderWith({
      'manifest.yml':
        'inherit: base.yml\nprefix: p\napplications:\n- name: a\n  suffix: foo\n  properties: {tail: z}\n  stackato: {env: {A: "${suffix}-${tail}"}}\n  colour: blue\n',
      'base.yml': 'properties: {whole: "${prefix}"}\n',
    });
    const result = await readManifest({ cwd });
    expect(summary(result)).toEqual([
      '8:3 warning MANIFEST_UNKNOWN_KEY Unknown key "colour" in an app; it is ignored',
    ]);
    expect(appsOf(result)[0]?.env.A?.value).toBe('foo-z');
    const verdicts = verdictsOf(result.documents, result.dialect).map(
      ({ path, verdict }) => `${path} ${verdict}`,
    );
    expect(verdicts).toEqual(
      expect.arrayContaining([
        'prefix honoured',
        'applications[].suffix honoured',
        'applications[].properties honoured',
        'applications[].colour ignored',
      ]),
    );
  });
});
