import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';
import { authority, queryOf } from '../kit/external.ts';

export const VERSIONS = ['5.5'] as const;
const LABEL = `mysql-${VERSIONS.at(-1)!}`;

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  const { host, port, user, password, name } = endpoint;
  const uri = `mysql://${authority(endpoint)}/${encodeURIComponent(name)}${queryOf(endpoint)}`;
  if (dialect === 'stackato') {
    return {
      label: LABEL,
      plan: 'free',
      tags: ['mysql', LABEL, 'relational'],
      credentials: { name, hostname: host, host, port, user, username: user, password },
      url: { variable: 'MYSQL_URL', aliases: [], value: uri },
      relational: true,
    };
  }
  const login = `user=${encodeURIComponent(user)}&password=${encodeURIComponent(password)}`;
  return {
    label: 'mysql',
    plan: 'free',
    tags: ['mysql', 'relational'],
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
      jdbcUrl: `jdbc:mysql://${host}:${port}/${encodeURIComponent(name)}?${login}`,
    },
    relational: true,
  };
}
