/** One app as `apps`, `app` and `--json` show it. Pure. */
import { withByHand } from '../plan/by-hand.ts';
import { routeSpec } from '../plan/routes.ts';
import type { AppPlan, ProcessPlan } from '../plan/types.ts';
import type { AppRecord } from '../state/record.ts';
import type { AppSnapshot, AppState, InstanceSnapshot, ProcessSnapshot } from '../snapshot.ts';
import type { Slot } from './instances.ts';

export interface AppFacets {
  readonly record: AppRecord;
  readonly plan: AppPlan;
  readonly state: AppState;
  readonly reason: string;
  readonly urls: readonly string[];
  readonly slots: readonly Slot[];
  readonly debugPort?: (type: string, index: number) => number | undefined;
}

export function appSnapshot({ record, plan, state, reason, urls, slots, debugPort }: AppFacets): AppSnapshot {
  return {
    name: plan.name,
    id: record.id,
    state,
    requestedState: record.desired,
    reason,
    dialect: plan.dialect,
    root: plan.root,
    buildpack: plan.facts.buildpack,
    routes: plan.routes,
    ...routeOptions(plan),
    urls,
    services: plan.bindings,
    processes: plan.processes.map((process) => ({
      ...processSnapshot(process),
      instances: slots
        .filter((slot) => slot.process.type === process.type)
        .map((slot) => instanceSnapshot(slot, debugPort?.(process.type, slot.index))),
    })),
  };
}

function routeOptions({ manifest, routes }: AppPlan): Pick<AppSnapshot, 'routeOptions'> {
  const told = routes.flatMap((route) => {
    const loadBalancing = routeSpec(manifest.routes, route)?.loadBalancing;
    return loadBalancing === undefined ? [] : [[route, `loadbalancing=${loadBalancing}`] as const];
  });
  return told.length > 0 ? { routeOptions: Object.fromEntries(told) } : {};
}

/** Without its instances. */
export function processSnapshot(process: ProcessPlan): Omit<ProcessSnapshot, 'instances'> {
  const { type, command, memoryBytes, diskBytes, logRateBytesPerSecond, instances, sidecars } = process;
  return {
    type,
    command,
    memoryBytes,
    diskBytes,
    wanted: instances,
    sidecars: sidecars.map(({ name }) => name),
    ...(logRateBytesPerSecond === undefined ? {} : { logRateBytesPerSecond }),
  };
}

function instanceSnapshot(slot: Slot, debugPort?: number): InstanceSnapshot {
  const { index, process } = slot;
  const { status } = slot.instance;
  // Its own comes first.
  const beside = status.pids?.slice(1) ?? [];
  const sidecars = process.sidecars.flatMap(({ name, command }, at) =>
    beside[at] === undefined ? [] : [{ name, command, pid: beside[at] }],
  );
  return {
    index,
    state: status.state,
    routable: status.routable,
    crashes: status.crashes,
    since: status.since,
    ...(status.pid === undefined ? {} : { pid: status.pid }),
    ...(status.port === undefined ? {} : { port: status.port }),
    ...(sidecars.length > 0 ? { sidecars } : {}),
    ...(debugPort === undefined ? {} : { debugPort }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
  };
}

/** One that nothing runs of, as the record has it. */
export function restingSnapshot(record: AppRecord, reason: string): AppSnapshot {
  const plan = withByHand(record.plan, record.byHand);
  return appSnapshot({ record, plan, state: 'stopped', reason, urls: [], slots: [] });
}
