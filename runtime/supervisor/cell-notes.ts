/** What Cloud Foundry's cell writes into an app's log about an instance, at the same moments. */
import type { InstanceMoment } from '../events.ts';

/** Undefined where the cell says nothing. */
export function cellNote(moment: InstanceMoment): string | undefined {
  switch (moment.moment) {
    case 'starting':
      return 'Starting health monitoring of container';
    case 'healthy':
      return 'Container became healthy';
    case 'unhealthy':
      return 'Container became unhealthy';
    case 'never-ready':
      return `Failed after ${minutes(moment.waitedMs)}: startup health check never passed.`;
    case 'ready':
      return 'Container passed the readiness health check. Container marked ready and added to route pool.';
    case 'not-ready':
      return 'Container failed the readiness health check. Container marked not ready and removed from route pool.';
    case 'exited':
    case 'backing-off':
    case 'gave-up':
    case 'killed':
      return undefined;
  }
}

/** `1m0.0s`, as the cell writes durations. */
function minutes(ms: number): string {
  const seconds = ms / 1000;
  const whole = Math.floor(seconds / 60);
  return `${whole > 0 ? `${whole}m` : ''}${(seconds - whole * 60).toFixed(1)}s`;
}
