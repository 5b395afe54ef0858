import { describe, expect, test } from 'vitest';
import { absolutePath, appName, serviceName } from '../../../runtime/kernel/names.ts';
import type { AppManifest, Manifest, ServiceRequest } from '../../../runtime/manifest/types.ts';
import { diffApp } from '../../../runtime/plan/diff-plan.ts';
import { makePlan, reloadsItself } from '../../../runtime/plan/make-plan.ts';
import { hostLabel } from '../../../runtime/kernel/host-label.ts';
import { planRoutes } from '../../../runtime/plan/routes.ts';
import type { AppFacts } from '../../../runtime/staging/types.ts';
import { memcached } from '../../../services/memcached/index.ts';

const span = { file: 'manifest.yml', line: 1, column: 1, length: 1, source: '' };
const health = {
  type: 'port',
  endpoint: '/',
  startTimeoutSeconds: 60,
  invocationTimeoutSeconds: 1,
  intervalSeconds: 30,
} as const;

const cacheRequest = (type?: string): ServiceRequest => ({
  name: serviceName('cache'),
  ...(type === undefined ? {} : { type }),
  tags: [],
  span,
});

function appManifest(more: Partial<AppManifest> = {}): AppManifest {
  return {
    name: appName('shop'),
    span,
    root: absolutePath('/apps/shop'),
    processes: [
      {
        type: 'web',
        instances: 1,
        memoryBytes: 1,
        diskBytes: 1,
        health,
        readiness: { ...health, type: 'process' },
      },
    ],
    sidecars: [],
    buildpacks: [],
    routes: { kind: 'default' },
    services: [],
    env: {},
    hooks: { prePush: [], preStaging: [], postStaging: [], preRunning: [] },
    requirements: { pip: [], cpan: [], ppm: [], system: [] },
    dependsOn: [],
    cron: [],
    drains: [],
    features: {},
    labels: {},
    annotations: {},
    ...more,
  };
}

const nodeFacts: AppFacts = {
  buildpack: 'node',
  because: 'package.json found',
  commands: { web: { command: 'node server.js', from: 'package.json scripts.start' } },
  lookedFor: ['Procfile', 'scripts.start'],
  requirementFiles: ['package.json'],
  notes: [],
};

function plan(
  app: AppManifest,
  facts: AppFacts = nodeFacts,
  more: Partial<Parameters<typeof makePlan>[0]> = {},
) {
  const manifest: Manifest = {
    dialect: 'stackato',
    dialectBecause: 'test',
    file: absolutePath('/apps/shop/manifest.yml'),
    files: [absolutePath('/apps/shop/manifest.yml')],
    apps: [app],
  };
  return makePlan({
    manifest,
    facts: new Map([[app.name, facts]]),
    listings: new Map([[app.name, ['README.md', 'src/']]]),
    serviceTypes: [memcached],
    existing: new Map(),
    noWatch: false,
    ...more,
  });
}

describe('plan', () => {
  test('the same input gives the same plan, as plain JSON', () => {
    const first = plan(appManifest({ services: [cacheRequest('memcached')] }));
    expect(JSON.parse(JSON.stringify(first))).toEqual(
      plan(appManifest({ services: [cacheRequest('memcached')] })),
    );
    expect(first.services).toMatchObject([{ name: 'cache', type: 'memcached', plan: 'free' }]);
    expect(first.apps[0]).toMatchObject({
      processes: [{ type: 'web', command: 'node server.js', commandFrom: 'package.json scripts.start' }],
      routes: ['shop.localhost'],
      bindings: ['cache'],
      watch: { enabled: true },
    });
  });

  test('the manifest’s command wins over the detected one, the flag over both', () => {
    const process = { ...appManifest().processes[0]!, command: 'ruby app.rb' };
    const app = appManifest({ processes: [process] });
    expect(plan(app).apps[0]?.processes[0]).toMatchObject({
      command: 'ruby app.rb',
      commandFrom: 'manifest',
    });
    expect(plan(app, nodeFacts, { command: 'sh x' }).apps[0]?.processes[0]).toMatchObject({
      command: 'sh x',
    });
  });

  test('no start command: what was looked for and what is there', () => {
    expect(() => plan(appManifest(), { ...nodeFacts, commands: {} })).toThrow(
      expect.objectContaining({
        code: 'NO_START_COMMAND',
        hint: expect.stringMatching(/Procfile; scripts\.start[^]*README\.md {2}src\//),
      }),
    );
  });

  test('unknown service type: the nearest known name', () => {
    expect(() => plan(appManifest({ services: [cacheRequest('memcache')] }))).toThrow(
      expect.objectContaining({
        code: 'SERVICE_TYPE_UNKNOWN',
        hint: expect.stringContaining('Did you mean "memcached"?'),
      }),
    );
  });

  test('a name without a type must exist already', () => {
    expect(() => plan(appManifest({ services: [cacheRequest()] }))).toThrow(
      expect.objectContaining({ code: 'SERVICE_NOT_FOUND' }),
    );
    const known = plan(appManifest({ services: [cacheRequest('memcached')] })).services[0]!;
    const existing = new Map([['cache', known]]);
    expect(plan(appManifest({ services: [cacheRequest()] }), nodeFacts, { existing }).services).toEqual([
      known,
    ]);
  });

  test('a command that reloads by itself is not watched', () => {
    const process = { ...appManifest().processes[0]!, command: 'node --watch server.js' };
    expect(plan(appManifest({ processes: [process] })).apps[0]?.watch).toMatchObject({
      enabled: false,
      because: expect.stringContaining('reloads by itself'),
    });
  });
});

test.each([
  ['python manage.py runserver 127.0.0.1:$PORT', true],
  ['python manage.py runserver --noreload', false],
  ['nodemon server.js', true],
  ['node_modules/.bin/nodemon x', true],
  ['gunicorn --reload wsgi', true],
  ['uvicorn app:app --reload', true],
  ['node server.js', false],
  ['node watch.js', false],
])('%s reloads itself: %s', (command, expected) => {
  expect(reloadsItself(command)).toBe(expected);
});

describe('diff', () => {
  const current = plan(appManifest()).apps[0]!;
  const next = (more: Partial<AppManifest>) => plan(appManifest(more)).apps[0]!;

  test('nothing changed, nothing done', () => {
    expect(diffApp(current, next({}))).toEqual([]);
    expect(diffApp(current, next({ description: 'words' }))).toEqual([]);
  });

  test.each<[string, Partial<AppManifest>, string[], string]>([
    ['env', { env: { A: { value: '1', hidden: false, span, origin: '' } } }, ['relaunch'], 'env A changed'],
    [
      'instances',
      { processes: [{ ...appManifest().processes[0]!, instances: 3 }] },
      ['scale'],
      'instances of web: 1 → 3',
    ],
    [
      'requirements',
      { requirements: { pip: ['django'], cpan: [], ppm: [], system: [] } },
      ['stage', 'relaunch'],
      'requirements changed',
    ],
    ['services', { services: [cacheRequest('memcached')] }, ['relaunch'], 'services changed'],
    [
      'routes',
      { routes: { kind: 'list', routes: [{ url: 'other.localhost', span }] } },
      ['reroute'],
      'routes changed',
    ],
  ])('%s', (_, more, kinds, because) => {
    const changes = diffApp(current, next(more));
    expect(changes.map(({ kind }) => kind)).toEqual(kinds);
    expect(changes[0]?.because).toBe(because);
  });
});

describe('routes', () => {
  const routes = (urls: string[]) =>
    planRoutes(appManifest({ routes: { kind: 'list', routes: urls.map((url) => ({ url, span })) } }), 'seed');

  test('a route on another domain answers locally too', () => {
    expect(routes(['shop.example.com/api'])).toEqual(['shop.localhost/api', 'shop.example.com/api']);
    expect(routes(['https://www.shop.com/'])).toEqual(['www.localhost', 'www.shop.com']);
    expect(routes(['API.localhost:8080'])).toEqual(['api.localhost']);
    expect(routes(['*.shop.com'])).toEqual(['*.shop.com']);
  });

  test('none, and a random one that stays', () => {
    expect(planRoutes(appManifest({ routes: { kind: 'none' } }), 'a')).toEqual([]);
    const random = planRoutes(appManifest({ routes: { kind: 'random' } }), '/apps/shop');
    expect(random).toEqual(planRoutes(appManifest({ routes: { kind: 'random' } }), '/apps/shop'));
    expect(random[0]).toMatch(/^shop-[a-z]+-[a-z]+\.localhost$/);
  });

  test.each([
    ['My App_2', 'my-app-2'],
    ['---', 'app'],
    ['x'.repeat(80), 'x'.repeat(63)],
  ])('label of %s', (name, label) => {
    expect(hostLabel(name)).toBe(label);
  });
});
