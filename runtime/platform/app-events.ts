/** What happened to an app as its `events` tell it, under Cloud Foundry's names where it has one. Pure. */
import type { InstanceEvent, PlatformEvent } from '../events.ts';
import { exitStatus } from '../supervisor/start-failure.ts';
import { describeFaultEvent } from './fault.ts';
import { describeEngineMoment, describeMs } from './words.ts';

export interface AppEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `audit.app.update`, `audit.app.process.crash` … */
  readonly event: string;
  /** `user`, `edit` for a change of files, `platform`. */
  readonly actor: string;
  /** What, and why. */
  readonly description: string;
}

/** By what was done; anything else is `audit.app.update`. */
const NAMES: Readonly<Record<string, string>> = {
  start: 'audit.app.start',
  restart: 'audit.app.restart',
  restage: 'audit.app.restage',
  scale: 'audit.app.process.scale',
  'restart-app-instance': 'audit.app.process.terminate_instance',
  'map-route': 'audit.app.map-route',
  'unmap-route': 'audit.app.unmap-route',
  'bind-service': 'audit.service_binding.create',
  'unbind-service': 'audit.service_binding.delete',
  'run-task': 'audit.app.task.create',
  'terminate-task': 'audit.app.task.cancel',
};

/** Of each app that is concerned. */
export function appEvents(
  event: PlatformEvent,
  at: number,
): readonly (AppEvent & { readonly app: string })[] {
  if (event.kind === 'fault') {
    const { target, moment, apps, by } = event;
    const name = moment === 'begins' ? 'app.fault.begin' : 'app.fault.end';
    const actor = by === 'time' ? 'platform' : by;
    const description = `${target}: ${describeFaultEvent(event)}`;
    return apps.map((app) => ({ at, app, event: name, actor, description }));
  }
  if (event.kind === 'service-engine') {
    const ended = event.moment === 'ended';
    const name = ended ? 'app.service.end' : 'app.service.back';
    const description = `${event.service}: ${describeEngineMoment(event)}`;
    return event.apps.map((app) => ({ at, app, event: name, actor: 'platform', description }));
  }
  const one = appEvent(event, at);
  return one ? [one] : [];
}

/** Undefined for what is no event of one app. */
function appEvent(event: PlatformEvent, at: number): (AppEvent & { readonly app: string }) | undefined {
  switch (event.kind) {
    case 'change-started': {
      const created = event.action === 'push' && event.because === 'first push';
      const name = created ? 'audit.app.create' : (NAMES[event.action] ?? 'audit.app.update');
      return { at, app: event.app, event: name, actor: event.by, description: event.because };
    }
    case 'app-stopped':
      return { at, app: event.app, event: 'audit.app.stop', actor: 'user', description: event.because };
    case 'app-ready':
      return { at, app: event.app, event: 'app.ready', actor: 'platform', description: event.because };
    case 'instance': {
      const what = instanceEvent(event);
      return what && { at, app: event.app, actor: 'platform', ...what };
    }
    default:
      return undefined;
  }
}

function instanceEvent(event: InstanceEvent): Pick<AppEvent, 'event' | 'description'> | undefined {
  const who = `${event.process}/${event.index}`;
  switch (event.moment) {
    case 'exited': {
      if (event.expected) return undefined;
      const source = `APP/PROC/${event.process.toUpperCase()}`;
      const exit = `Exited with status ${exitStatus(event.exit)}`;
      const sidecar = event.sidecar === undefined ? '' : `/SIDECAR/${event.sidecar.toUpperCase()}`;
      const why = event.why === undefined ? '' : ` (${event.why})`;
      const description = `${who}, reason: CRASHED, exit_description: ${source}${sidecar}: ${exit}${why}`;
      return { event: 'audit.app.process.crash', description };
    }
    case 'backing-off': {
      const when = event.ms === 0 ? 'at once' : `in ${describeMs(event.ms)}`;
      return {
        event: 'audit.app.process.rescheduling',
        description: `${who} starts again ${when} (crash ${event.crashes})`,
      };
    }
    case 'gave-up':
      return {
        event: 'audit.app.process.gave-up',
        description: `${who} is not started again: ${event.reason}`,
      };
    case 'never-ready':
      return {
        event: 'audit.app.process.never-ready',
        description: `${who} did not become healthy within ${describeMs(event.waitedMs)}: ${event.reason}`,
      };
    case 'ready':
      return { event: 'audit.app.process.ready', description: `${who} passed its readiness check` };
    case 'not-ready':
      return { event: 'audit.app.process.not-ready', description: `${who}: ${event.reason}` };
    case 'starting':
    case 'healthy':
    case 'unhealthy':
    case 'killed':
      return undefined;
  }
}
