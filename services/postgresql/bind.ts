import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, queryOf } from '../kit/external.ts';

export const VERSIONS = ['9.1'] as const;
const LABEL = `postgresql-${VERSIONS.at(-1)!}`;

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  // The scheme is `postgres`: apps of the time compare it with exactly that.
  const uri = `postgres://${authority(endpoint)}/${encodeURIComponent(name)}${queryOf(endpoint)}`;
  if (dialect === 'stackato') {
    return {
      label: LABEL,
      plan: 'free',
      tags: ['postgresql', LABEL, 'relational'],
      credentials: { name, host, hostname: host, port, user, username: user, password },
      url: { variable: 'POSTGRESQL_URL', aliases: [], value: uri },
      relational: true,
    };
  }
  const login = `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}`;
  return {
    label: 'postgresql',
    plan: 'free',
    tags: ['postgresql', 'postgres', 'relational'],
    credentials: {
      name,
      hostname: host,
      host,
      port,
      username: user,
      user,
      password,
      database: name,
      uri,
      jdbcUrl: `jdbc:postgresql://${host}:${port}/${encodeURIComponent(name)}?${login}`,
    },
    relational: true,
  };
}
