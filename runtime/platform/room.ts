/** Whether an app's instances fit beside what the space runs, on this machine. */
import { totalmem } from 'node:os';
import { withByHand } from '../plan/by-hand.ts';
import { checkRoom } from '../plan/room.ts';
import type { AppPlan } from '../plan/types.ts';
import type { SpaceRecord } from '../state/record.ts';

/** @throws PaasError `INSTANCES_TOO_MANY` for the first app, in the order of the plan, that does not fit */
export function checkRoomFor(apps: readonly AppPlan[], record: SpaceRecord): void {
  const named = new Set(apps.map(({ name }) => name));
  const running = Object.values(record.apps)
    .filter(({ plan, desired }) => desired === 'started' && !named.has(plan.name))
    .map(({ plan, byHand }) => withByHand(plan, byHand));
  for (const [index, app] of apps.entries())
    checkRoom(app, [...running, ...apps.slice(0, index)], machineBytes());
}

/** A container's limit, where there is a smaller one. */
function machineBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}
