/** Where a login is asked for, nobody gets at items without one, by whatever protocol. */
import { describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { knownUsers } from '../../../services/memcached/command-line/users.ts';
import { readCommandLine } from '../../../services/memcached/command-line/command-line.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
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

test('a database in place of a password file is said to be one, and lets nobody in', () => {
  const file = join(tempDir(), 'sasldb2');
  // What saslpasswd2 writes: a page of Berkeley DB.
  writeFileSync(
    file,
    Buffer.from('0000000001000000000000006115060009000000somebody\0realm\0userPassword:right', 'latin1'),
  );
  const said: string[] = [];
  const { authentication } = knownUsers(readCommandLine(['-S']), file, (line) => said.push(line))!;
  expect(authentication.check('somebody', 'right')).toBe(false);
  expect(said).toEqual([
    `WARNING: <${file}> is no text file of lines user:password; Cyrus's database is not read here`,
  ]);
  writeFileSync(file, 'somebody:right\n');
  expect(authentication.check('somebody', 'right')).toBe(true);
});
