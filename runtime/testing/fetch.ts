/** `fetch`, with a host that needs no name service, and with the local authority trusted. */
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

export interface FetchOptions extends RequestInit {
  /** The route to ask for, as the `Host` header: `shop.localhost`. */
  readonly host?: string;
}

/** Where requests go: `http://127.0.0.1:PORT` each, or `https:`. */
export interface Doors {
  /** For a path alone. */
  readonly own: string;
  /** Knows all routes. */
  readonly door: string;
  /** With HTTPS: who is trusted. */
  readonly caFile: string | undefined;
}

/** As the fetch standard has it. */
const MAX_REDIRECTS = 20;

/** @param path `/cart?x=1`; or a whole URL, whose host picks the route: no name service is asked */
export function request(doors: Doors, path: string, { host, ...init }: FetchOptions): Promise<Response> {
  const { own, door } = doors;
  const url = new URL(path, own);
  const named = host ?? (url.origin === own ? undefined : url.host);
  if (named !== undefined) return ask(new URL(url.pathname + url.search, door), named, doors, init);
  // The built-in one trusts whom the process did when it started.
  return doors.caFile === undefined ? fetch(url, init) : following(url, doors, init);
}

/** Redirects are followed as the built-in `fetch` would: those that stay on the app. */
async function following(url: URL, doors: Doors, init: RequestInit): Promise<Response> {
  let [current, asked] = [url, init];
  for (let count = 0; ; count++) {
    const response = await ask(current, current.host, doors, asked);
    const location = response.headers.get('location');
    const { redirect = 'follow' } = init;
    if (!isRedirect(response.status) || location === null || redirect === 'manual') return response;
    await response.body?.cancel();
    if (redirect === 'error') throw new TypeError(`Redirected to "${location}"`);
    if (count === MAX_REDIRECTS) throw new TypeError(`Redirected more than ${MAX_REDIRECTS} times`);
    current = new URL(location, current);
    if (current.origin !== doors.own) return request(doors, current.href, asked);
    if (turnsIntoGet(response.status, asked.method)) asked = withoutBody(asked);
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function turnsIntoGet(status: number, method = 'GET'): boolean {
  const upper = method.toUpperCase();
  return status === 303 ? upper !== 'HEAD' : (status === 301 || status === 302) && upper === 'POST';
}

function withoutBody(init: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language'])
    headers.delete(name);
  return { ...init, headers, method: 'GET', body: null };
}

/** The built-in `fetch` does not let a `Host` header through. */
async function ask(url: URL, host: string, { caFile }: Doors, init: RequestInit): Promise<Response> {
  // Makes of every kind of body what is sent, and the headers that belong to it.
  const asked = new Request(url, {
    ...init,
    ...(init.body ? { duplex: 'half' as const } : {}),
  } as RequestInit);
  const headers = { ...Object.fromEntries(asked.headers), host };
  const options = { method: asked.method, headers, agent: false, signal: asked.signal } as const;
  const send = await sender(url, host, caFile);
  return new Promise((resolve, reject) => {
    const sent = send(options, (answer) => resolve(toResponse(answer, asked.method)));
    sent.on('error', reject);
    if (asked.body)
      Readable.fromWeb(asked.body as ReadableStream)
        .on('error', reject)
        .pipe(sent);
    else sent.end();
  });
}

type Send = (
  options: RequestOptions,
  onAnswer: (answer: IncomingMessage) => void,
) => ReturnType<typeof httpRequest>;

async function sender(url: URL, host: string, caFile: string | undefined): Promise<Send> {
  if (caFile === undefined || url.protocol !== 'https:')
    return (options, onAnswer) => httpRequest(url, options, onAnswer);
  const https = await import('node:https');
  const ca = readFileSync(caFile, 'utf8');
  const { hostname } = new URL(`https://${host}`);
  // A name of the real platform's has no certificate here; the address has.
  const servername = hostname.endsWith('.localhost') ? hostname : '';
  return (options, onAnswer) => https.request(url, { ...options, ca, servername }, onAnswer);
}

function toResponse(answer: IncomingMessage, method: string): Response {
  const fields = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const status = answer.statusCode ?? 0;
  const empty = status === 204 || status === 205 || status === 304 || method === 'HEAD';
  if (empty) answer.resume();
  const body = empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    status,
    statusText: answer.statusMessage ?? '',
    headers: fields,
  });
}
