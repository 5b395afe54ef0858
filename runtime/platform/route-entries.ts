/** Apps → the router's table. Pure. */
import { routeSpec } from '../plan/routes.ts';
import type { ProcessPlan } from '../plan/types.ts';
import type { RouteEntry } from '../router/types.ts';
import type { App } from './app.ts';

const SHOWN_LINES = 40;

export function routeEntries(apps: Iterable<App>): RouteEntry[] {
  return [...apps].flatMap((app) =>
    app.plan.routes.map((url): RouteEntry => ({
      ...splitRoute(url),
      app: app.name,
      appId: app.record.id,
      state: app.routeState,
      reason: app.reason,
      scaledToNone: app.state === 'started' && !app.plan.processes.some(takesRequests),
      endpoints: app.endpoints,
      loadBalancing: routeSpec(app.plan.manifest.routes, url)?.loadBalancing ?? 'round-robin',
      dialect: app.plan.dialect,
      lastLogLines: () => app.lastLines(SHOWN_LINES),
    })),
  );
}

const takesRequests = ({ type, instances }: ProcessPlan): boolean => type === 'web' && instances > 0;

/** `shop.localhost/cart` → host and `/cart`; without a path that is empty. */
export function splitRoute(url: string): { readonly host: string; readonly path: string } {
  const slash = url.indexOf('/');
  return slash < 0 ? { host: url, path: '' } : { host: url.slice(0, slash), path: url.slice(slash) };
}
