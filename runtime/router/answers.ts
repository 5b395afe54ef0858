/**
 * What the router itself answers, as data. Status, sentence and `X-Cf-RouterError` are the platform's;
 * `help` is ours and says what to do next.
 */
import type { RouteEntry } from './types.ts';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** One sentence, the platform's words. */
  readonly message: string;
  readonly routerError: string;
  readonly cacheControl?: string;
  readonly help: readonly string[];
  /** The last log lines of the app, oldest first. */
  readonly logLines: readonly string[];
  /** What is routed, for whoever may know. */
  readonly links: readonly Link[];
  /** The page looks again by itself: the state is one that passes. */
  readonly refresh: boolean;
}

export interface Link {
  readonly url: string;
  readonly text: string;
}

const NO_STORE = 'no-cache, no-store';
const BRIEFLY = 'public,max-age=2';

const nothingMore = { help: [], logLines: [], links: [], refresh: false } as const;

export function unknownRoute(host: string, links: readonly Link[]): Answer {
  return {
    ...nothingMore,
    status: 404,
    reason: 'Not Found',
    message: `Requested route ('${shown(host)}') does not exist.`,
    routerError: 'unknown_route',
    cacheControl: NO_STORE,
    links,
  };
}

export function noSuchInstance(host: string, guid: string, index: string): Answer {
  return {
    ...nothingMore,
    status: 400,
    reason: 'Bad Request',
    message: `Requested instance ('${index}') with guid ('${guid}') does not exist for route ('${shown(host)}')`,
    routerError: 'unknown_route',
    cacheControl: NO_STORE,
  };
}

export function badInstanceHeader(header: 'X-CF-App-Instance' | 'X-CF-Process-Instance'): Answer {
  return {
    ...nothingMore,
    status: 400,
    reason: 'Bad Request',
    message: `Invalid ${header} Header`,
    routerError: `invalid_${header.toLowerCase().slice(2).replaceAll('-', '_')}_header`,
    cacheControl: NO_STORE,
  };
}

export function emptyHost(): Answer {
  return {
    ...nothingMore,
    status: 400,
    reason: 'Bad Request',
    message: 'Request had empty Host header',
    routerError: 'empty_host',
    cacheControl: BRIEFLY,
  };
}

export function badRequest(message: string): Answer {
  return { ...nothingMore, status: 400, reason: 'Bad Request', message, routerError: 'bad_request' };
}

/** Plain HTTP where TLS is spoken: not sent on, since whoever wrote `http://` would be told a lie about who listens in. */
export function httpsOnly(url: string | undefined): Answer {
  return {
    ...badRequest('This port speaks HTTPS'),
    help: url === undefined ? [] : [`Ask for ${url}`],
  };
}

export function notImplemented(message: string): Answer {
  return { ...nothingMore, status: 501, reason: 'Not Implemented', message, routerError: 'unsupported' };
}

/** The app is there but none of its instances: stopped, crashed, or not ready within the time a request waits. */
export function noEndpoints(host: string, entry: RouteEntry, why: NoEndpoints): Answer {
  return {
    ...nothingMore,
    status: 503,
    reason: 'Service Unavailable',
    message: `Requested route ('${shown(host)}') has no available endpoints.`,
    routerError: 'no_endpoints',
    cacheControl: NO_STORE,
    help: helpFor(entry, why),
    logLines: why.kind === 'stopped' || why.kind === 'closing' ? [] : entry.lastLogLines(),
    refresh: why.kind === 'not-ready' || why.kind === 'crashed',
  };
}

export type NoEndpoints =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'not-ready'; readonly waitedMs: number }
  | { readonly kind: 'too-many-waiting'; readonly limit: string }
  | { readonly kind: 'closing' };

function helpFor(entry: RouteEntry, why: NoEndpoints): readonly string[] {
  const because = entry.reason === '' ? '' : `: ${entry.reason}`;
  switch (why.kind) {
    case 'stopped':
      if (entry.scaledToNone)
        return [
          `App "${entry.app}" runs without an instance of web${because}.`,
          `Start one with: paas-local scale ${entry.app} -i 1`,
        ];
      return [`App "${entry.app}" is stopped${because}.`, `Start it with: paas-local start ${entry.app}`];
    case 'crashed':
      return [
        `App "${entry.app}" has crashed${because}.`,
        `See its whole log with: paas-local logs ${entry.app} --recent`,
      ];
    case 'not-ready':
      return [
        `App "${entry.app}" is not ready${because}.`,
        `This request waited ${seconds(why.waitedMs)} for it.`,
        `Follow it with: paas-local logs ${entry.app}`,
      ];
    case 'too-many-waiting':
      return [`App "${entry.app}" is not ready${because}.`, `Too many requests wait already: ${why.limit}.`];
    case 'closing':
      return ['paas-local is shutting down.'];
  }
}

export function connectionLimit(host: string, limit: number): Answer {
  return {
    ...nothingMore,
    status: 503,
    reason: 'Service Unavailable',
    message: `Requested route ('${shown(host)}') has reached the connection limit.`,
    routerError: 'Connection Limit Reached',
    help: [`Each instance takes ${limit} requests at a time, as on the platform.`],
  };
}

/** `detail` is the cause in the words of the platform's own router: `EOF`, `context deadline exceeded`. */
export function endpointFailure(detail: string, entry: RouteEntry | undefined): Answer {
  return {
    ...nothingMore,
    status: 502,
    reason: 'Bad Gateway',
    message: 'Registered endpoint failed to handle the request.',
    routerError: `endpoint_failure (${detail})`,
    cacheControl: NO_STORE,
    help: entry ? [`App "${entry.app}" gave no answer: ${detail}.`] : [],
    logLines: entry?.lastLogLines() ?? [],
  };
}

export function loopDetected(app: string, hops: number): Answer {
  return {
    ...nothingMore,
    status: 508,
    reason: 'Loop Detected',
    message: `This request came through the router ${hops} times without an answer.`,
    routerError: 'loop_detected',
    help: [
      `App "${app}" seems to forward requests to a route that leads back to itself.`,
      'Look at the address its proxy or HTTP client is given.',
    ],
  };
}

/** What a page of another site is told: what the platform would say, and nothing of what runs here. */
export function forForeigners(answer: Answer): Answer {
  return { ...answer, ...nothingMore };
}

const MAX_SHOWN_HOST = 255;

function shown(host: string): string {
  return host.length > MAX_SHOWN_HOST ? `${host.slice(0, MAX_SHOWN_HOST)}…` : host;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}
