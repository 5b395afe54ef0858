/** `fetch`, with a host that needs no name service. */
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

export interface FetchOptions extends RequestInit {
  /** The route to ask for, as the `Host` header: `shop.localhost`. */
  readonly host?: string;
}

/** Where requests go: `http://127.0.0.1:PORT` each. */
export interface Doors {
  /** For a path alone. */
  readonly own: string;
  /** Knows all routes. */
  readonly door: string;
}

/** @param path `/cart?x=1`; or a whole URL, whose host picks the route: no name service is asked */
export function request(
  { own, door }: Doors,
  path: string,
  { host, ...init }: FetchOptions,
): Promise<Response> {
  const url = new URL(path, own);
  const named = host ?? (url.origin === own ? undefined : url.host);
  if (named === undefined) return fetch(url, init);
  return requestWithHost(new URL(url.pathname + url.search, door), named, init);
}

/** The built-in `fetch` does not let a `Host` header through. */
async function requestWithHost(url: URL, host: string, init: RequestInit): Promise<Response> {
  // Makes of every kind of body what is sent, and the headers that belong to it.
  const asked = new Request(url, {
    ...init,
    ...(init.body ? { duplex: 'half' as const } : {}),
  } as RequestInit);
  const headers = { ...Object.fromEntries(asked.headers), host };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method: asked.method, headers, agent: false, signal: asked.signal },
      (answer) => {
        const fields = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const status = answer.statusCode ?? 0;
        const empty = status === 204 || status === 205 || status === 304 || asked.method === 'HEAD';
        if (empty) answer.resume();
        const body = empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(
          new Response(body as ConstructorParameters<typeof Response>[0], {
            status,
            statusText: answer.statusMessage ?? '',
            headers: fields,
          }),
        );
      },
    );
    sent.on('error', reject);
    if (asked.body)
      Readable.fromWeb(asked.body as ReadableStream)
        .on('error', reject)
        .pipe(sent);
    else sent.end();
  });
}
