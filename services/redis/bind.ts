import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, queryOf, uriOf } from '../kit/external.ts';
import { offering } from '../kit/offering.ts';

export const VERSIONS = ['2.2', '2.4', '2.6'] as const;
/** The word the platform writes where a user would stand. */
export const URL_USER = 'user';

/** What an app sees of a store it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, password, name } = endpoint;
  const head = offering(dialect, 'redis', VERSIONS.at(-1)!, ['key-value', 'nosql']);
  if (dialect === 'stackato') {
    return {
      ...head,
      credentials: { hostname: host, host, port, password, name },
      url: {
        variable: 'REDIS_URL',
        aliases: [],
        value: uriOf(endpoint) ?? `redis://${authority({ ...endpoint, user: URL_USER })}/`,
      },
    };
  }
  return {
    ...head,
    credentials: {
      host,
      hostname: host,
      port,
      password,
      name,
      uri: uriOf(endpoint) ?? `redis://${authority({ ...endpoint, user: '' })}${queryOf(endpoint)}`,
    },
  };
}
