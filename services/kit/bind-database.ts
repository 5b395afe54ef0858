/** What apps see of a relational database: the same for all of them, but for names and order. */
import type { Binding, Dialect, Endpoint } from './contract.ts';
import { authority, queryOf } from './external.ts';
import { offering } from './offering.ts';

export interface DatabaseNames {
  readonly type: string;
  readonly version: string;
  readonly kinds: { readonly [D in Dialect]: readonly string[] };
  /** Of its URL; apps compare it. */
  readonly scheme: string;
  /** `MYSQL_URL` */
  readonly variable: string;
  /** The order Stackato had the two in. */
  readonly hostFirst: 'host' | 'hostname';
}

export function bindDatabase(endpoint: Endpoint, dialect: Dialect, names: DatabaseNames): Binding {
  const { host, port, user, password, name } = endpoint;
  const { type, scheme, variable } = names;
  const uri = `${scheme}://${authority(endpoint)}/${encodeURIComponent(name)}${queryOf(endpoint)}`;
  const head = offering(dialect, type, names.version, names.kinds);
  if (dialect === 'stackato') {
    const hosts = names.hostFirst === 'host' ? { host, hostname: host } : { hostname: host, host };
    return {
      ...head,
      credentials: { name, ...hosts, port, user, username: user, password },
      url: { variable, aliases: [], value: uri },
      relational: true,
    };
  }
  const login = `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}`;
  const jdbcUrl = `jdbc:${type}://${host}:${port}/${encodeURIComponent(name)}?${login}`;
  const hosts = { hostname: host, host };
  const users = { username: user, user };
  return {
    ...head,
    credentials: { name, ...hosts, port, ...users, password, database: name, uri, jdbcUrl },
    relational: true,
  };
}
