/** An app's routes as its listings show them. */
import type { AppSnapshot } from '../../runtime/snapshot.ts';

/** Those that can be opened with scheme and port; wildcards as they are, and all of them while nothing is routed. */
export function shownRoutes({ urls, routes }: Pick<AppSnapshot, 'urls' | 'routes'>): string {
  const bare = urls.length === 0 ? routes : routes.filter((route) => route.startsWith('*'));
  return [...urls, ...bare].join(', ');
}
