/** The platform's own lines in an app's log about an instance, as Cloud Foundry writes them. Pure. */
import type { InstanceMoment } from '../events.ts';
import type { LogEntry } from '../logs/types.ts';
import { exitStatus } from '../supervisor/start-failure.ts';
import { describeMs } from './words.ts';

/** Undefined where nothing is said. */
export function instanceNote(
  moment: InstanceMoment,
  processType: string,
): Omit<LogEntry, 'instance'> | undefined {
  switch (moment.moment) {
    case 'exited': {
      const sidecar = moment.sidecar === undefined ? '' : `/SIDECAR/${moment.sidecar.toUpperCase()}`;
      const why = moment.why === undefined ? '' : ` (${moment.why})`;
      return {
        source: `APP/PROC/${processType.toUpperCase()}${sidecar}`,
        stream: 'OUT',
        text: `Exit status ${exitStatus(moment.exit)}${why}`,
      };
    }
    case 'backing-off':
      return {
        source: 'CELL',
        stream: 'OUT',
        text:
          moment.ms === 0
            ? 'Restarting it at once'
            : `Restarting it in ${describeMs(moment.ms)} (crash ${moment.crashes})`,
      };
    case 'unhealthy':
      return { source: 'HEALTH', stream: 'ERR', text: `Liveness check unsuccessful: ${moment.reason}` };
    case 'never-ready':
      return { source: 'HEALTH', stream: 'ERR', text: `Startup check never passed: ${moment.reason}` };
    case 'gave-up':
      return { source: 'CELL', stream: 'ERR', text: `Not restarting it any more: ${moment.reason}` };
    case 'killed':
    case 'ready':
    case 'not-ready':
    case 'starting':
    case 'healthy':
      return undefined;
  }
}

/** The one note that stands among the app's own lines, as there. */
export const isExitNote = (text: string): boolean => /^Exit status \d+/.test(text);
