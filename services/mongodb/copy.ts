/**
 * A copy of all documents, kept in a database beside the app's, and put back without cutting a connection. Collections
 * that were dropped meanwhile come back with their options and indexes; what else changed of them stays. Views are
 * only ever taken away, and time series are left alone: their parts cannot be written by hand.
 */
import type { ContentCopy } from '../kit/contract.ts';
import { rawOf, type BsonDocument, type RawDocument } from './bson.ts';
import type { MongoClient } from './client.ts';

interface CopiedCollection {
  readonly name: string;
  readonly options: RawDocument;
  readonly indexes: readonly RawDocument[];
}

const PREFIX = 'paas_local_copy_';

/** All of a copy, or of putting it back. */
export const COPY_MS = 120_000;

let copies = 0;

/** @param connect as somebody who may write in any database, for as long as `COPY_MS` */
export async function copyDocuments(
  connect: () => Promise<MongoClient>,
  database: string,
): Promise<ContentCopy> {
  const beside = `${PREFIX}${process.pid}_${++copies}`;
  const collections: CopiedCollection[] = [];
  const take = async () => {
    using client = await connect();
    for (const { name, type, options } of await listCollections(client, database)) {
      if (type !== 'collection') continue;
      const indexes = await list(client, database, { listIndexes: name });
      collections.push({ name, options: rawOf(options), indexes: indexes.map((index) => rawOf(index)) });
      await merge(client, [database, name], [beside, name]);
    }
  };
  const drop = async () => {
    using session = await connect();
    await session.command(beside, { dropDatabase: 1 });
  };
  try {
    await take();
  } catch (error) {
    await drop().catch(() => {});
    throw error;
  }
  return {
    restore: async () => {
      using session = await connect();
      await restore(session, database, beside, collections);
    },
    [Symbol.asyncDispose]: drop,
  };
}

/** Copies a host left that was killed. */
export async function dropOldCopies(client: MongoClient): Promise<void> {
  const { databases } = await client.command('admin', { listDatabases: 1, nameOnly: true });
  for (const { name } of databases as readonly { readonly name: string }[]) {
    if (name.startsWith(PREFIX)) await client.command(name, { dropDatabase: 1 });
  }
}

/** Drops every collection; the database itself and who may use it stay. */
export async function emptyDatabase(client: MongoClient, database: string): Promise<void> {
  for (const { name } of await listCollections(client, database)) {
    await client.command(database, { drop: name });
  }
}

async function restore(
  client: MongoClient,
  database: string,
  beside: string,
  collections: readonly CopiedCollection[],
): Promise<void> {
  const kept = new Set(collections.map(({ name }) => name));
  const now = await listCollections(client, database);
  for (const { name, type } of now) {
    if (!kept.has(name) && type !== 'timeseries') await client.command(database, { drop: name });
  }
  const present = new Set(now.map(({ name }) => name));
  for (const { name, options, indexes } of collections) {
    if (present.has(name)) await deleteAll(client, database, name);
    else {
      await client.command(database, { create: name }, options);
      await client.command(database, { createIndexes: name, indexes });
    }
    await merge(client, [beside, name], [database, name]);
  }
}

async function deleteAll(client: MongoClient, database: string, name: string): Promise<void> {
  await client.command(database, { delete: name, deletes: [{ q: {}, limit: 0 }] });
}

type Place = readonly [database: string, collection: string];

async function merge(client: MongoClient, [db, name]: Place, [intoDb, coll]: Place): Promise<void> {
  const into = { db: intoDb, coll };
  // What is there is of ours alone, or was deleted a moment ago; an app that writes meanwhile loses.
  const stage = { $merge: { into, on: '_id', whenMatched: 'replace', whenNotMatched: 'insert' } };
  // The server gives up before we do: it goes on with what it writes when a client has left.
  const maxTimeMS = COPY_MS - 10_000;
  await client.command(db, { aggregate: name, pipeline: [stage], cursor: {}, maxTimeMS });
}

interface Listed {
  readonly name: string;
  readonly type: string;
  readonly options: BsonDocument;
}

/** But for the server's own. */
async function listCollections(client: MongoClient, database: string): Promise<readonly Listed[]> {
  const found = (await list(client, database, { listCollections: 1 })) as readonly unknown[];
  return (found as readonly Listed[]).filter(({ name }) => !name.startsWith('system.'));
}

/** What a command lists. A server gives all of it at once, up to 16 MB. */
async function list(
  client: MongoClient,
  database: string,
  command: BsonDocument,
): Promise<readonly BsonDocument[]> {
  const { cursor } = await client.command(database, command);
  const { id, firstBatch } = cursor as { readonly id: number; readonly firstBatch: readonly BsonDocument[] };
  if (id !== 0) throw new Error(`the answer to ${Object.keys(command)[0]} is too long`);
  return firstBatch;
}
