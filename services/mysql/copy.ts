/**
 * A copy of all rows, kept in a database beside the app's, and put back without cutting a connection. What changed the
 * tables themselves meanwhile cannot be undone so.
 */
import type { ContentCopy } from '../kit/contract.ts';
import { identifier, literal, MysqlClient, type MysqlAddress } from './client.ts';

interface CopiedTable {
  readonly table: string;
  readonly columns: string;
  readonly rows: string;
  /** What the next row without a number gets; null where nothing is numbered. */
  readonly next: string | null;
}

const PREFIX = 'paas_local_copy_';

/** All of a copy, or of putting it back. */
const COPY_MS = 120_000;
const LOCKS_S = 5;

let copies = 0;

export async function copyRows(admin: MysqlAddress, database: string): Promise<ContentCopy> {
  const beside = `${PREFIX}${process.pid}_${++copies}`;
  const tables: CopiedTable[] = [];
  const take = async (client: MysqlClient) => {
    await waitBriefly(client);
    await client.query(`CREATE DATABASE ${identifier(beside)}`);
    for (const [index, [name, next]] of (await tablesOf(client, database)).entries()) {
      const found = await client.query(
        `SELECT column_name FROM information_schema.columns WHERE table_schema = ${literal(database)} AND table_name = ${literal(name!)} AND coalesce(generation_expression, '') = '' ORDER BY ordinal_position`,
      );
      const columns = found.map(([column]) => identifier(column!)).join(', ');
      const table = `${identifier(database)}.${identifier(name!)}`;
      const rows = `${identifier(beside)}.${identifier(`rows_${index}`)}`;
      await client.query(`CREATE TABLE ${rows} AS SELECT ${columns} FROM ${table}`);
      tables.push({ table, columns, rows, next: next ?? null });
    }
  };
  const drop = `DROP DATABASE IF EXISTS ${identifier(beside)}`;
  await inOneSession(admin, take, (client) => client.query(drop));
  return {
    restore: () => restore(admin, database, tables),
    [Symbol.asyncDispose]: async () => {
      using session = await MysqlClient.connect(admin);
      await session.query(drop);
    },
  };
}

/** Copies a host left that was killed. */
export async function dropOldCopies(admin: MysqlAddress): Promise<void> {
  using client = await MysqlClient.connect(admin);
  const left = await client.query(
    `SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '${PREFIX.replaceAll('_', String.raw`\\_`)}%'`,
  );
  for (const [database] of left) await client.query(`DROP DATABASE ${identifier(database!)}`);
}

async function restore(admin: MysqlAddress, database: string, tables: readonly CopiedTable[]): Promise<void> {
  const triggers = new Map<string, string>();
  const putTriggersBack = async (client: MysqlClient) => {
    if (triggers.size === 0) return;
    await client.query(`USE ${identifier(database)}`);
    for (const [trigger, statement] of triggers) {
      await client.query(`DROP TRIGGER IF EXISTS ${identifier(trigger)}`);
      await client.query(statement);
    }
  };
  const putBack = async (client: MysqlClient) => {
    await client.query('SET SESSION foreign_key_checks = 0');
    await waitBriefly(client);
    await client.query(`USE ${identifier(database)}`);
    const kept = new Set(tables.map(({ table }) => table));
    const now = (await tablesOf(client, database)).map(
      ([name]) => `${identifier(database)}.${identifier(name!)}`,
    );
    const gone = tables.find(({ table }) => !now.includes(table));
    if (gone) throw new Error(`table ${gone.table} does not exist any more`);
    for (const table of now) if (!kept.has(table)) await client.query(`DROP TABLE ${table}`);
    // Triggers cannot be told to keep still, so they are away meanwhile.
    const found = await client.query(
      `SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = ${literal(database)}`,
    );
    for (const [trigger] of found) {
      const [shown] = await client.query(`SHOW CREATE TRIGGER ${identifier(trigger!)}`);
      triggers.set(trigger!, shown![2]!);
    }
    for (const trigger of triggers.keys()) await client.query(`DROP TRIGGER ${identifier(trigger)}`);
    // All or nothing, of the tables that know transactions.
    await client.query('START TRANSACTION');
    for (const { table, columns, rows } of tables) {
      await client.query(`DELETE FROM ${table}`);
      await client.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${rows}`);
    }
    await client.query('COMMIT');
    for (const { table, next } of tables) {
      if (next !== null) await client.query(`ALTER TABLE ${table} AUTO_INCREMENT = ${next}`);
    }
    await putTriggersBack(client);
  };
  await inOneSession(admin, putBack, putTriggersBack);
}

/** Where it fails, what the server still does of it is ended, and `undo` done over a connection of its own. */
async function inOneSession(
  admin: MysqlAddress,
  task: (client: MysqlClient) => Promise<void>,
  undo: (client: MysqlClient) => Promise<unknown>,
): Promise<void> {
  let id: string | null | undefined;
  try {
    using client = await MysqlClient.connect(admin, { timeoutMs: COPY_MS });
    const [own] = await client.query('SELECT connection_id()');
    id = own?.[0];
    await task(client);
  } catch (error) {
    if (id) {
      await endSession(admin, id, undo).catch((left: unknown) => {
        throw new Error(`${reasonOf(error)}; and what was done could not be undone: ${reasonOf(left)}`);
      });
    }
    throw error;
  }
}

async function endSession(
  admin: MysqlAddress,
  id: string,
  undo: (client: MysqlClient) => Promise<unknown>,
): Promise<void> {
  using client = await MysqlClient.connect(admin, { timeoutMs: COPY_MS });
  // It is over already where the server was quick to see us leave.
  await client.query(`KILL ${id}`).catch(() => {});
  await undo(client);
}

/** For tables and for rows that others hold locked. */
async function waitBriefly(client: MysqlClient): Promise<void> {
  await client.query(`SET SESSION lock_wait_timeout = ${LOCKS_S}`);
  await client.query(`SET SESSION innodb_lock_wait_timeout = ${LOCKS_S}`);
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Name, and the next number. */
function tablesOf(client: MysqlClient, database: string) {
  return client.query(
    `SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_type = 'BASE TABLE' ORDER BY table_name`,
  );
}
