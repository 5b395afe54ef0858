/** An engine that runs already, named by a URL: read, and bound like one of ours. */
import type { Endpoint } from './contract.ts';
import { ServiceError } from './service-error.ts';

/** What a type must know to be bound to an engine it did not start. */
export interface ExternalEngine {
  /** Without the colon; the first is the one to show. */
  readonly schemes: readonly string[];
  readonly defaultPort: number;
  /**
   * Logs in, and tells what is there: `PostgreSQL 16.2`.
   * @throws LoginRefused; Error where nothing serves
   */
  check(endpoint: Endpoint, signal: AbortSignal): Promise<string>;
}

/**
 * `postgres://user:password@host:5432/name?sslmode=require` → an endpoint; the query is kept as `details.query`.
 * The password is in no message.
 * @throws ServiceError `SERVICE_OPTIONS_INVALID`
 */
export function readExternalUrl(
  text: string,
  engine: Pick<ExternalEngine, 'schemes' | 'defaultPort'>,
): Endpoint {
  const example = `${engine.schemes[0] ?? 'https'}://USER:PASSWORD@HOST:${engine.defaultPort}/NAME`;
  const fail = (problem: string): ServiceError =>
    new ServiceError('SERVICE_OPTIONS_INVALID', `the URL it is bound to ${problem}; expected ${example}`, {
      path: 'bind',
    });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw fail('has no scheme');
  let url: URL;
  try {
    // Other schemes than the web's are not taken apart alike; the web's are.
    url = new URL(text.replace(/^[a-z][a-z0-9+.-]*:/i, 'http:'));
  } catch {
    throw fail('cannot be read');
  }
  if (engine.schemes.length > 0 && !engine.schemes.includes(scheme)) throw fail(`begins with "${scheme}:"`);
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw fail('has a "%" that is not followed by two hexadecimal digits');
    }
  };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    // `http:` hides its own default port; no engine lives there.
    port:
      url.port === ''
        ? /:80(?:[/?#]|$)/.test(text.slice(scheme.length + 3))
          ? 80
          : engine.defaultPort
        : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    name: decoded(url.pathname.slice(1)),
    details: { uri: text, ...(url.search.length > 1 ? { query: url.search.slice(1) } : {}) },
  };
}

/** The URL an endpoint was read from; undefined for one of ours. */
export function uriOf({ details }: Endpoint): string | undefined {
  return typeof details?.uri === 'string' ? details.uri : undefined;
}

/** What stands behind the `?` of it. */
export function parametersOf({ details }: Endpoint): URLSearchParams {
  return new URLSearchParams(typeof details?.query === 'string' ? details.query : '');
}

/** `?sslmode=require` of an endpoint that was read from a URL; empty for one of ours. */
export function queryOf({ details }: Endpoint): string {
  return typeof details?.query === 'string' ? `?${details.query}` : '';
}

/** `user:password@host:port`, as it stands in a URL. */
export function authority({ user, password, host, port }: Endpoint): string {
  const login =
    password === '' && user === '' ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `${login}${host.includes(':') ? `[${host}]` : host}:${port}`;
}
