/**
 * What a host does about the one before it: apps that were pushed with `--detach` and never stopped come back as they
 * were; those that belonged to a terminal ended with it, and tasks that were under way are lost.
 */
import { PaasError, errorToJson, type ErrorJson } from '../kernel/errors.ts';
import type { AppRecord, TaskRecord } from '../state/record.ts';
import type { App } from './app.ts';
import type { Changes } from './changes.ts';

/** The record of an app as a new host takes it up. */
export function takenOver(record: AppRecord): AppRecord {
  const failureReason = 'the host process went away';
  const tasks = record.tasks?.map((task): TaskRecord =>
    task.endedAt === undefined ? { ...task, state: 'FAILED', endedAt: Date.now(), failureReason } : task,
  );
  return {
    ...record,
    desired: record.detached ? record.desired : 'stopped',
    ...(tasks ? { tasks } : {}),
  };
}

export interface Restored {
  readonly restored: readonly string[];
  readonly failed: readonly { readonly app: string; readonly error: ErrorJson }[];
}

/** Starts what should run and does not, in the order of the pushes. One that fails does not hold up the others. */
export async function restore(
  apps: Iterable<App>,
  changes: Changes,
  signal: AbortSignal | undefined,
): Promise<Restored> {
  const restored: string[] = [];
  const failed: { app: string; error: ErrorJson }[] = [];
  const how = { action: 'start', because: 'brought back as it was', strategy: 'restart' } as const;
  for (const app of apps) {
    if (app.record.desired !== 'started' || app.state !== 'stopped') continue;
    try {
      await changes.startAgain(app, how, signal);
      restored.push(app.name);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (!(error instanceof PaasError)) throw error;
      failed.push({ app: app.name, error: errorToJson(error) });
    }
  }
  return { restored, failed };
}
