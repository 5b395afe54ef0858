/** `routes`, `no-route`, `random-route`, `default-route`. */
import { hostLabel } from '../../../kernel/host-label.ts';
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
    const [, port] = /^[^/]*(:\d+)/.exec(url) ?? [];
    if (port !== undefined && protocol?.text !== 'tcp') {
      problems.warning(
        'MANIFEST_VALUE',
        route.place,
        `${owner}: The route '${route.text}' has a port, which only TCP routes have`,
        { hint: `It is left out here: write ${url.replace(port, '')}`, related: route.origin },
      );
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
  warnOfHost(app, { problems, owner });
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

/** What the API takes as the host of a route. */
const HOST = /^[A-Za-z0-9_-]{1,63}$/;

/** A route that nobody wrote is made of the app's name, which may be any text. */
function warnOfHost(app: MapNode, { problems, owner }: Pick<DecodeContext, 'problems' | 'owner'>): void {
  const name = fieldScalar(app, 'name');
  if (!name || name.unresolved || name.text.trim() === '' || HOST.test(name.text)) return;
  const why = 'a host has at most 63 letters, digits, "-" and "_"';
  problems.warning(
    'MANIFEST_NAME',
    name.place,
    `${owner}: Cloud Foundry refuses the route made of this name: ${why}`,
    {
      hint: `Here its host is "${hostLabel(name.text)}"; name a route: routes: [{route: HOST.DOMAIN}], or none: no-route: true`,
      related: name.origin,
    },
  );
}
