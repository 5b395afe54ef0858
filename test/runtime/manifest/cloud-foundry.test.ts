/** What a Cloud Foundry manifest means together with flags, variables and folders. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readManifest } from '../../../runtime/manifest/index.ts';
import { printManifest } from '../../../runtime/manifest/print.ts';
import { appsOf, folderWith, read, readApp, readApps, summary } from './read.ts';

const cf = { dialect: 'cloud-foundry' } as const;

describe('a name on the command line', () => {
  test('renames the only app', async () => {
    expect((await readApp('applications: [{name: web}]', { ...cf, appNames: ['other'] })).name).toBe('other');
  });

  test('picks one of several', async () => {
    const text = 'applications: [{name: web}, {name: api}]';
    expect((await readApp(text, { ...cf, appNames: ['api'] })).name).toBe('api');
    expect(summary(await read(text, { ...cf, appNames: ['apo'] }))).toEqual([
      "1:1 error MANIFEST_APP_UNKNOWN Could not find app named 'apo' in manifest",
    ]);
  });
});

describe('flags', () => {
  test('describe the web process, also where it has an entry of its own', async () => {
    const app = await readApp(
      'applications: [{name: web, buildpack: old, processes: [{type: web, memory: 64M}, {type: worker, memory: 64M}]}]',
      {
        ...cf,
        overrides: {
          memory: '128M',
          instances: 0,
          command: 'go',
          healthCheckType: 'process',
          buildpack: 'new',
          timeout: 9,
          disk: '1G',
        },
      },
    );
    expect(app.processes).toMatchObject([
      {
        type: 'web',
        memoryBytes: 128 * 1024 ** 2,
        instances: 0,
        command: 'go',
        health: { type: 'process', startTimeoutSeconds: 9 },
      },
      { type: 'worker', memoryBytes: 64 * 1024 ** 2 },
    ]);
    expect(app.buildpacks).toEqual(['new']);
  });

  test('what a health check over HTTP asks for', async () => {
    const app = await readApp('applications: [{name: web, processes: [{type: web}]}]', {
      ...cf,
      overrides: { healthCheckType: 'http', endpoint: '/health' },
    });
    expect(app.processes).toMatchObject([{ health: { type: 'http', endpoint: '/health' } }]);
  });

  test('cannot be used with several apps', async () => {
    expect(
      summary(await read('applications: [{name: a}, {name: b}]', { ...cf, overrides: { memory: '1G' } })),
    ).toEqual(['0:0 error MANIFEST_APP_UNKNOWN Flags that change an app cannot be used with multiple apps']);
  });

  test('replace the routes', async () => {
    expect(
      (await readApp('applications: [{name: a, routes: [{route: a.b}]}]', { ...cf, overrides: { urls: [] } }))
        .routes,
    ).toEqual({ kind: 'none' });
    expect(
      (await readApp('applications: [{name: a}]', { ...cf, overrides: { urls: ['x.y'] } })).routes,
    ).toMatchObject({ routes: [{ url: 'x.y' }] });
  });
});

describe('the folder of an app', () => {
  const text = 'applications: [{name: web, command: x}]';

  test('is the one written, relative to the manifest', async () => {
    const cwd = await folderWith({ 'deploy/manifest.yml': 'applications: [{name: web, path: ../src}]' });
    expect(appsOf(await readManifest({ cwd, manifest: 'deploy' }))[0]?.root).toBe(join(cwd, 'src'));
  });

  test('is the current one without it, as with cf, and that is said', async () => {
    const cwd = await folderWith({ 'deploy/manifest.yml': text });
    const result = await readManifest({ cwd, manifest: 'deploy/manifest.yml' });
    expect(appsOf(result)[0]?.root).toBe(cwd);
    expect(result.diagnostics).toMatchObject([
      { severity: 'warning', code: 'MANIFEST_FOLDER', hint: 'Write: path: .' },
    ]);
  });

  test('is that of a manifest found in a folder above', async () => {
    const cwd = await folderWith({ 'manifest.yml': text, 'src/deep/x': '' });
    expect(appsOf(await readManifest({ cwd: join(cwd, 'src/deep') as never }))[0]?.root).toBe(cwd);
  });

  test('is the flag before all, be it a folder elsewhere or an archive', async () => {
    const cwd = await folderWith({ 'here/manifest.yml': text, 'there/x': '', 'app.jar': 'PK' });
    const root = async (path: string) =>
      appsOf(await readManifest({ cwd: join(cwd, 'here') as never, path }))[0]?.root;
    expect(await root('../there')).toBe(join(cwd, 'there'));
    expect(await root('../app.jar')).toBe(join(cwd, 'app.jar'));
    expect(await root('.')).toBe(join(cwd, 'here'));
  });

  test('is the one that holds the manifest when --path names that', async () => {
    const cwd = await folderWith({ 'app/manifest.yml': text });
    expect(appsOf(await readManifest({ cwd, path: 'app' }))[0]?.root).toBe(join(cwd, 'app'));
  });
});

describe('((variables))', () => {
  test('have the types YAML gives them', async () => {
    const app = await readApp(
      'applications: [{name: a, instances: ((n)), env: {V: ((v)), B: ((b)), S: ((s)), T: "x((n))", Q: "((q))"}}]',
      {
        ...cf,
        vars: ['n=01', 'v=1.10', 'b=yes', 's="01"', 'q={a: 1}'],
      },
    );
    expect(app.processes[0]?.instances).toBe(1);
    expect(Object.values(app.env).map(({ value }) => value)).toEqual(['1.1', 'true', '01', 'x1', '{"a"=>1}']);
  });

  test('are all missed at once, each in its place, with the nearest name', async () => {
    const result = await read('applications: [{name: ((nmae)), memory: ((size))}]', {
      ...cf,
      vars: ['name=x'],
    });
    expect(result.diagnostics.map(({ message, hint, span }) => [message, hint, span?.column])).toEqual([
      ['Expected to find variables: nmae', 'Did you mean "((name))"?', 23],
      ['Expected to find variables: size', 'Give it a value: --var size=VALUE, or --vars-file FILE', 41],
    ]);
  });

  test('must be given as name and value, and files must exist', async () => {
    const result = await read('applications: [{name: a}]', {
      ...cf,
      vars: ['x', '=y', 'z='],
      varsFiles: ['missing.yml'],
    });
    expect(summary(result).map((line) => line.replace(/^\S+ /, ''))).toEqual([
      expect.stringMatching(
        /^error MANIFEST_VARIABLE Cannot read the variables in ".*missing.yml": it does not exist$/,
      ),
      'error MANIFEST_VARIABLE Cannot read --var "x": "=VALUE" is missing',
      'error MANIFEST_VARIABLE Cannot read --var "=y": it has no name',
      'error MANIFEST_VARIABLE Cannot read --var "z=": its value is empty',
    ]);
  });

  test('a wrong value points at its use and at where it was given', async () => {
    const cwd = await folderWith({
      'manifest.yml': 'applications:\n- name: a\n  memory: ((size))\n',
      'vars.yml': 'other: 1\nsize: huge\n',
    });
    const { diagnostics } = await readManifest({ cwd, ...cf, varsFiles: ['vars.yml'] });
    expect(diagnostics).toMatchObject([
      {
        span: { line: 3, column: 11 },
        related: { span: { file: join(cwd, 'vars.yml'), line: 2, column: 7 } },
      },
    ]);
  });
});

describe('what is sent', () => {
  test('has only applications and version, anchors and variables gone, false switches dropped', async () => {
    const result = await read(
      'version: 1\nenv: {A: x}\nbase: &b {memory: 64M}\napplications:\n- name: ((n))\n  <<: *b\n  no-route: false\n  instances: 0\n  env: {YES: "yes", B: on, N: 012, T: ~, D: "2020-01-01"}\n- name: two\n  no-route: true\n',
      { vars: ['n=one'] },
    );
    const printed = await printManifest(result.effective!, result.dialect);
    expect(printed).toBe(
      [
        'applications:',
        '- name: one',
        '  instances: 0',
        '  env:',
        '    YES: "yes"',
        '    B: true',
        '    N: 10',
        '    T: null',
        '    D: "2020-01-01"',
        '  memory: 64M',
        '  default-route: true',
        '- name: two',
        '  no-route: true',
        'version: 1',
        '',
      ].join('\n'),
    );
    const again = await read(printed, cf);
    expect(await printManifest(again.effective!, again.dialect)).toBe(printed);
    expect(
      appsOf(again).map(({ env }) =>
        Object.fromEntries(Object.entries(env).map(([name, { value }]) => [name, value])),
      ),
    ).toEqual(
      appsOf(result).map(({ env }) =>
        Object.fromEntries(Object.entries(env).map(([name, { value }]) => [name, value])),
      ),
    );
  });
});

test('keys may be written with dashes or underscores', async () => {
  const [app] = await readApps(
    'applications: [{name: a, health_check_type: http, health_check_http_endpoint: /h, disk-quota: 2G, no_route: true}]',
    cf,
  );
  expect(app?.processes[0]).toMatchObject({
    health: { type: 'http', endpoint: '/h' },
    diskBytes: 2 * 1024 ** 3,
  });
  expect(app?.routes).toEqual({ kind: 'none' });
});

test('both spellings of the disk quota are refused together', async () => {
  const result = await read('applications: [{name: a, disk-quota: 2G, disk_quota: 1G}]', cf);
  expect(summary(result)).toEqual([
    '1:42 error MANIFEST_DUPLICATE_KEY For application \'a\': Cannot define both "disk-quota" and "disk_quota"',
  ]);
});

test('--env adds and replaces', async () => {
  const app = await readApp('applications: [{name: a, env: {A: x, B: b}}]', {
    ...cf,
    envOverrides: ['A=z', 'C=d'],
  });
  expect(Object.entries(app.env).map(([name, { value, origin }]) => [name, value, origin])).toEqual([
    ['A', 'z', '--env'],
    ['B', 'b', 'manifest'],
    ['C', 'd', '--env'],
  ]);
  expect(summary(await read('applications: [{name: a}]', { ...cf, envOverrides: ['PORT=1'] }))).toEqual([
    '1:1 error MANIFEST_ENV Env cannot set PORT',
  ]);
});

test('a folder given as the manifest is searched', async () => {
  const cwd = await folderWith({ 'deploy/manifest.yaml': 'applications: [{name: a, path: .}]' });
  await mkdir(join(cwd, 'empty'));
  expect(appsOf(await readManifest({ cwd, manifest: 'deploy' }))[0]?.root).toBe(join(cwd, 'deploy'));
  await expect(readManifest({ cwd, manifest: 'empty' })).rejects.toMatchObject({
    code: 'MANIFEST_NOT_FOUND',
  });
});

describe('metadata', () => {
  const metadata = (text: string) => read(`applications:\n- name: a\n  metadata: ${text}\n`);

  test('takes the keys and values that the API takes', async () => {
    const { diagnostics } = await metadata(
      '{labels: {team: blue, example.com/tier: web, n: 1, empty: ""}, annotations: {contact: "me, & others"}}',
    );
    expect(diagnostics).toEqual([]);
  });

  test.each([
    ['{labels: {-team: blue}}', '"-team" cannot be a metadata key'],
    ['{labels: {a/b/c: blue}}', '"a/b/c" cannot be a metadata key'],
    ['{labels: {team: "not one word"}}', '"team" must be'],
    [`{labels: {team: ${'x'.repeat(64)}}}`, '"team" must be at most 63 characters long'],
    [`{annotations: {team: ${'x'.repeat(5001)}}}`, '"team" must be at most 5000 characters long'],
  ])('refuses %s', async (text, message) => {
    expect((await metadata(text)).diagnostics[0]?.message).toContain(message);
  });
});

test('the memory of all sidecars together must leave some to their process', async () => {
  const sidecar = (name: string) => `{name: ${name}, process_types: [web], command: x, memory: 60M}`;
  const result = await read(
    `applications:\n- name: a\n  memory: 100M\n  sidecars: [${sidecar('one')}, ${sidecar('two')}]\n`,
  );
  expect(summary(result)).toEqual([
    expect.stringContaining('The memory of sidecar "two", with that of the sidecars before it, must be less'),
  ]);
});

test('a readiness endpoint wants the type http, as a health endpoint does', async () => {
  const result = await read(
    'applications:\n- name: a\n  readiness-health-check-type: port\n  readiness-health-check-http-endpoint: /r\n',
  );
  expect(summary(result)).toEqual([
    expect.stringContaining('Readiness health check type must be "http" to set a health check HTTP endpoint'),
  ]);
});

test.each([
  [
    'defaults at the top, as clients until version 6 had them, though a symbol of theirs looks like Stackato',
    'applications:\n- name: a\n  host: a-${random-word}\n  domain: mybluemix.net\ndisk_quota: 256M\nservices: [IBM Watson]\nenv: {A: b}\n',
  ],
  [
    'services declared beside',
    'declared-services: {x: {label: y, plan: z}}\napplications:\n- {name: a, services: [x]}\n',
  ],
  [
    'old words for routes',
    'domain: x.io\napplications:\n- {name: a, hosts: [b], domains: [c.d], no-hostname: true}\n',
  ],
])('is read, with warnings only: %s', async (_, text) => {
  const { manifest, diagnostics, dialect } = await read(text);
  expect(dialect).toBe('cloud-foundry');
  expect(manifest?.apps).toHaveLength(1);
  expect(new Set(diagnostics.map(({ severity }) => severity))).toEqual(new Set(['warning']));
});

test('URLs on the command line take the place of all that the manifest says of routes', async () => {
  const text = 'applications: [{name: a, random-route: true, routes: [{route: old.example.com}]}]\n';
  const routes = async (urls: readonly string[]) =>
    (await readApp(text, { ...cf, overrides: { urls } })).routes;
  expect(await routes(['new.example.com/path'])).toMatchObject({ routes: [{ url: 'new.example.com/path' }] });
  expect(await routes([])).toEqual({ kind: 'none' });
});

test.each(["''", '"   "'])('an empty or blank name is refused: %s', async (name) => {
  expect(summary(await read(`applications:\n- name: ${name}\n  memory: 64M\n`, cf))).toEqual([
    '2:9 error MANIFEST_VALUE For application at index 0: Name must not be empty',
  ]);
});

test('a timeout of 0 says nothing, for the app or for a process, and is not sent', async () => {
  const text = 'applications: [{name: a, timeout: 0, processes: [{type: worker, timeout: 0}]}]';
  const result = await read(text, cf);
  expect(summary(result)).toEqual([]);
  expect(appsOf(result)[0]?.processes.map(({ health }) => health.startTimeoutSeconds)).toEqual([60, 60]);
  expect(await printManifest(result.effective!, 'cloud-foundry')).not.toContain('timeout');
  expect(summary(await read('applications: [{name: a, timeout: -1}]', cf))).toEqual([
    expect.stringContaining('Timeout must be an integer from 1 to 180'),
  ]);
});

describe('a route that the API would refuse', () => {
  test('made of a name that is no host', async () => {
    const text = (more: string) => `applications:\n- name: My App!\n${more}`;
    for (const more of ['', '  random-route: true\n']) {
      const result = await read(text(more), cf);
      expect(summary(result)).toEqual([
        expect.stringMatching(
          /^2:9 warning MANIFEST_NAME .*Cloud Foundry refuses the route made of this name/,
        ),
      ]);
      expect(result.diagnostics[0]?.hint).toContain('Here its host is "my-app"');
    }
    expect(summary(await read(text('  no-route: true\n'), cf))).toEqual([]);
    expect(summary(await read(text('  routes: [{route: a.example.com}]\n'), cf))).toEqual([]);
    expect(summary(await read('applications: [{name: my_app-1}]', cf))).toEqual([]);
  });

  test('over HTTP and with a port', async () => {
    const result = await read('applications:\n- name: a\n  routes:\n  - route: x.ex.com:8080/y\n', cf);
    expect(summary(result)).toEqual([
      "4:12 warning MANIFEST_VALUE For application 'a': The route 'x.ex.com:8080/y' has a port, which only TCP routes have",
    ]);
    expect(result.diagnostics[0]?.hint).toBe('It is left out here: write x.ex.com/y');
  });
});
