import { expect, test } from 'vitest';
import { likelyTypes, Prepared } from '../../../runtime/platform/prepared.ts';
import type { SpaceRecord } from '../../../runtime/state/record.ts';
import { SERVICE_TYPES } from '../../../services/index.ts';
import { memcached } from '../../../services/memcached/index.ts';
import type { ServiceType } from '../../../services/kit/contract.ts';

/** Memcached, but for what is begun: that is counted. */
function counting() {
  const counts = { begun: 0, gone: 0 };
  const prepare = () => {
    counts.begun += 1;
    return { [Symbol.asyncDispose]: async () => void (counts.gone += 1) };
  };
  return { counts, type: { ...memcached, prepare } as ServiceType };
}

test('what was begun is begun once, and goes after a while', async () => {
  const { counts, type } = counting();
  await using prepared = new Prepared(1);
  prepared.keep(type);
  prepared.keep(type);
  expect(counts).toEqual({ begun: 1, gone: 0 });
  await expect.poll(() => counts.gone).toBe(1);
  prepared.keep(type);
  expect(counts.begun).toBe(2);
});

test('what is kept goes with the host', async () => {
  const { counts, type } = counting();
  const prepared = new Prepared();
  prepared.keep(type);
  await prepared[Symbol.asyncDispose]();
  expect(counts).toEqual({ begun: 1, gone: 1 });
});

test('a type that has nothing to begin is left alone', async () => {
  await using prepared = new Prepared();
  for (const type of SERVICE_TYPES) if (!type.prepare) prepared.keep(type);
});

test('a push is likely to start what its space has; in a new one, anything', () => {
  const space = (apps: object, services: object) => ({ apps, services }) as unknown as SpaceRecord;
  const names = (record: SpaceRecord | undefined) =>
    likelyTypes(SERVICE_TYPES, record).map(({ type }) => type);
  const all = SERVICE_TYPES.map(({ type }) => type);
  expect(names(undefined)).toEqual(all);
  expect(names(space({}, {}))).toEqual(all);
  expect(names(space({ shop: {} }, {}))).toEqual([]);
  expect(names(space({ shop: {} }, { cache: { plan: { type: 'memcached' } } }))).toEqual(['memcached']);
});
