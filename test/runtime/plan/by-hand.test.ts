import { expect, test } from 'vitest';
import { serviceName } from '../../../runtime/kernel/names.ts';
import type { AppManifest } from '../../../runtime/manifest/types.ts';
import { carriedOver, NOTHING_BY_HAND, withByHand } from '../../../runtime/plan/by-hand.ts';
import type { AppPlan, ByHand } from '../../../runtime/plan/types.ts';

const drain = (name: string) => ({ name, url: `udp://${name}:1`, json: false });

const manifest = (instances: number, memoryBytes = 64): AppManifest =>
  ({
    env: { KEPT: { value: 'a' }, DROPPED: { value: 'b' } },
    routes: { kind: 'default' },
    processes: [{ type: 'web', instances, memoryBytes }],
    drains: [drain('old'), drain('gone')],
  }) as unknown as AppManifest;

const plan = {
  manifest: manifest(1),
  processes: [{ type: 'web', instances: 1, memoryBytes: 64 }],
  routes: ['shop.localhost'],
  bindings: ['cache'],
} as unknown as AppPlan;

const byHand: ByHand = {
  setEnv: { ADDED: 'c' },
  unsetEnv: ['DROPPED'],
  scale: { web: { instances: 3, memoryBytes: 128 } },
  routes: { mapped: ['www.localhost'], unmapped: ['shop.localhost'] },
  services: { bound: [serviceName('db')], unbound: [serviceName('cache')] },
  drains: { added: [drain('new')], removed: ['gone'] },
};

test('what was changed by hand lies over the plan', () => {
  const { processes, routes, bindings, drains, manifest: asked } = withByHand(plan, byHand);
  expect(processes).toEqual([{ type: 'web', instances: 3, memoryBytes: 128 }]);
  expect(routes).toEqual(['www.localhost']);
  expect(bindings).toEqual(['db']);
  expect(Object.keys(asked.env)).toEqual(['KEPT']);
  expect(asked.drains).toEqual([drain('old')]);
  expect(drains).toEqual([drain('new')]);
});

test('nothing changed by hand is the plan', () => {
  expect(withByHand(plan, NOTHING_BY_HAND)).toEqual(plan);
});

test('the same manifest again keeps numbers and additions, and brings back what was taken away', () => {
  expect(carriedOver(byHand, manifest(1), manifest(1))).toEqual({
    ...byHand,
    unsetEnv: [],
    routes: { mapped: ['www.localhost'], unmapped: [] },
    services: { bound: ['db'], unbound: [] },
    drains: { added: [drain('new')], removed: [] },
  });
});

test('a number the manifest changes is the manifest’s', () => {
  expect(carriedOver(byHand, manifest(1), manifest(2)).scale).toEqual({ web: { memoryBytes: 128 } });
  expect(carriedOver(byHand, manifest(1), manifest(1, 96)).scale).toEqual({ web: { instances: 3 } });
});

test('a flag of a push wins, though it asks for what the push before asked for', () => {
  const same = [byHand, manifest(1), manifest(1)] as const;
  expect(carriedOver(...same, { instances: 1 }).scale).toEqual({ web: { memoryBytes: 128 } });
  expect(carriedOver(...same, { memory: '64M' }).scale).toEqual({ web: { instances: 3 } });
  const worker = { ...byHand, scale: { worker: { instances: 3 } } };
  expect(carriedOver(worker, manifest(1), manifest(1), { instances: 1 }).scale).toEqual(worker.scale);
  const checks = { web: { health: { type: 'http' as const }, readiness: { type: 'http' as const } } };
  expect(
    carriedOver({ ...byHand, checks }, manifest(1), manifest(1), { healthCheckType: 'port' }).checks,
  ).toEqual({ web: { readiness: { type: 'http' } } });
});

test('no-route takes all routes away, those by hand too', () => {
  const none = { ...manifest(1), routes: { kind: 'none' } } as AppManifest;
  expect(carriedOver(byHand, manifest(1), none).routes).toEqual({ mapped: [], unmapped: [] });
});
