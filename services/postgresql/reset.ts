import { identifier, PostgresClient, type PostgresAddress } from './client.ts';

/** Where nothing of the app's can be. */
const SYSTEM_SCHEMAS = `nspname !~ '^(pg|paas_local)_' AND nspname <> 'information_schema'`;

/**
 * Drops all that is in the database and gives it a fresh `public` schema, in one transaction. The database itself
 * stays, so that connections do: a pool whose connections were cut would fail its next statements.
 */
export async function emptyDatabase(admin: PostgresAddress, owner: string): Promise<void> {
  using client = await PostgresClient.connect(admin);
  const schemas = await client.query(`SELECT nspname FROM pg_namespace WHERE ${SYSTEM_SCHEMAS}`);
  const extensions = await client.query(`SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'`);
  await client.query(
    [
      'BEGIN',
      // An app that holds a lock and waits for us must not hang the reset.
      `SET LOCAL lock_timeout = '5s'`,
      ...extensions.map(([name]) => `DROP EXTENSION IF EXISTS ${identifier(name!)} CASCADE`),
      ...schemas.map(([name]) => `DROP SCHEMA IF EXISTS ${identifier(name!)} CASCADE`),
      'SELECT lo_unlink(oid) FROM pg_largeobject_metadata',
      `CREATE SCHEMA public AUTHORIZATION ${identifier(owner)}`,
      'GRANT ALL ON SCHEMA public TO public',
      'COMMIT',
    ].join(';'),
  );
}
