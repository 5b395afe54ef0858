/** Where a login is asked for, nobody gets at items without one, by whatever protocol. */
import { describe, expect, test } from 'vitest';
import { createServer } from '../../../services/memcached/index.ts';
import { exchange } from './helpers/exchange.ts';

const users = [['somebody', 'right']] as const;
const TOKEN = 'somebody right';
const LOGIN = `set x 0 0 ${TOKEN.length}\r\n${TOKEN}\r\n`;
/** A get for "a" in the binary protocol. */
const BINARY_GET = Buffer.concat([
  Buffer.from('800000010000000000000001000000000000000000000000', 'hex'),
  Buffer.from('a'),
]);

describe.each(['auto-negotiate', 'ascii', 'binary'] as const)('with the protocol %s', (protocol) => {
  test('the text protocol opens after its login, and the binary one stays closed', async () => {
    await using cache = await createServer({ users, protocol });
    cache.set('a', 'secret');
    const ask = async (request: Buffer | string) => (await exchange(cache.port, [request])).toString();
    expect(await ask('get a\r\n')).toBe('CLIENT_ERROR unauthenticated\r\n');
    expect(await ask(BINARY_GET)).not.toContain('secret');
    expect(await ask(`${LOGIN}get a\r\n`)).toBe('STORED\r\nVALUE a 0 6\r\nsecret\r\nEND\r\n');
  });

  test('SASL closes both until its login', async () => {
    await using cache = await createServer({ users, protocol, sasl: true });
    cache.set('a', 'secret');
    for (const request of [BINARY_GET, 'get a\r\n', `${LOGIN}get a\r\n`]) {
      expect((await exchange(cache.port, [request])).toString()).not.toContain('secret');
    }
  });
});
