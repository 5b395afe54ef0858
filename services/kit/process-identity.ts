/** A process number is used again after a while; together with the start time it names one process for good. */
import { readFileSync } from 'node:fs';
import { hasProc, isAlive, processRow } from './process-table.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque. Linux: the boot's id and the clock ticks since then; elsewhere the date `ps` gives. */
  readonly startTime: string;
}

/** Undefined where no living process has this number. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const row = processRow(pid);
  return row && isAlive(row) ? { pid, startTime: bootId() + row.startTime } : undefined;
}

/** Whether the very process that was recorded is still alive. */
export function sameProcess(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.startTime === identity.startTime;
}

/** Ticks count from the boot, so a record kept over a reboot needs the boot's name as well. */
function bootId(): string {
  if (!hasProc) return '';
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:`;
  } catch {
    return ':'; // not shown in some containers
  }
}
