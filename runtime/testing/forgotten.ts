/**
 * Says which platforms were never stopped, when the process that started them ends: by itself, or, where it is ended
 * (a runner that does not wait, Ctrl-C on a program that hangs), by the guardian that outlives it.
 */
import { writeSync } from 'node:fs';
import type { Guardian } from '../../services/kit/guardian.ts';

interface Running {
  readonly complaint: string;
  readonly guardian: Guardian;
}

const running = new Map<object, Running>();
const STDERR = 2;

export function remember(platform: object, startedAt: string, guardian: Guardian): void {
  if (running.size === 0) process.on('exit', complain);
  const complaint =
    `paas-local: the platform started at ${startedAt} was never stopped. ` +
    'Start it with "await using", or call stop(); its processes are ended now.';
  guardian.farewell(complaint);
  running.set(platform, { complaint, guardian });
}

export function forget(platform: object): void {
  running.get(platform)?.guardian.farewell(undefined);
  if (running.delete(platform) && running.size === 0) process.off('exit', complain);
}

function complain(): void {
  for (const { complaint, guardian } of running.values()) {
    guardian.farewell(undefined);
    writeSync(STDERR, `${complaint}\n`);
  }
}
