import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, uriOf } from '../kit/external.ts';

export const VERSIONS = ['1.8', '2.0'] as const;
const LABEL = `mongodb-${VERSIONS.at(-1)!}`;
/** Literally so on the platform. */
export const DATABASE = 'db';

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  const external = uriOf(endpoint);
  const db = external === undefined ? DATABASE : name;
  const uri = external ?? `mongodb://${authority(endpoint)}/${DATABASE}`;
  if (dialect === 'stackato') {
    return {
      label: LABEL,
      plan: 'free',
      tags: ['mongodb', LABEL, 'nosql'],
      credentials: { hostname: host, host, port, username: user, password, name, db },
      url: { variable: 'MONGODB_URL', aliases: [], value: uri },
    };
  }
  return {
    label: 'mongodb',
    plan: 'free',
    tags: ['mongodb', 'nosql'],
    credentials: { hostname: host, host, port, username: user, password, name, db, database: db, uri },
  };
}
