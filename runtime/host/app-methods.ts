/** What the control socket offers for apps beyond starting and stopping them. */
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

type AppMethods = 'scale' | 'restage' | 'restart-instance' | 'events' | 'stats';

export function appMethods(platform: Platform): Pick<Handlers, AppMethods> {
  return {
    scale: async ({ app, process, wanted }, connection, signal) => {
      connection.listensTo.add(app);
      await platform.byHand.scale(platform.app(app), process, wanted, signal);
      return { app: platform.app(app).snapshot() };
    },
    restage: async ({ app, strategy }, connection, signal) => {
      connection.listensTo.add(app);
      return { app: await platform.restage(app, signal, strategy) };
    },
    'restart-instance': async ({ app, process, index }, connection, signal) => {
      connection.listensTo.add(app);
      await platform.restartInstance(app, process, index, signal);
      return { app: platform.app(app).snapshot() };
    },
    events: async ({ app, count }) => {
      platform.app(app);
      return { events: await platform.events.of(app, count) };
    },
    stats: async ({ app }) => ({ app: platform.app(app).snapshot(), usage: await platform.app(app).usage() }),
  };
}
