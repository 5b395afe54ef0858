/** Host and path → route. Pure; built anew on every change of the table. */
import { isLoopbackName } from './host.ts';
import { MAX_HOSTNAME } from './limits.ts';
import type { RouteEndpoint, RouteEntry } from './types.ts';

/** One instance a route leads to, with the app it belongs to. */
export interface RouteTarget {
  readonly entry: RouteEntry;
  readonly endpoint: RouteEndpoint;
  /** `127.0.0.1:61001`, the key under which connections and failures are kept. */
  readonly address: string;
}

/** One host and path. Several apps may be mapped to it; their instances share the traffic. */
export interface Route {
  readonly key: string;
  readonly host: string;
  /** `''` or `/prefix`, lower case. */
  readonly path: string;
  readonly entries: readonly RouteEntry[];
  readonly targets: readonly RouteTarget[];
}

export class RouteTable {
  readonly entries: readonly RouteEntry[];
  /** Names of all apps that have a route, sorted. */
  readonly apps: readonly string[];
  readonly #byHost: ReadonlyMap<string, readonly Route[]>;
  /** What plain `localhost` reaches when only one app has routes. */
  readonly #only: readonly Route[];

  constructor(entries: readonly RouteEntry[]) {
    this.entries = entries;
    this.apps = [...new Set(entries.map((entry) => entry.app))].sort();
    this.#byHost = groupByHost(entries);
    this.#only = this.apps.length === 1 ? onePerPath(this.#byHost) : [];
  }

  /**
   * The route for a host (lower case, no port) and a path as sent. The longest path that matches by whole
   * segments wins, then wildcard hosts are tried walking up: `a.b.c`, `*.b.c`, `*.c`.
   * A route whose app has no instance now still matches: whoever asks is told why, or waits.
   */
  find(hostname: string, path: string): Route | undefined {
    if (hostname.length > MAX_HOSTNAME) return undefined;
    const exact = matchPath(this.#byHost.get(hostname), path);
    if (exact) return exact;
    if (isLoopbackName(hostname)) return matchPath(this.#only, path);
    for (let dot = hostname.indexOf('.'); dot !== -1; dot = hostname.indexOf('.', dot + 1)) {
      const wildcard = matchPath(this.#byHost.get(`*${hostname.slice(dot)}`), path);
      if (wildcard) return wildcard;
    }
    return undefined;
  }

  /** The keys of all routes. */
  keys(): ReadonlySet<string> {
    return new Set([...this.#byHost.values()].flat().map((route) => route.key));
  }

  instanceIds(): ReadonlySet<string> {
    return new Set(this.entries.flatMap((entry) => entry.endpoints.map((one) => one.instanceId)));
  }

  /** All addresses in the table; connections to any other can be let go. */
  addresses(): ReadonlySet<string> {
    return new Set(this.entries.flatMap((entry) => entry.endpoints.map(addressOf)));
  }
}

export function addressOf(endpoint: RouteEndpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

function groupByHost(entries: readonly RouteEntry[]): ReadonlyMap<string, readonly Route[]> {
  const byKey = new Map<string, RouteEntry[]>();
  for (const entry of entries) {
    const key = `${entry.host.toLowerCase()}${entry.path.toLowerCase()}`;
    const same = byKey.get(key);
    if (same) same.push(entry);
    else byKey.set(key, [entry]);
  }
  const byHost = new Map<string, Route[]>();
  for (const [key, same] of byKey) {
    const host = same[0]?.host.toLowerCase() ?? '';
    const targets = same.flatMap((entry) =>
      entry.endpoints.map((endpoint) => ({ entry, endpoint, address: addressOf(endpoint) })),
    );
    const route: Route = { key, host, path: key.slice(host.length), entries: same, targets };
    const routes = byHost.get(host);
    if (routes) routes.push(route);
    else byHost.set(host, [route]);
  }
  for (const routes of byHost.values()) routes.sort((a, b) => b.path.length - a.path.length);
  return byHost;
}

/** One route per path, exact hosts before wildcards, longest path first. */
function onePerPath(byHost: ReadonlyMap<string, readonly Route[]>): readonly Route[] {
  const routes = [...byHost.values()].flat();
  routes.sort((a, b) => Number(a.host.startsWith('*')) - Number(b.host.startsWith('*')));
  const byPath = new Map<string, Route>();
  for (const route of routes) if (!byPath.has(route.path)) byPath.set(route.path, route);
  return [...byPath.values()].sort((a, b) => b.path.length - a.path.length);
}

function matchPath(routes: readonly Route[] | undefined, path: string): Route | undefined {
  if (!routes) return undefined;
  let plain: string | undefined;
  for (const route of routes) {
    if (route.path === '') return route;
    plain ??= pathOnly(path).toLowerCase();
    if (plain.startsWith(route.path)) {
      const next = plain.charCodeAt(route.path.length);
      if (Number.isNaN(next) || next === 0x2f) return route;
    }
  }
  return undefined;
}

function pathOnly(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}
