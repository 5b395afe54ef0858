import { bindDatabase } from '../kit/bind-database.ts';
import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';

export const VERSIONS = ['5.5'] as const;

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  return bindDatabase(endpoint, dialect, {
    type: 'mysql',
    version: VERSIONS.at(-1)!,
    kinds: { stackato: ['relational'], 'cloud-foundry': ['relational'] },
    scheme: 'mysql',
    variable: 'MYSQL_URL',
    hostFirst: 'hostname',
  });
}
