/** `routes`, `map-route`, `unmap-route` and Stackato's `map`, `unmap`; `open` opens the first in a browser. */
import { PaasError } from '../../runtime/kernel/errors.ts';
import { localNames } from '../../runtime/plan/routes.ts';
import type { AppSnapshot } from '../../runtime/snapshot.ts';
import { connect } from '../connect.ts';
import { anyPort, type CommonOptions, type Context } from '../context.ts';
import { table } from '../render/table.ts';
import { oneApp } from '../which-app.ts';
import { listApps } from './apps.ts';

export interface RouteOptions extends CommonOptions {
  readonly hostname?: string;
  readonly path?: string;
}

/** As cf has them. */
const ROUTE_COLUMNS = [
  'space', 'host', 'domain', 'port', 'path', 'protocol', 'app-protocol', 'app-port', 'apps', 'service instance', 'options',
]; // prettier-ignore

export async function routes(context: Context): Promise<number> {
  const { terminal, json, paths } = context;
  const listed = listRoutes(await listApps(context));
  if (json) {
    terminal.out(JSON.stringify({ space: paths.name, routes: listed }));
    return 0;
  }
  terminal.out(`Getting routes for space ${paths.name}...\n`);
  if (listed.length === 0) {
    terminal.out('No routes found');
    return 0;
  }
  const rows = listed.map(({ host, domain, port, tlsPort, path, apps, options }) => [
    paths.name,
    host,
    domain,
    [port, tlsPort].filter((one) => one !== undefined).join(', '),
    path,
    tlsPort === undefined ? 'http' : 'http, https',
    'http1',
    '', // each instance has a port of its own
    apps.join(', '),
    '',
    options ?? '',
  ]);
  for (const line of table(ROUTE_COLUMNS, rows)) terminal.out(line);
  return 0;
}

/** `args` are APP URL (Stackato) or APP DOMAIN with `--hostname` and `--path` (cf). */
export async function changeRoute(
  context: Context,
  verb: 'map-route' | 'unmap-route',
  args: readonly string[],
  options: RouteOptions,
): Promise<number> {
  const { terminal, json } = context;
  const [given, domain] = args.length === 1 ? [undefined, args[0]!] : [args[0], args[1]!];
  const app = await oneApp(context, given);
  const wanted = localNames(joinUrl(domain, options));
  using client = await connect(context, anyPort(context));
  // An alias of a route that was never mapped under both names is no mistake.
  const known = (await client.call('snapshot', {})).apps.find(({ name }) => name === app)?.routes ?? [];
  const there = verb === 'map-route' ? wanted : wanted.filter((route) => known.includes(route));
  const chosen = there.length > 0 ? there : wanted;
  const { app: after } = await client.call(verb, { app, routes: chosen });
  if (json) terminal.out(JSON.stringify({ app, routes: after.routes, urls: after.urls }));
  else {
    terminal.out(`${verb === 'map-route' ? 'Mapped' : 'Unmapped'} ${chosen.join(', ')}`);
    terminal.out('OK');
  }
  return 0;
}

/** Whether an app has it. */
export async function checkRoute(context: Context, domain: string, options: RouteOptions): Promise<number> {
  const { terminal, json } = context;
  const url = joinUrl(domain, options);
  const apps = havingRoute(await listApps(context), url);
  if (json)
    terminal.out(JSON.stringify({ route: url, exists: apps.length > 0, apps: apps.map(({ name }) => name) }));
  else {
    terminal.out('Checking for route...');
    terminal.out('OK');
    terminal.out(`Route '${url}' ${apps.length > 0 ? 'does exist' : 'does not exist'}.`);
  }
  return 0;
}

/** Takes it from every app that has it. */
export async function deleteRoute(context: Context, domain: string, options: RouteOptions): Promise<number> {
  const { terminal, json } = context;
  const url = joinUrl(domain, options);
  using client = await connect(context, anyPort(context));
  const apps = havingRoute((await client.call('snapshot', {})).apps, url);
  for (const app of apps) {
    const routes = localNames(url).filter((route) => app.routes.includes(route));
    await client.call('unmap-route', { app: app.name, routes });
  }
  if (json) terminal.out(JSON.stringify({ route: url, apps: apps.map(({ name }) => name) }));
  else {
    if (apps.length === 0) terminal.out(`Unable to delete. Route '${url}' does not exist.`);
    terminal.out('OK');
  }
  return 0;
}

const havingRoute = (apps: readonly AppSnapshot[], url: string): readonly AppSnapshot[] =>
  apps.filter(({ routes: all }) => localNames(url).some((route) => all.includes(route)));

export async function open(context: Context, name: string | undefined): Promise<number> {
  const { terminal, json, env, world } = context;
  const app = await oneApp(context, name);
  const all = await listApps(context);
  const found = all.find((one) => one.name === app);
  if (!found) throw new PaasError('APP_NOT_FOUND', { app, known: all.map((one) => one.name) });
  const [url] = found.urls;
  if (url === undefined)
    throw new PaasError('USAGE', {
      message: `Cannot open app "${app}": it has no URL now`,
      hint: `Start it with: paas-local start ${app}`,
    });
  if (json) {
    terminal.out(JSON.stringify({ app, url }));
    return 0;
  }
  terminal.out(url);
  const { openInBrowser } = await import('../open-in-browser.ts');
  if (world.stdout.isTTY === true || env.BROWSER) await openInBrowser(url, context);
  return 0;
}

interface ListedRoute {
  readonly host: string;
  readonly domain: string;
  readonly port?: number;
  /** Of HTTPS, where an app of it was pushed with `--tls`. */
  readonly tlsPort?: number;
  readonly path: string;
  readonly apps: readonly string[];
  /** `loadbalancing=least-connection` */
  readonly options?: string;
}

function listRoutes(apps: readonly AppSnapshot[]): readonly ListedRoute[] {
  const byRoute = new Map<string, string[]>();
  for (const app of apps)
    for (const route of app.routes) byRoute.set(route, [...(byRoute.get(route) ?? []), app.name]);
  const ports = new Map(
    apps.flatMap(({ urls }) =>
      urls.map((text) => {
        const { protocol, port } = new URL(text);
        return [protocol, Number(port) || (protocol === 'https:' ? 443 : 80)] as const;
      }),
    ),
  );
  const port = ports.get('http:');
  const secure = new Set(
    apps.flatMap(({ urls }) => urls.filter((url) => url.startsWith('https:')).map(bareRoute)),
  );
  const tlsPortOf = (route: string) => (secure.has(route) ? ports.get('https:') : undefined);
  return [...byRoute].map(([route, names]) => {
    const slash = route.indexOf('/');
    const name = slash < 0 ? route : route.slice(0, slash);
    const dot = name.indexOf('.');
    return {
      host: dot < 0 ? '' : name.slice(0, dot),
      domain: dot < 0 ? name : name.slice(dot + 1),
      ...(port === undefined ? {} : { port }),
      ...(tlsPortOf(route) === undefined ? {} : { tlsPort: tlsPortOf(route)! }),
      path: slash < 0 ? '' : route.slice(slash),
      apps: names,
      ...optionsOf(route, apps),
    };
  });
}

/** Without scheme and port. */
const bareRoute = (url: string): string => url.replace(/^https?:\/\/([^/:]+)(?::\d+)?/, '$1');

function optionsOf(route: string, apps: readonly AppSnapshot[]): { readonly options?: string } {
  const told = apps.flatMap(({ routeOptions }) => routeOptions?.[route] ?? []);
  return told[0] === undefined ? {} : { options: told[0] };
}

function joinUrl(domain: string, { hostname, path }: RouteOptions): string {
  const host = hostname === undefined ? domain : `${hostname}.${domain}`;
  const url = path === undefined ? host : `${host}/${path.replace(/^\/+/, '')}`;
  if (/^(https?:\/\/)?(\*\.)?[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:\d+)?(\/[^?#\s]*)?$/i.test(url)) return url;
  throw new PaasError('USAGE', {
    message: `Cannot use "${url}" as a route`,
    hint: 'Write HOST.DOMAIN or HOST.DOMAIN/PATH; below ".localhost" every name reaches this machine',
  });
}
