import { expect, test } from 'vitest';
import { stepsOf, type Existing, type How } from '../../../runtime/plan/steps.ts';
import type { AppPlan, Plan, ProcessPlan } from '../../../runtime/plan/types.ts';
import { readApp } from '../manifest/read.ts';

const HEALTH = {
  type: 'port',
  endpoint: '/',
  startTimeoutMs: 60_000,
  invocationTimeoutMs: 1000,
  intervalMs: 30_000,
} as const;
const PLAIN: How = {
  fromCopy: false,
  rolling: false,
  bound: new Set(),
  allowMissingServices: false,
  tls: false,
};
const NOTHING: Existing = { hostRuns: false, services: new Map(), apps: new Map() };

async function planOf(name: string, more = '', services: readonly string[] = []): Promise<AppPlan> {
  const manifest = await readApp(`name: ${name}\n${more}`);
  const web: ProcessPlan = {
    type: 'web',
    command: './start',
    commandFrom: 'manifest',
    instances: 1,
    memoryBytes: 64 * 1024 ** 2,
    diskBytes: 0,
    health: HEALTH,
    readiness: { ...HEALTH, type: 'process' },
    sidecars: [],
  };
  return {
    name: manifest.name,
    dialect: 'stackato',
    root: manifest.root,
    manifestFiles: [],
    manifest,
    facts: {
      buildpack: 'binary',
      because: 'x found',
      commands: {},
      lookedFor: [],
      requirementFiles: [],
      notes: [],
    },
    processes: [web],
    bindings: services as AppPlan['bindings'],
    routes: [`${name}.localhost`],
    watch: { enabled: true, ignores: [], requirementFiles: [] },
  };
}

const plan = (apps: readonly AppPlan[], services: readonly string[] = []): Plan => ({
  apps,
  services: services.map((name) => ({
    name,
    type: 'memcached',
    plan: 'free',
    tags: [],
    options: {},
  })) as never,
});

const order = (whole: Plan, existing = NOTHING, how = PLAIN) =>
  stepsOf(whole, existing, how).map((step) => `${step.do} ${step.app ?? step.service ?? ''}`.trim());

test('services come first, all of them made before any is started; one that two apps share is started once', async () => {
  const whole = plan([await planOf('a', '', ['x']), await planOf('b', '', ['x', 'y'])], ['x', 'y']);
  expect(order(whole)).toEqual([
    'start-host',
    'create-service x',
    'create-service y',
    'start-service a',
    ...['stage', 'start', 'route', 'watch'].map((step) => `${step} a`),
    'start-service b',
    ...['stage', 'start', 'route', 'watch'].map((step) => `${step} b`),
  ]);
});

test('--tls is told where it counts', async () => {
  const steps = stepsOf(plan([await planOf('a')]), NOTHING, { ...PLAIN, tls: true });
  expect(steps.find((step) => step.do === 'route')).toMatchObject({
    what: 'Route a.localhost to a, on HTTPS as well',
    because: expect.stringMatching(/; --tls$/) as string,
  });
});

test('what runs is not started, and an app that runs is stopped before its new instances start', async () => {
  const app = await planOf('a', '', ['x']);
  const existing: Existing = {
    hostRuns: true,
    services: new Map([['x', { type: 'memcached', runs: true }]]),
    apps: new Map([['a', { plan: app, state: 'started' }]]),
  };
  const whole = plan([app], ['x']);
  expect(order(whole, existing)).toEqual([
    'use-service x',
    'stage a',
    'stop a',
    'start a',
    'route a',
    'watch a',
  ]);
  expect(stepsOf(whole, existing, PLAIN)[1]?.because).toBe('pushed again, nothing changed');
  expect(order(whole, existing, { ...PLAIN, rolling: true })).toEqual([
    'use-service x',
    'stage a',
    'start a',
    'stop a',
    'route a',
    'watch a',
  ]);
});

test('what changed since the last push is the cause', async () => {
  const before = await planOf('a', 'env: {A: x}\n');
  const existing: Existing = { ...NOTHING, apps: new Map([['a', { plan: before, state: 'stopped' }]]) };
  const next = { ...(await planOf('a', 'env: {A: y}\n')), root: before.root };
  const stage = stepsOf(plan([next]), existing, PLAIN).find((step) => step.do === 'stage');
  expect(stage?.because).toBe('pushed again: env A changed');
});

test('a route that the push takes away is a step', async () => {
  const before = { ...(await planOf('a')), routes: ['a.localhost', 'old.localhost'] };
  const existing: Existing = { ...NOTHING, apps: new Map([['a', { plan: before, state: 'stopped' }]]) };
  const lost = (next: AppPlan) =>
    stepsOf(plan([next]), existing, PLAIN).flatMap((step) =>
      step.do === 'unroute' ? [`${step.what} # ${step.because}`] : [],
    );
  const next = { ...before, routes: ['a.localhost'] };
  expect(lost(next)).toEqual([
    'Route old.localhost to a no longer # the manifest does not ask for it any more',
  ]);
  expect(lost({ ...next, dialect: 'cloud-foundry' })[0]).toContain('Cloud Foundry would keep it');
  expect(lost(before)).toEqual([]);
});

test('hooks stand where they run', async () => {
  const app = await planOf(
    'a',
    'hooks: {pre-push: one, pre-staging: two, post-staging: [three, "- four"], pre-running: five}\nrequirements: {pip: [x]}\n',
  );
  const steps = stepsOf(plan([app]), NOTHING, PLAIN).map(({ what, because }) => `${what} # ${because}`);
  const at = (part: string) => steps.findIndex((step) => step.includes(part));
  const places = [
    'hook of a: one',
    'Start the host',
    'Stage a',
    ': two',
    'Install',
    ': three',
    ': four',
    ': five',
    'Start 1',
  ];
  expect(places.map(at)).toEqual([...places.keys()]);
  expect(steps[at(': four')]).toContain('its failure does not matter');
});
