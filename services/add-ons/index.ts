/** Add-ons the platform had and we do not start: known by name, and bound to one that runs elsewhere. */
import { randomUUID } from 'node:crypto';
import type { Binding, Dialect, Endpoint, ServiceType } from '../kit/contract.ts';
import { authority, uriOf } from '../kit/external.ts';
import { readMapping } from '../kit/options.ts';
import { ServiceError } from '../kit/service-error.ts';
import { Wire } from '../kit/wire.ts';

interface AddOn {
  readonly type: string;
  readonly product: string;
  readonly schemes: readonly string[];
  readonly port: number;
  /** The variable its URL was found in, and whether it counts as a database. */
  readonly variable?: string;
  readonly relational?: true;
}

const CHECK_MS = 10_000;

const LIST: readonly AddOn[] = [
  {
    type: 'oracledb',
    product: 'Oracle Database',
    schemes: ['oracle'],
    port: 1521,
    variable: 'ORACLE_URL',
    relational: true,
  },
  { type: 'mssql2012', product: 'SQL Server 2012', schemes: ['sqlserver', 'mssql'], port: 1433 },
  { type: 'mssql2014', product: 'SQL Server 2014', schemes: ['sqlserver', 'mssql'], port: 1433 },
  { type: 'elasticsearch', product: 'Elasticsearch', schemes: ['http', 'https'], port: 9200 },
  { type: 'couchdb', product: 'CouchDB', schemes: ['http', 'https'], port: 5984 },
  { type: 'activemq', product: 'ActiveMQ', schemes: ['tcp', 'ssl', 'amqp', 'stomp'], port: 61_616 },
];

export const ADD_ONS: readonly ServiceType[] = LIST.map(addOn);

function addOn({ type, product, schemes, port, variable, relational }: AddOn): ServiceType {
  return {
    type,
    versions: [],
    summary: `${product}, only by the URL of one that runs elsewhere (--bind)`,
    readOptions: (raw) => readMapping(raw, []),
    mint: () => ({ user: randomUUID(), password: randomUUID(), name: randomUUID() }),
    start: async () => {
      throw new ServiceError(
        'SERVICE_ENGINE_MISSING',
        `${type} was an add-on of the platform, and ${product} is not started here`,
        { product, install: null, alternative: null },
      );
    },
    bind,
    external: {
      schemes,
      defaultPort: port,
      // Its protocol is not spoken here: that something listens is all that can be told.
      check: async ({ host, port: there }, signal) => {
        (await Wire.open({ host, port: there, timeoutMs: CHECK_MS, signal }))[Symbol.dispose]();
        return `${product} (the login was not tried)`;
      },
    },
  };

  function bind(endpoint: Endpoint, dialect: Dialect): Binding {
    const { host, port: there, user, password, name } = endpoint;
    const uri = uriOf(endpoint) ?? `${schemes[0]}://${authority(endpoint)}/${encodeURIComponent(name)}`;
    return {
      label: type,
      plan: 'free',
      tags: [type],
      credentials: { name, hostname: host, host, port: there, user, username: user, password, uri },
      ...(variable && dialect === 'stackato' ? { url: { variable, aliases: [], value: uri } } : {}),
      ...(relational ? { relational } : {}),
    };
  }
}
