/** How a client of each engine writes something and reads it back, through the credentials an app would get. */
import type { Endpoint } from '../../services/kit/contract.ts';
import { MongoClient } from '../../services/mongodb/client.ts';
import { MysqlClient } from '../../services/mysql/client.ts';
import { PostgresClient } from '../../services/postgresql/client.ts';
import { RedisClient } from '../../services/redis/client.ts';

export interface Probe {
  readonly write: (endpoint: Endpoint, value: string) => Promise<void>;
  /** Other rows, and more. */
  readonly overwrite: (endpoint: Endpoint, value: string) => Promise<void>;
  /** Undefined where nothing was written. */
  readonly read: (endpoint: Endpoint) => Promise<string | undefined>;
}

const MONGO_DATABASE = 'db';
const CREATE = 'CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, value VARCHAR(100))';

export const PROBES: Readonly<Record<string, Probe>> = {
  postgresql: {
    write: async (endpoint, value) => {
      using client = await PostgresClient.connect({ ...endpoint, database: endpoint.name });
      await client.query(CREATE);
      await client.query(`INSERT INTO probe VALUES (1, '${value}')`);
    },
    overwrite: async (endpoint, value) => {
      using client = await PostgresClient.connect({ ...endpoint, database: endpoint.name });
      await client.query(`UPDATE probe SET value = '${value}'`);
      await client.query('CREATE TABLE came_later (id SERIAL)');
    },
    read: async (endpoint) => {
      using client = await PostgresClient.connect({ ...endpoint, database: endpoint.name });
      const rows = await client.query('SELECT value FROM probe').catch(absent);
      return rows[0]?.[0] ?? undefined;
    },
  },
  mysql: {
    write: async (endpoint, value) => {
      using client = await MysqlClient.connect({ ...endpoint, database: endpoint.name });
      await client.query(CREATE);
      await client.query(`INSERT INTO probe VALUES (1, '${value}')`);
    },
    overwrite: async (endpoint, value) => {
      using client = await MysqlClient.connect({ ...endpoint, database: endpoint.name });
      await client.query(`UPDATE probe SET value = '${value}'`);
      await client.query('CREATE TABLE came_later (id INTEGER)');
    },
    read: async (endpoint) => {
      using client = await MysqlClient.connect({ ...endpoint, database: endpoint.name });
      const rows = await client.query('SELECT value FROM probe').catch(absent);
      return rows[0]?.[0] ?? undefined;
    },
  },
  redis: {
    write: async ({ host, port, password }, value) => {
      // As the platform's URL has it, with the user "user".
      using client = await RedisClient.connect({ host, port, user: 'user', password });
      await client.call('SET', 'probe', value);
      // On disk before the test goes on: the append-only file is synced once a second.
      await client.call('WAITAOF', '1', '0', '0').catch(() => {});
    },
    overwrite: async ({ host, port, password }, value) => {
      using client = await RedisClient.connect({ host, port, user: '', password });
      await client.call('SET', 'probe', value);
      await client.call('SET', 'came later', value);
    },
    read: async ({ host, port, password }) => {
      using client = await RedisClient.connect({ host, port, user: '', password });
      const value = await client.call('GET', 'probe');
      return typeof value === 'string' ? value : undefined;
    },
  },
  mongodb: {
    write: async (endpoint, value) => {
      using client = await mongo(endpoint);
      await client.command(MONGO_DATABASE, {
        insert: 'probe',
        documents: [{ _id: 1, value }],
        // On disk before the test goes on.
        writeConcern: { w: 1, j: true },
      });
      await client.command(MONGO_DATABASE, {
        createIndexes: 'probe',
        indexes: [{ key: { value: 1 }, name: 'by value', unique: true }],
      });
    },
    overwrite: async (endpoint, value) => {
      using client = await mongo(endpoint);
      const updates = [{ q: { _id: 1 }, u: { value } }];
      await client.command(MONGO_DATABASE, { update: 'probe', updates });
      await client.command(MONGO_DATABASE, { insert: 'came_later', documents: [{ value }] });
    },
    read: async (endpoint) => {
      using client = await mongo(endpoint);
      const { cursor } = await client.command(MONGO_DATABASE, { find: 'probe' });
      const [found] = (cursor as { firstBatch: { value: string }[] }).firstBatch;
      return found?.value;
    },
  },
};

/** As `MONGODB_URL` has it: the database is called `db`, and knows the user. */
function mongo({ host, port, user, password }: Endpoint): Promise<MongoClient> {
  return MongoClient.connect({ host, port }, { user, password, source: MONGO_DATABASE });
}

function absent(error: Error): readonly [] {
  if (/exist/.test(error.message)) return [];
  throw error;
}
