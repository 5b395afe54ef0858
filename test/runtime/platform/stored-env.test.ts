import { expect, test } from 'vitest';
import { NOTHING_BY_HAND } from '../../../runtime/plan/by-hand.ts';
import { withStoredEnv } from '../../../runtime/platform/stored-env.ts';
import { emptyRecord, type AppRecord, type SpaceRecord } from '../../../runtime/state/record.ts';
import { read } from '../manifest/read.ts';

const manifestOf = async (text: string) => (await read(text)).manifest!;

async function recordOf(text: string, more: Partial<AppRecord> = {}): Promise<SpaceRecord> {
  const [manifest] = (await manifestOf(text)).apps;
  const app = { plan: { manifest }, byHand: NOTHING_BY_HAND, ranOnce: true, ...more } as unknown as AppRecord;
  return { ...emptyRecord(), apps: { a: app } };
}

const values = ({ manifest }: ReturnType<typeof withStoredEnv>) =>
  Object.fromEntries(
    Object.entries(manifest.apps[0]!.env).map(([name, { value, origin }]) => [name, [value, origin]]),
  );

test('a kept value says where it comes from, an equal one is the manifest\u2019s', async () => {
  const stored = withStoredEnv(
    await manifestOf('name: a\nenv: {SAME: x, OTHER: new, NEW: n}\n'),
    await recordOf('name: a\nenv: {SAME: x, OTHER: old, constructor: c}\n'),
  );
  expect(values(stored)).toEqual({
    SAME: ['x', 'manifest'],
    OTHER: ['old', 'earlier push'],
    constructor: ['c', 'earlier push'],
    NEW: ['n', 'manifest'],
  });
  expect(stored.notes.get('a')).toHaveLength(2);
  expect(JSON.stringify([...stored.notes])).not.toContain('old');
});

test('what was unset by hand is not kept', async () => {
  const stored = withStoredEnv(
    await manifestOf('applications: [{name: a, env: {A: a}}]\n'),
    await recordOf('applications: [{name: a, env: {A: a, GONE: x}}]\n', {
      byHand: { ...NOTHING_BY_HAND, unsetEnv: ['GONE'] },
    }),
  );
  expect(values(stored)).toEqual({ A: ['a', 'manifest'] });
  expect(stored.notes.size).toBe(0);
});

test('an app that never ran has nothing to keep', async () => {
  const record = await recordOf('name: a\nenv: {A: wrong}\n', { ranOnce: false });
  expect(values(withStoredEnv(await manifestOf('name: a\nenv: {A: right}\n'), record))).toEqual({
    A: ['right', 'manifest'],
  });
});
