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

let copies = 0;

export async function copyRows(admin: MysqlAddress, database: string): Promise<ContentCopy> {
  const beside = `${PREFIX}${process.pid}_${++copies}`;
  using client = await MysqlClient.connect(admin);
  await client.query(`CREATE DATABASE ${identifier(beside)}`);
  const tables: CopiedTable[] = [];
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
  return {
    restore: () => restore(admin, database, tables),
    [Symbol.asyncDispose]: async () => {
      using session = await MysqlClient.connect(admin);
      await session.query(`DROP DATABASE IF EXISTS ${identifier(beside)}`);
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
  using client = await MysqlClient.connect(admin);
  await client.query('SET SESSION foreign_key_checks = 0');
  await client.query('SET SESSION lock_wait_timeout = 5');
  await client.query(`USE ${identifier(database)}`);
  const kept = new Set(tables.map(({ table }) => table));
  for (const [name] of await tablesOf(client, database)) {
    const table = `${identifier(database)}.${identifier(name!)}`;
    if (!kept.has(table)) await client.query(`DROP TABLE ${table}`);
  }
  // Triggers cannot be told to keep still, so they are away meanwhile.
  const triggers = await client.query(
    `SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = ${literal(database)}`,
  );
  const statements: string[] = [];
  for (const [trigger] of triggers) {
    const [shown] = await client.query(`SHOW CREATE TRIGGER ${identifier(trigger!)}`);
    statements.push(shown![2]!);
  }
  for (const [trigger] of triggers) await client.query(`DROP TRIGGER ${identifier(trigger!)}`);
  try {
    for (const { table, columns, rows, next } of tables) {
      await client.query(`DELETE FROM ${table}`);
      await client.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${rows}`);
      if (next !== null) await client.query(`ALTER TABLE ${table} AUTO_INCREMENT = ${next}`);
    }
  } finally {
    for (const statement of statements) await client.query(statement);
  }
}

/** Name, and the next number. */
function tablesOf(client: MysqlClient, database: string) {
  return client.query(
    `SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = ${literal(database)} AND table_type = 'BASE TABLE' ORDER BY table_name`,
  );
}
