import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, uriOf } from '../kit/external.ts';
import { offering } from '../kit/offering.ts';

export const VERSIONS = ['1.8', '2.0'] as const;
/** Literally so on the platform. */
export const DATABASE = 'db';

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  const external = uriOf(endpoint);
  const db = external === undefined ? DATABASE : name;
  const uri = external ?? `mongodb://${authority(endpoint)}/${DATABASE}`;
  const head = offering(dialect, 'mongodb', VERSIONS.at(-1)!, ['nosql']);
  if (dialect === 'stackato') {
    return {
      ...head,
      credentials: { hostname: host, host, port, username: user, password, name, db },
      url: { variable: 'MONGODB_URL', aliases: [], value: uri },
    };
  }
  return {
    ...head,
    credentials: { hostname: host, host, port, username: user, password, name, db, database: db, uri },
  };
}
