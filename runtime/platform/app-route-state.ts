/** What the router is told of an app: whether it takes requests, will soon, or does not. Pure. */
import type { RouteState } from '../router/types.ts';
import type { AppState } from '../snapshot.ts';
import type { AppRecord } from '../state/record.ts';
import type { Slot } from './instances.ts';

export interface RouteFacts {
  readonly state: AppState;
  readonly desired: AppRecord['desired'];
  /** An instance takes requests. */
  readonly reachable: boolean;
  readonly slots: readonly Slot[];
}

export function routeState({ state, desired, reachable, slots }: RouteFacts): RouteState {
  if (reachable) return 'running';
  switch (state) {
    case 'stopped':
      return 'stopped';
    case 'stopping':
      return desired === 'started' ? 'starting' : 'stopped';
    case 'crashed':
      return 'crashed';
    case 'staging':
    case 'starting':
      return 'starting';
    case 'started':
      return unreachable(slots);
  }
}

/** Of a started app no instance takes requests: there is none, one is coming or not ready, or all crashed. */
function unreachable(slots: readonly Slot[]): RouteState {
  const web = slots.filter(({ process }) => process.type === 'web');
  if (web.length === 0) return 'stopped';
  const coming = web.some(({ instance: { status } }) =>
    ['starting', 'running', 'stopping'].includes(status.state),
  );
  return coming ? 'starting' : 'crashed';
}
