import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { offering } from '../kit/offering.ts';

export const VERSIONS = ['1.4'] as const;

/** What an app sees of a cache it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port } = endpoint;
  const url = { variable: 'MEMCACHE_URL', aliases: ['MEMCACHED_URL'], value: `${host}:${port}` };
  return {
    ...offering(dialect, 'memcached', VERSIONS.at(-1)!, ['key-value', 'nosql']),
    credentials: dialect === 'stackato' ? stackatoCredentials(endpoint) : cloudFoundryCredentials(endpoint),
    url,
  };
}

/** The platform's field set in its order: no `username`, no `servers`, no `uri`. */
function stackatoCredentials({ host, port, user, password, name }: Endpoint): Binding['credentials'] {
  return { hostname: host, host, port, user, password, name };
}

/**
 * Cloud Foundry never fixed a field set for caches. Clients written for the hosted offerings look for
 * `servers`, `username` and `password`; brokers of the time gave `host`/`hostname` and `port`; service
 * locators of frameworks want a `uri`. All of them are here.
 */
function cloudFoundryCredentials({ host, port, user, password, name }: Endpoint): Binding['credentials'] {
  const uri = `memcached://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}`;
  return {
    host,
    hostname: host,
    port,
    username: user,
    password,
    user,
    name,
    servers: `${host}:${port}`,
    uri,
  };
}
