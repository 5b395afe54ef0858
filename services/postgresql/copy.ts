/**
 * A copy of all rows, kept in the database itself, and put back without cutting a connection: a pool of an app under
 * test would fail its next statements. What changed the tables themselves meanwhile cannot be undone so.
 */
import type { ContentCopy } from '../kit/contract.ts';
import { identifier, literal, PostgresClient, type PostgresAddress, type Row } from './client.ts';

interface CopiedTable {
  /** `"public"."things"` */
  readonly table: string;
  readonly columns: string;
  /** Where its rows are. */
  readonly rows: string;
}

const PREFIX = 'paas_local_copy_';
const USER_TABLES = `c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^${PREFIX}'`;
const FROM_TABLES = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER_TABLES}`;

/** All of a copy, or of putting it back. */
const COPY_MS = 120_000;
/** The server gives up before we do: it does not notice a client that has left while it works. */
const LIMITS = [`SET LOCAL lock_timeout = '5s'`, `SET LOCAL statement_timeout = ${COPY_MS - 10_000}`];

let copies = 0;

export async function copyRows(admin: PostgresAddress): Promise<ContentCopy> {
  const schema = identifier(`${PREFIX}${process.pid}_${++copies}`);
  const dropSchema = `DROP SCHEMA IF EXISTS ${schema} CASCADE`;
  const tables: CopiedTable[] = [];
  let sequences: readonly Row[] = [];
  const take = async (client: PostgresClient) => {
    const found = await client.query(
      `SELECT n.nspname, c.relname, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') ${FROM_TABLES} ORDER BY 1, 2`,
    );
    for (const [index, [namespace, name, columns]] of found.entries()) {
      const table = `${identifier(namespace!)}.${identifier(name!)}`;
      if (columns) tables.push({ table, columns, rows: `${schema}.${identifier(`rows_${index}`)}` });
    }
    // One moment for all tables. A crash may take all of it, which is told, and never the rows alone: these would be
    // put back as none. So nobody waits for the disk, and the tables are logged nevertheless.
    sequences = await client.query(
      [
        'BEGIN ISOLATION LEVEL REPEATABLE READ',
        ...LIMITS,
        'SET LOCAL synchronous_commit = off',
        `CREATE SCHEMA ${schema}`,
        ...tables.map(
          ({ table, columns, rows }) => `CREATE TABLE ${rows} AS SELECT ${columns} FROM ${table}`,
        ),
        `SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences`,
      ].join(';'),
    );
    await client.query('COMMIT');
  };
  await inOneSession(admin, take, dropSchema);
  return {
    restore: () => inOneSession(admin, putBack),
    [Symbol.asyncDispose]: async () => {
      using client = await PostgresClient.connect(admin);
      await client.query(dropSchema);
    },
  };

  async function putBack(client: PostgresClient): Promise<void> {
    const now = await client.query(
      `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) ${FROM_TABLES}`,
    );
    const kept = new Set(tables.map(({ table }) => table.replaceAll('"', '')));
    const added = now.filter(([table]) => !kept.has(table!.replaceAll('"', '')));
    await client.query(
      [
        'BEGIN',
        ...LIMITS,
        // Neither triggers nor foreign keys act: what is put back was right when it was taken.
        'SET LOCAL session_replication_role = replica',
        ...added.map(([table]) => `DROP TABLE IF EXISTS ${table} CASCADE`),
        ...tables.map(({ table }) => `DELETE FROM ${table}`),
        ...tables.map(
          ({ table, columns, rows }) =>
            `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${rows}`,
        ),
        ...sequences.map(
          ([name, value, used]) => `SELECT setval(${literal(name!)}, ${value}, ${used === 't'})`,
        ),
      ].join(';'),
    );
    await client.query('COMMIT');
  }
}

/**
 * Where it fails, what the server still does of it is ended, and `undo` run. `task` commits by a statement of its own,
 * so that nothing is done that was told as failed.
 */
async function inOneSession(
  admin: PostgresAddress,
  task: (client: PostgresClient) => Promise<void>,
  undo = 'SELECT 1',
): Promise<void> {
  let pid: string | null | undefined;
  try {
    using client = await PostgresClient.connect(admin, { timeoutMs: COPY_MS });
    const [own] = await client.query('SELECT pg_backend_pid()');
    pid = own?.[0];
    await task(client);
  } catch (error) {
    if (pid) await endSession(admin, pid, undo).catch(() => {});
    throw error;
  }
}

async function endSession(admin: PostgresAddress, pid: string, undo: string): Promise<void> {
  using client = await PostgresClient.connect(admin);
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ${pid} AND usename = current_user`,
  );
  await client.query(undo);
}

/** Copies a host left that was killed. */
export async function dropOldCopies(admin: PostgresAddress): Promise<void> {
  using client = await PostgresClient.connect(admin);
  const left = await client.query(
    `SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname ~ '^${PREFIX}'`,
  );
  for (const [schema] of left) await client.query(`DROP SCHEMA ${schema} CASCADE`);
}
