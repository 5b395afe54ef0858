/** Says which platforms were never stopped, when the process that started them ends. */
import { writeSync } from 'node:fs';

const running = new Map<object, string>();
const STDERR = 2;

export function remember(platform: object, startedAt: string): void {
  if (running.size === 0) process.on('exit', complain);
  running.set(platform, startedAt);
}

export function forget(platform: object): void {
  if (running.delete(platform) && running.size === 0) process.off('exit', complain);
}

function complain(): void {
  for (const startedAt of running.values()) {
    writeSync(
      STDERR,
      `paas-local: the platform started at ${startedAt} was never stopped. ` +
        'Start it with "await using", or call stop(); its processes are ended now.\n',
    );
  }
}
