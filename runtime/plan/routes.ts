/** From what a manifest asks to the hosts that answer on this machine. Pure. */
import { hostLabel } from '../kernel/host-label.ts';
import type { AppManifest, RouteRequest, RouteSpec } from '../manifest/types.ts';

/** Every name below it reaches this machine, in browsers and by RFC 6761, without a line in any hosts file. */
export const LOCAL_DOMAIN = 'localhost';

const ADJECTIVES = ['brave', 'calm', 'clever', 'fresh', 'kind', 'lucky', 'quiet', 'swift', 'sunny', 'warm'];
const ANIMALS = ['badger', 'crane', 'dolphin', 'falcon', 'fox', 'hare', 'lynx', 'otter', 'owl', 'wren'];

/**
 * Route URLs without scheme, first the one to show. A route on a domain of the real platform answers under that
 * name (for whoever sends such a Host header) and under `<first label>.localhost`.
 * @param seed decides a random route, so that the same app keeps its route
 */
export function planRoutes(app: AppManifest, seed: string): readonly string[] {
  const host = hostLabel(app.name);
  switch (app.routes.kind) {
    case 'none':
      return [];
    case 'default':
      return [`${host}.${LOCAL_DOMAIN}`];
    case 'random':
      return [`${host}-${pick(ADJECTIVES, seed, 0)}-${pick(ANIMALS, seed, 1)}.${LOCAL_DOMAIN}`];
    case 'list':
      return [
        ...new Set(
          app.routes.routes.flatMap(({ url, protocol }) => (protocol === 'tcp' ? [] : localNames(url))),
        ),
      ];
  }
}

/** What a manifest says about this route; undefined for those it does not name. */
export function routeSpec(asked: RouteRequest, route: string): RouteSpec | undefined {
  return asked.kind === 'list' ? asked.routes.find(({ url }) => localNames(url).includes(route)) : undefined;
}

/** The names a route answers under on this machine. */
export function localNames(url: string): string[] {
  const bare = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/+$/, '');
  const slash = bare.indexOf('/');
  const host = (slash < 0 ? bare : bare.slice(0, slash)).replace(/:\d+$/, '').toLowerCase();
  const path = slash < 0 ? '' : bare.slice(slash);
  if (host === LOCAL_DOMAIN || host.endsWith(`.${LOCAL_DOMAIN}`)) return [host + path];
  const label = host.split('.')[0]!;
  return label === '*' ? [host + path] : [`${hostLabel(label)}.${LOCAL_DOMAIN}${path}`, host + path];
}

function pick(words: readonly string[], seed: string, salt: number): string {
  let sum = salt;
  for (const character of seed) sum = (sum * 31 + character.codePointAt(0)!) >>> 0;
  return words[sum % words.length]!;
}
