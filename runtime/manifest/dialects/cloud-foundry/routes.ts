/** `routes`, `no-route`, `random-route`, `default-route`. */
import { spanOf } from '../../source.ts';
import type { MapNode, ScalarNode } from '../../tree.ts';
import type { RouteRequest, RouteSpec } from '../../types.ts';
import type { DecodeContext } from './context.ts';
import { field, fieldFlag, fieldList, fieldScalar, fieldText } from './reader.ts';

/** Host and domain, an optional port (TCP only) and path; no query, no bare slash. */
const ROUTE =
  /^(?:\*\.)?[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*(?::\d{1,5})?(?:\/[^?#\s]+)?$/i;
const MAX_PATH_LENGTH = 128;
const MAX_ROUTE_LENGTH = 2048;

export function decodeRoutes(app: MapNode, { problems, owner }: DecodeContext): RouteRequest {
  const random = fieldScalar(app, 'random-route');
  if (random && fieldFlag(app, 'random-route') && fieldFlag(app, 'default-route')) {
    problems.error(
      'MANIFEST_VALUE',
      random.place,
      `${owner}: Random-route and default-route may not be used together`,
    );
  }
  const routes = fieldList(app, 'routes').flatMap((item): RouteSpec[] => {
    const route = fieldScalar(item, 'route');
    if (!route || route.unresolved) return [];
    const url = route.text.replace(/^https?:\/\//i, '');
    const path = url.slice(url.indexOf('/') === -1 ? url.length : url.indexOf('/'));
    if (url.length > MAX_ROUTE_LENGTH || path.length > MAX_PATH_LENGTH || !ROUTE.test(url)) refuse(route);
    const protocol = fieldScalar(item, 'protocol');
    if (protocol?.text === 'tcp') {
      problems.error('MANIFEST_NOT_SUPPORTED', protocol.place, `${owner}: TCP routes are not served here`, {
        hint: 'Connect to the port of the app directly, or use an HTTP route',
      });
    }
    const balancing = fieldText(field(item, 'options'), 'loadbalancing');
    return [
      {
        url,
        ...(protocol?.text === 'http1' || protocol?.text === 'http2' ? { protocol: protocol.text } : {}),
        ...(balancing === 'round-robin' || balancing === 'least-connection'
          ? { loadBalancing: balancing }
          : {}),
        span: spanOf(route.place),
      },
    ];
  });
  if (fieldFlag(app, 'no-route')) return { kind: 'none' };
  if (routes.length > 0) return { kind: 'list', routes };
  return { kind: fieldFlag(app, 'random-route') ? 'random' : 'default' };

  function refuse(route: ScalarNode): void {
    problems.error(
      'MANIFEST_VALUE',
      route.place,
      `${owner}: The route '${route.text}' is not a properly formed URL`,
      {
        hint: 'Write HOST.DOMAIN or HOST.DOMAIN/PATH, without a scheme, query or trailing slash',
        related: route.origin,
      },
    );
  }
}
