/** What the control socket offers for what is set by hand: variables, routes, checks and drains. */
import type { Handlers } from '../control/protocol.ts';
import type { Platform } from '../platform.ts';

type ByHandMethods =
  | 'set-env'
  | 'map-route'
  | 'unmap-route'
  | 'set-health-check'
  | 'drains'
  | 'add-drain'
  | 'delete-drain';

export function byHandMethods(platform: Platform): Pick<Handlers, ByHandMethods> {
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
    'set-health-check': async ({ app, process, check, wanted }) => {
      await platform.byHand.setCheck(platform.app(app), process, check, wanted);
      return {};
    },
    drains: async ({ app }) => ({ drains: platform.drains.of(platform.app(app)) }),
    'add-drain': async ({ app, drain }) => {
      const of = platform.app(app);
      await platform.byHand.addDrain(of, drain);
      return { drains: platform.drains.of(of) };
    },
    'delete-drain': async ({ app, name }) => {
      const of = platform.app(app);
      await platform.byHand.deleteDrain(of, name);
      return { drains: platform.drains.of(of) };
    },
    'unmap-route': async ({ app, routes }) => {
      const of = platform.app(app);
      for (const route of routes) await platform.byHand.unmapRoute(of, route);
      return { app: of.snapshot() };
    },
  };
}
