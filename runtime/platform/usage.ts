/** What the instances of an app take of the machine: memory and disk now, processor time and log over a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessRow } from '../../services/kit/process-table.ts';
import type { InstanceUsage } from '../snapshot.ts';
import { groupMembers, memoryOf } from '../supervisor/memory.ts';
import { diskUsage } from './disk-usage.ts';
import type { Slot } from './instances.ts';

/** Between the two looks that make a rate. */
const LOOK_MS = 200;

/** @param folders that the instances write into */
export async function usageOf(
  slots: readonly Slot[],
  folders: readonly string[],
): Promise<readonly InstanceUsage[]> {
  const running = slots.filter(({ instance }) => instance.status.pid !== undefined);
  if (running.length === 0) return [];
  const before = running.map(look);
  const logged = running.map((slot) => slot.logged);
  const began = performance.now();
  const [disk] = await Promise.all([diskUsage(folders, LOOK_MS), sleep(LOOK_MS)]);
  const seconds = (performance.now() - began) / 1000;
  return running.map((slot, index) => {
    const rows = look(slot);
    return {
      process: slot.process.type,
      index: slot.index,
      memoryBytes: memoryOf(rows),
      cpu: Math.max(0, (cpuSeconds(rows) - cpuSeconds(before[index]!)) / seconds),
      processes: rows.length,
      disk,
      logBytesPerSecond: Math.round((slot.logged - logged[index]!) / seconds),
    };
  });
}

function look({ instance }: Slot): readonly ProcessRow[] {
  return groupMembers(instance.status.pids ?? []);
}

const cpuSeconds = (rows: readonly ProcessRow[]): number =>
  rows.reduce((sum, row) => sum + row.cpuSeconds, 0);
