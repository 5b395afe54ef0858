/** The same packets to the reference server and to ours: whole, one by one, and byte by byte. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { answersOf, packet } from './helpers/binary.ts';
import { BINARY_CASES } from './helpers/binary-cases.ts';
import { bothServers, referenceObstacle } from './helpers/both.ts';
import { byteByByte, exchange } from './helpers/exchange.ts';

/** Larger ones are cut between packets only. */
const BYTES_MAX = 3000;
/** Whoever hangs up on a bad packet resets what is still on its way, and with that now and then the answer: either server. */
const RESETS_MAX = 5;

describe.skipIf(referenceObstacle('binary differential test'))(
  'binary answers are those of the reference server',
  () => {
    const ask = bothServers();
    const compare = async (chunks: readonly Buffer[]) => {
      const { mine, theirs } = await ask(async (port) => answersOf(await exchange(port, chunks)));
      expect(theirs).not.toEqual([]);
      expect(mine).toEqual(theirs);
    };

    describe.each(Object.entries(BINARY_CASES))('%s', (_, packets) => {
      test('at once', () => compare([Buffer.concat(packets)]));
      test('packet by packet', () => compare(packets));
      const bytes = Buffer.concat(packets);
      if (bytes.length <= BYTES_MAX) {
        test('byte by byte', { retry: RESETS_MAX }, () => compare(byteByByte(bytes)));
      }
    });
  },
);

const plain = (user: string, password: string) =>
  packet(0x21, { key: 'PLAIN', value: `\0${user}\0${password}` });
const REFUSED = [
  0x00, 0x01, 0x02, 0x04, 0x05, 0x07, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x11, 0x17, 0x1b, 0x1c, 0x1f,
];

/** Packets before anybody has logged in. Each goes over a connection of its own. */
const BEFORE_LOGIN: Readonly<Record<string, Buffer>> = {
  'list of mechanisms': packet(0x20),
  'wrong password': plain('somebody', 'wrong'),
  'wrong password, then a request': Buffer.concat([plain('somebody', 'wrong'), packet(0x00, { key: 'k' })]),
  'no mechanism of that name': packet(0x21, { key: 'NOTHING', value: 'x' }),
  'a mechanism with a long name': Buffer.concat([
    packet(0x21, { key: 'M'.repeat(33), value: 'x' }),
    packet(0x0b),
  ]),
  'step before auth': packet(0x22, { key: 'PLAIN', value: '\0a\0b' }),
  ...Object.fromEntries(
    REFUSED.map((opcode) => [
      `opcode ${opcode.toString(16)}`,
      Buffer.concat([packet(opcode, { key: 'k' }), packet(0x20)]),
    ]),
  ),
}; // prettier-ignore

describe.skipIf(referenceObstacle('SASL differential test'))(
  'before login the answers are those of the reference server',
  () => {
    const settings = mkdtempSync(join(tmpdir(), 'paas-local-sasl-'));
    chmodSync(settings, 0o755);
    writeFileSync(join(settings, 'memcached.conf'), `mech_list: plain\nsasldb_path: ${settings}/nobody\n`);
    afterAll(() => rmSync(settings, { recursive: true }));
    const ask = bothServers(
      ['-S'],
      { sasl: true, users: [['somebody', 'right']] },
      { SASL_CONF_PATH: settings },
    );

    test.each(Object.entries(BEFORE_LOGIN))('%s', async (_, bytes) => {
      const { mine, theirs } = await ask(async (port) => answersOf(await exchange(port, [bytes])));
      expect(theirs).not.toEqual([]);
      expect(mine).toEqual(theirs);
    });
  },
);
