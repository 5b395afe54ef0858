/** Apps → the router's table. Pure. */
import { localNames } from '../plan/routes.ts';
import type { RouteEntry } from '../router/types.ts';
import type { App } from './app.ts';

const SHOWN_LINES = 40;

export function routeEntries(apps: Iterable<App>): RouteEntry[] {
  return [...apps].flatMap((app) =>
    app.plan.routes.map((url): RouteEntry => {
      const slash = url.indexOf('/');
      const asked = app.plan.manifest.routes;
      const spec =
        asked.kind === 'list' ? asked.routes.find((route) => localNames(route.url).includes(url)) : undefined;
      return {
        host: slash < 0 ? url : url.slice(0, slash),
        path: slash < 0 ? '' : url.slice(slash),
        app: app.name,
        appId: app.record.id,
        state: app.routeState,
        reason: app.reason,
        endpoints: app.endpoints,
        loadBalancing: spec?.loadBalancing ?? 'round-robin',
        dialect: app.plan.dialect,
        lastLogLines: () => app.lastLines(SHOWN_LINES),
      };
    }),
  );
}
