/** What -vv tells of every opcode of the binary protocol: the reference server's lines and ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cache } from '../../../services/memcached/cache.ts';
import { CacheSockets } from '../../../services/memcached/server/cache-sockets.ts';
import { until } from '../../helpers/alive.ts';
import { countExtras, exptimeExtras, packet, storeExtras, type PacketParts } from './helpers/binary.ts';
import { referenceObstacle } from './helpers/both.ts';
import { exchange } from './helpers/exchange.ts';
import { startReference, type Reference } from './helpers/reference.ts';

const FOREVER = 0xffffffff;
const key = 'key';
const extras = storeExtras(0, 0);
const value = 'abc';
const touching = exptimeExtras(100);
const counting = countExtras(3n, 7n, 0);

/** In this order: later ones find what earlier ones left. */
const REQUESTS: readonly (readonly [name: string, opcode: number, parts?: PacketParts])[] = [
  ['set', 0x01, { key, extras, value }], ['setQ', 0x11, { key, extras, value }],
  ['get', 0x00, { key }], ['getQ', 0x09, { key }], ['getK', 0x0c, { key }], ['getKQ', 0x0d, { key }],
  ['get, a miss', 0x00, { key: 'no' }], ['getQ, a miss', 0x09, { key: 'no' }], ['getK, a miss', 0x0c, { key: 'no' }], ['getKQ, a miss', 0x0d, { key: 'no' }],
  ['add', 0x02, { key, extras, value }], ['addQ', 0x12, { key, extras, value }], ['add, a new one', 0x02, { key: 'new', extras, value }],
  ['replace', 0x03, { key, extras, value }], ['replaceQ', 0x13, { key, extras, value }], ['replace, a miss', 0x03, { key: 'no', extras, value }],
  ['append', 0x0e, { key, value }], ['appendQ', 0x19, { key, value }], ['append, a miss', 0x0e, { key: 'no', value }],
  ['prepend', 0x0f, { key, value }], ['prependQ', 0x1a, { key, value }], ['append with a CAS', 0x0e, { key, value, cas: 4n }],
  ['set with a CAS', 0x01, { key, extras, value, cas: 99_999n }], ['set with a large CAS', 0x01, { key, extras, value, cas: 2n ** 63n + 1n }],
  ['increment, a new one', 0x05, { key: 'n', extras: counting }], ['increment', 0x05, { key: 'n', extras: counting }], ['incrementQ', 0x15, { key: 'n', extras: counting }],
  ['decrement', 0x06, { key: 'n', extras: counting }], ['decrementQ', 0x16, { key: 'n', extras: counting }],
  ['increment, a miss', 0x05, { key: 'no', extras: countExtras(3n, 7n, FOREVER) }], ['increment, no number', 0x05, { key, extras: counting }],
  ['increment, large', 0x05, { key: 'n', extras: countExtras(2n ** 64n - 16n, 2n ** 64n - 15n, 0x80000001) }],
  ['touch', 0x1c, { key, extras: touching }], ['touch, a miss', 0x1c, { key: 'no', extras: touching }],
  ['gat', 0x1d, { key, extras: touching }], ['gatQ', 0x1e, { key, extras: touching }], ['gatK', 0x23, { key, extras: touching }], ['gatKQ', 0x24, { key, extras: touching }],
  ['gat, a miss', 0x1d, { key: 'no', extras: touching }], ['gatK, a miss', 0x23, { key: 'no', extras: touching }], ['gatKQ, a miss', 0x24, { key: 'no', extras: touching }],
  ['delete with a CAS', 0x04, { key, cas: 4n }], ['delete', 0x04, { key }], ['deleteQ', 0x14, { key: 'new' }], ['delete, a miss', 0x04, { key: 'no' }], ['deleteQ, a miss', 0x14, { key: 'no' }],
  ['noop', 0x0a], ['version', 0x0b], ['stat', 0x10], ['stat settings', 0x10, { key: 'settings' }], ['stat, an unknown one', 0x10, { key: 'nonsense' }],
  ['flush', 0x08], ['flushQ', 0x18], ['flush, later', 0x08, { extras: exptimeExtras(1000) }], ['verbosity', 0x1b], ['quitQ', 0x17],
  ['SASL mechanisms', 0x20], ['SASL auth', 0x21, { key: 'PLAIN', value: '\0u\0p' }], ['SASL step', 0x22, { key: 'PLAIN', value: '\0u\0p' }], ['an unknown opcode', 0x30],
  ['too large a value', 0x01, { key, extras, value: Buffer.alloc(1_100_000) }], ['too long a key', 0x00, { key: 'k'.repeat(251) }],
  ['get without key', 0x00], ['noop with key', 0x0a, { key }], ['set without extras', 0x01, { key, value }], ['lengths that cannot be', 0x00, { key, bodyLength: 0 }],
]; // prettier-ignore

const QUIT = packet(0x07);

describe.skipIf(referenceObstacle('comparison of -vv'))('-vv tells', () => {
  let reference: Reference | undefined;
  let theirs = '';
  let mine = '';
  let ports: readonly [number, number];
  const stopped: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    reference = await startReference(['-vv'], {}, (text) => (theirs += text));
    const narrate = (line: string) => void (mine += `${line}\n`);
    const sockets = new CacheSockets(new Cache({ seed: 1, settings: { verbosity: 2 }, narrate }), true);
    stopped.push(() => sockets.close());
    const { tcp } = await sockets.open({ tcp: [{ host: '127.0.0.1', port: 0 }], udp: [] });
    ports = [tcp[0]!, reference.port];
    await until('who looked whether it is there has gone', () => theirs.includes('connection closed'));
  });
  afterAll(async () => {
    for (const stop of stopped) await stop();
    await reference?.[Symbol.asyncDispose]();
  });

  test.each(REQUESTS.map(([name, opcode, parts]) => ({ name, opcode, parts })))(
    '$name',
    async ({ opcode, parts }) => {
      [mine, theirs] = ['', ''];
      const request = packet(opcode, parts);
      await Promise.all(ports.map((port) => exchange(port, [Buffer.concat([request, QUIT])])));
      const over = (told: string) => told.includes('connection closed.\n');
      await until('both have told all', () => over(mine) && over(theirs), { state: () => mine + theirs });
      expect(masked(mine)).toEqual(masked(theirs));
      expect(masked(mine).length).toBeGreaterThan(8);
    },
  );
});

/** Without states and numbers of the connection, nor the CAS of an answer: that of a hit is not told there. */
function masked(told: string): string[] {
  const lines = told
    .split('\n')
    .filter((line) => line !== '' && !/going from .* to |auto-negotiating client/.test(line));
  return lines.map((line, at) => {
    const isCas =
      line.startsWith('>') && [5, 6].some((back) => lines[at - back]?.includes('Writing bin response'));
    if (isCas) return '> CAS';
    return line
      .replace(/^([<>])\d+/, '$1N')
      .replace(/^\d+: Client/, 'N: Client')
      .replace(/close connection \d+/, 'close connection N')
      .replace(/expected \d+/, 'expected N');
  });
}
