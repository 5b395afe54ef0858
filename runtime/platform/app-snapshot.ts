/** One app as `apps`, `app` and `--json` show it. Pure. */
import type { AppRecord } from '../state/record.ts';
import type { AppSnapshot, AppState, InstanceSnapshot } from '../snapshot.ts';
import type { Slot } from './instances.ts';

export interface AppFacets {
  readonly record: AppRecord;
  readonly state: AppState;
  readonly reason: string;
  readonly urls: readonly string[];
  readonly slots: readonly Slot[];
}

export function appSnapshot({ record, state, reason, urls, slots }: AppFacets): AppSnapshot {
  const { plan } = record;
  return {
    name: plan.name,
    id: record.id,
    state,
    requestedState: record.desired,
    reason,
    dialect: plan.dialect,
    root: plan.root,
    buildpack: plan.facts.buildpack,
    urls,
    services: plan.bindings,
    processes: plan.processes.map(({ type, command, memoryBytes }) => ({
      type,
      command,
      memoryBytes,
      instances: slots.filter((slot) => slot.process.type === type).map(instanceSnapshot),
    })),
  };
}

function instanceSnapshot({ index, instance: { status } }: Slot): InstanceSnapshot {
  return {
    index,
    state: status.state,
    crashes: status.crashes,
    since: status.since,
    ...(status.pid === undefined ? {} : { pid: status.pid }),
    ...(status.port === undefined ? {} : { port: status.port }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
  };
}
