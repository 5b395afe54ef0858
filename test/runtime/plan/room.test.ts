import { expect, test } from 'vitest';
import { GIB, MIB } from '../../../runtime/kernel/bytes.ts';
import { PaasError } from '../../../runtime/kernel/errors.ts';
import { checkRoom } from '../../../runtime/plan/room.ts';
import type { AppPlan } from '../../../runtime/plan/types.ts';

const app = (name: string, ...processes: readonly [type: string, instances: number, memoryBytes: number][]) =>
  ({
    name,
    processes: processes.map(([type, instances, memoryBytes]) => ({ type, instances, memoryBytes })),
  }) as unknown as AppPlan;

function refusal(asked: AppPlan, others: readonly AppPlan[], machineBytes = 16 * GIB): PaasError | undefined {
  try {
    checkRoom(asked, others, machineBytes);
    return undefined;
  } catch (error) {
    if (error instanceof PaasError) return error;
    throw error;
  }
}

test('a hundred of a space are enough, whatever their memory limits say', () => {
  expect(refusal(app('shop', ['web', 100, GIB]), [])).toBeUndefined();
  expect(refusal(app('shop', ['web', 90, GIB]), [app('blog', ['web', 10, GIB])])).toBeUndefined();
  const error = refusal(app('shop', ['web', 500, GIB]), []);
  expect(error).toMatchObject({
    code: 'INSTANCES_TOO_MANY',
    exitCode: 2,
    message: 'Cannot run 500 instances of app "shop": a space has 100 at most',
    hint: 'There is room for 100: write that as "instances" in the manifest, or: paas-local scale shop -i 100',
  });
});

test('those of other apps and processes take room, and are named', () => {
  const shop = app('shop', ['web', 2, GIB], ['worker', 99, GIB]);
  expect(refusal(shop, [app('blog', ['web', 3, GIB]), app('idle', ['web', 0, GIB])])).toMatchObject({
    message: 'Cannot run 101 instances of app "shop" beside the 3 of other apps: a space has 100 at most',
    hint: [
      'There is room for 95: write that as "instances" in the manifest, or: paas-local scale shop --process worker -i 95',
      'Others make room: paas-local stop blog',
    ].join('\n'),
  });
});

test('a small machine holds fewer, and more of those that may take little', () => {
  const error = refusal(app('shop', ['web', 20, GIB]), [], GIB);
  expect(error?.message).toBe(
    'Cannot run 20 instances of app "shop": at 64M each they do not fit into this machine\'s 1G',
  );
  expect(error?.facts.roomFor).toBe(16);
  expect(refusal(app('shop', ['web', 16, GIB]), [], GIB)).toBeUndefined();
  expect(refusal(app('shop', ['web', 64, 16 * MIB]), [], GIB)).toBeUndefined();
});

test('who asks for none is never refused, however full it is', () => {
  expect(refusal(app('shop', ['web', 0, GIB]), [app('blog', ['web', 300, GIB])])).toBeUndefined();
});
