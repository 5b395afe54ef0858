/**
 * The header sets, pure: raw pairs in, raw pairs out (`[name, value, name, value, …]`), so that case,
 * order and duplicates of everything not named here stay as they were sent.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RouteTarget } from './route-table.ts';
import type { RouteEntry } from './types.ts';

export interface ForwardFacts {
  readonly authority: string;
  readonly target: RouteTarget;
  readonly requestId: string;
  readonly clientIp: string;
  readonly forwarded: Forwarded;
  /** Epoch milliseconds of the request's arrival. */
  readonly at: number;
  /** The client's `Connection` header, which may name further headers that end here. */
  readonly connection: string | undefined;
  readonly framing: 'none' | 'length' | 'chunked';
  /** The body must be announced as empty, or a POST without one would be sent chunked. */
  readonly announceEmpty: boolean;
  /** The `Upgrade` value to pass on, for requests that ask to leave HTTP. */
  readonly upgrade?: string;
}

/** What `X-Forwarded-For` and `X-Forwarded-Proto` say. */
export interface Forwarded {
  readonly for: string;
  readonly proto: string;
}

/**
 * Cloud Foundry goes on where a proxy in front left off: the client's address is appended, its protocol only told
 * where nobody has. Stackato believes nothing of it.
 */
export function forwardedOf(
  headers: IncomingHttpHeaders,
  client: { readonly clientIp: string; readonly proto: 'http' | 'https' },
  dialect: RouteEntry['dialect'],
): Forwarded {
  if (dialect === 'stackato') return { for: client.clientIp, proto: client.proto };
  const { 'x-forwarded-for': before, 'x-forwarded-proto': proto } = headers;
  return {
    for: before === undefined || before === '' ? client.clientIp : `${before as string}, ${client.clientIp}`,
    proto: proto === undefined || proto === '' ? client.proto : String(proto),
  };
}

/** What happens to a header of a request on its way to the app. */
type Fate =
  | 'keep'
  /** Concerns this connection only, or is a claim only the router may make. */
  | 'drop'
  | 'host'
  | 'te'
  /** Kept only where trailers can follow. */
  | 'trailer'
  /** Set by the platform unless the client did. */
  | 'request-start'
  /** Says where a request came from: not believed in the Stackato dialect. */
  | 'origin';

/** Ends at every hop: the list of Go's reverse proxy, which the platform's router is built on. */
const HOP_BY_HOP = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'transfer-encoding',
  'upgrade',
];

/** Said by the router alone; what a client says under these names is not believed. */
const ROUTER_ONLY = [
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-vcap-request-id',
  'x-cf-applicationid',
  'x-cf-instanceid',
  'x-cf-instanceindex',
  'x-cf-app-instance',
  'x-cf-process-instance',
  'x-cf-proxy-signature',
];

const FATES = new Map<string, Fate>([
  ...[...HOP_BY_HOP, ...ROUTER_ONLY].map((name): [string, Fate] => [name, 'drop']),
  ['host', 'host'],
  ['te', 'te'],
  ['trailer', 'trailer'],
  ['x-request-start', 'request-start'],
  ['x-real-ip', 'origin'],
  ['forwarded', 'origin'],
]);

/** Framing is ours to keep consistent, whatever `Connection` says about it. */
const NEVER_DROPPED_BY_CONNECTION = new Set(['content-length', 'host']);

const PLAIN_CONNECTION = new Set(['keep-alive', 'close', 'upgrade', 'te']);

export function requestHeaders(raw: readonly string[], facts: ForwardFacts): string[] {
  const { entry, endpoint } = facts.target;
  const stackato = entry.dialect === 'stackato';
  const named = namedByConnection(facts.connection);
  const headers: string[] = [];
  let hostSeen = false;
  let startSeen = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const fate = fateOf(name);
    if (fate === 'drop') continue;
    if (named?.has(name.toLowerCase())) continue;
    if (fate === 'host') {
      hostSeen = true;
      headers.push(name, facts.authority);
    } else if (fate === 'te') {
      if (/\btrailers\b/i.test(value)) headers.push(name, 'trailers');
    } else if (fate === 'trailer') {
      if (facts.framing === 'chunked') headers.push(name, value);
    } else if (fate === 'origin' && stackato) {
      continue;
    } else {
      if (fate === 'request-start') startSeen = true;
      headers.push(name, value);
    }
  }
  if (!hostSeen) headers.unshift('Host', facts.authority);
  if (facts.framing === 'chunked') headers.push('Transfer-Encoding', 'chunked');
  if (facts.announceEmpty) headers.push('Content-Length', '0');
  if (facts.upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', facts.upgrade);
  headers.push('X-Forwarded-For', facts.forwarded.for, 'X-Forwarded-Proto', facts.forwarded.proto);
  if (stackato) {
    headers.push('X-Real-IP', facts.clientIp);
  } else {
    if (!startSeen) headers.push('X-Request-Start', String(facts.at));
    headers.push('X-CF-ApplicationID', entry.appId);
    headers.push('X-CF-InstanceID', endpoint.instanceId);
    headers.push('X-CF-InstanceIndex', String(endpoint.instanceIndex));
  }
  headers.push('X-Vcap-Request-Id', facts.requestId);
  return headers;
}

/** The head of an instance's answer, ready to be passed on. */
export interface AnswerHead {
  /** To be sent; the caller may add to it. */
  readonly headers: string[];
  readonly contentLength: number | undefined;
  readonly setCookies: readonly string[] | undefined;
  readonly eventStream: boolean;
  /** How long the instance says it keeps an idle connection, in milliseconds. */
  readonly idleHintMs: number | undefined;
}

/** `chunked`: whether an answer without a length goes to the client in chunks, so that trailers can follow. */
export function answerHead(raw: readonly string[], requestId: string, chunked: boolean): AnswerHead {
  const headers: string[] = [];
  let contentLength: number | undefined;
  let setCookies: string[] | undefined;
  let eventStream = false;
  let idleHintMs: number | undefined;
  let trailer: string | undefined;
  let named: ReadonlySet<string> | undefined;
  let idSeen = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    switch (answerFateOf(name)) {
      case 'drop':
        continue;
      case 'connection':
        named = namedByConnection(value) ?? named;
        continue;
      case 'keep-alive':
        idleHintMs = idleHint(value);
        continue;
      case 'trailer':
        trailer = value;
        continue;
      case 'content-length':
        contentLength = Number(value);
        break;
      case 'set-cookie':
        (setCookies ??= []).push(value);
        break;
      case 'content-type':
        eventStream = value.startsWith('text/event-stream');
        break;
      case 'request-id':
        idSeen = true;
        break;
      case 'keep':
        break;
    }
    headers.push(name, value);
  }
  if (trailer !== undefined && chunked && contentLength === undefined) headers.push('Trailer', trailer);
  if (!idSeen) headers.push('X-Vcap-Request-Id', requestId);
  return {
    headers: named ? withoutNamed(headers, named) : headers,
    contentLength,
    setCookies,
    eventStream,
    idleHintMs,
  };
}

/** Raw trailer pairs as `addTrailers` wants them, without what may not stand in a trailer. */
export function trailerPairs(raw: readonly string[]): Array<[string, string]> {
  const pairs: Array<[string, string]> = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const fate = fateOf(name);
    if (fate === 'keep' && name.toLowerCase() !== 'content-length') pairs.push([name, raw[at + 1] ?? '']);
  }
  return pairs;
}

type AnswerFate =
  | 'keep'
  | 'drop'
  | 'connection'
  | 'keep-alive'
  | 'trailer'
  | 'content-length'
  | 'set-cookie'
  | 'content-type'
  | 'request-id';

const ANSWER_FATES = new Map<string, AnswerFate>([
  ...HOP_BY_HOP.map((name): [string, AnswerFate] => [name, 'drop']),
  ['te', 'drop'],
  ['connection', 'connection'],
  ['keep-alive', 'keep-alive'],
  ['trailer', 'trailer'],
  ['content-length', 'content-length'],
  ['set-cookie', 'set-cookie'],
  ['content-type', 'content-type'],
  ['x-vcap-request-id', 'request-id'],
]);

function answerFateOf(name: string): AnswerFate {
  return ANSWER_FATES.get(name.toLowerCase()) ?? 'keep';
}

function idleHint(value: string): number | undefined {
  const seconds = /\btimeout=(\d+)/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function withoutNamed(headers: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!named.has(name.toLowerCase())) kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
}

function fateOf(name: string): Fate {
  const lower = name.toLowerCase();
  const fate = FATES.get(lower);
  if (fate !== undefined) return fate;
  return lower.startsWith('x-forwarded-') ? 'origin' : 'keep';
}

/** Header names (lower case) that `Connection` declares to end at this hop; undefined when there are none. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  let named: Set<string> | undefined;
  for (const part of connection.split(',')) {
    const name = part.trim().toLowerCase();
    if (name === '' || PLAIN_CONNECTION.has(name) || NEVER_DROPPED_BY_CONNECTION.has(name)) continue;
    named ??= new Set();
    named.add(name);
  }
  return named;
}
