/** What the control socket offers for what is set by hand: variables and routes. */
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

export function byHandMethods(platform: Platform): Pick<Handlers, 'set-env' | 'map-route' | 'unmap-route'> {
  return {
    'set-env': async ({ app, set, unset, restart }, connection, signal) => {
      connection.listensTo.add(app);
      const of = platform.app(app);
      const known = new Set(of.env().user.map(({ name }) => name));
      const missing = unset.filter((name) => !known.has(name));
      const change = { set, unset, restart: restart ?? of.plan.dialect === 'stackato' };
      const nothing = Object.keys(set).length === 0 && missing.length === unset.length;
      const restarted = nothing ? false : await platform.byHand.setEnv(of, change, signal);
      return { app: of.snapshot(), restarted, missing };
    },
    'map-route': async ({ app, routes }) => {
      const of = platform.app(app);
      for (const route of routes) await platform.byHand.mapRoute(of, route);
      return { app: of.snapshot() };
    },
    'unmap-route': async ({ app, routes }) => {
      const of = platform.app(app);
      for (const route of routes) await platform.byHand.unmapRoute(of, route);
      return { app: of.snapshot() };
    },
  };
}
