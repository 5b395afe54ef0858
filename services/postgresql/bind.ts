import { bindDatabase } from '../kit/bind-database.ts';
import type { Binding, Dialect, Endpoint } from '../kit/contract.ts';

export const VERSIONS = ['9.1'] as const;

/** What an app sees of a database it is bound to. */
export function bind(endpoint: Endpoint, dialect: Dialect): Binding {
  return bindDatabase(endpoint, dialect, {
    type: 'postgresql',
    version: VERSIONS.at(-1)!,
    kinds: { stackato: ['relational'], 'cloud-foundry': ['postgres', 'relational'] },
    // Apps of the time compare it with exactly that.
    scheme: 'postgres',
    variable: 'POSTGRESQL_URL',
    hostFirst: 'host',
  });
}
