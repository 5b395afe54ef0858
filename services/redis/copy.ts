/** A copy of all keys of all databases, in our memory, as the server itself writes them down. */
import type { ContentCopy } from '../kit/contract.ts';
import type { RedisClient } from './client.ts';

interface CopiedKey {
  readonly database: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** When it is gone, in milliseconds since the epoch; 0 is never. */
  readonly expiresAt: number;
}

const PER_SCAN = '500';

export async function copyKeys(connect: () => Promise<RedisClient>): Promise<ContentCopy> {
  const keys: CopiedKey[] = [];
  using client = await connect();
  const keyspace = (await client.call('INFO', 'keyspace')) as string;
  for (const [, database = '0'] of keyspace.matchAll(/^db(\d+):/gm)) {
    await client.call('SELECT', database);
    for (const key of await allKeys(client)) {
      const [value, ttl] = [await client.callBytes('DUMP', key), Number(await client.callBytes('PTTL', key))];
      // One that expired meanwhile has no value.
      if (Buffer.isBuffer(value))
        keys.push({ database, key, value, expiresAt: ttl > 0 ? Date.now() + ttl : 0 });
    }
  }
  return {
    restore: async () => {
      using session = await connect();
      await session.call('FLUSHALL');
      for (const { database, key, value, expiresAt } of keys) {
        const ttl = expiresAt === 0 ? 0 : expiresAt - Date.now();
        if (ttl < 0) continue;
        await session.call('SELECT', database);
        await session.callBytes('RESTORE', key, String(ttl), value);
      }
    },
    [Symbol.asyncDispose]: async () => void keys.splice(0),
  };
}

async function allKeys(client: RedisClient): Promise<readonly Buffer[]> {
  // A key may come twice while the server moves its table.
  const found = new Map<string, Buffer>();
  let cursor: Buffer | string = '0';
  do {
    const reply = (await client.callBytes('SCAN', cursor, 'COUNT', PER_SCAN)) as readonly [
      Buffer,
      readonly Buffer[],
    ];
    cursor = reply[0];
    for (const key of reply[1]) found.set(key.toString('latin1'), key);
  } while (cursor.toString() !== '0');
  return [...found.values()];
}
