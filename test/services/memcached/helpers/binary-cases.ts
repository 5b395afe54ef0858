/** Packets that say everything about the binary protocol that two servers could disagree on. */
import { countExtras, exptimeExtras, packet, storeExtras, type PacketParts } from './binary.ts';

const set = (key: string, value: string, parts: PacketParts = {}) =>
  packet(0x01, { extras: storeExtras(5, 0), key, value, ...parts });
const get = (key: string, parts: PacketParts = {}) => packet(0x00, { key, ...parts });
const noop = packet(0x0a, { opaque: 77 });
const MANY_FLAGS = 0xffff_fffe;
const NEVER_CREATE = 0xffff_ffff;

const storeVariants = (opcode: number) => [
  packet(opcode, { extras: storeExtras(1, 0), key: 'k', value: 'one' }),
  packet(opcode, { extras: storeExtras(2, 0), key: 'k', value: 'two', opaque: 9 }),
  packet(opcode, { extras: storeExtras(3, 0), key: 'k', value: 'three', cas: 999_999n }),
  packet(opcode, { extras: storeExtras(3, 0), key: 'none', value: 'three', cas: 999_999n }),
  packet(opcode, { extras: storeExtras(MANY_FLAGS, 100), key: 'f', value: '' }),
  packet(opcode, { extras: storeExtras(0, 0xffff_ffff), key: 'past', value: 'x' }),
  packet(opcode, { extras: storeExtras(0, 2_592_001), key: 'old', value: 'x' }),
  get('k'), get('none'), get('f'), get('past'), get('old'), noop,
]; // prettier-ignore

const countVariants = (opcode: number) => [
  packet(opcode, { extras: countExtras(1n, 5n, 0), key: 'n' }),
  packet(opcode, { extras: countExtras(3n, 5n, 0), key: 'n' }),
  packet(opcode, { extras: countExtras(100n, 5n, 0), key: 'n' }),
  packet(opcode, { extras: countExtras(2n ** 64n - 1n, 2n ** 64n - 1n, 0), key: 'wide' }),
  packet(opcode, { extras: countExtras(2n ** 64n - 1n, 0n, 0), key: 'wide' }),
  packet(opcode, { extras: countExtras(1n, 5n, NEVER_CREATE), key: 'absent' }),
  packet(opcode, { extras: countExtras(1n, 5n, 0), key: 'n', cas: 12_345_678n }),
  set('word', 'abc'),
  packet(opcode, { extras: countExtras(1n, 5n, 0), key: 'word' }),
  set('n', '007'),
  packet(opcode, { extras: countExtras(1n, 5n, 0), key: 'n' }),
  get('n'), get('wide'), get('absent'), noop,
]; // prettier-ignore

const joinVariants = (opcode: number) => [
  packet(opcode, { key: 'k', value: 'x' }),
  set('k', 'middle'),
  packet(opcode, { key: 'k', value: 'end' }),
  packet(opcode, { key: 'k', value: '' }),
  packet(opcode, { key: 'k', value: 'y', cas: 999_999n }),
  get('k'), noop,
]; // prettier-ignore

const both = (opcode: number, quiet: number, variants: (opcode: number) => Buffer[]) => [
  ...variants(opcode),
  packet(0x08),
  ...variants(quiet),
];

export const BINARY_CASES: Readonly<Record<string, readonly Buffer[]>> = {
  'set, setq': both(0x01, 0x11, storeVariants),
  'add, addq': both(0x02, 0x12, storeVariants),
  'replace, replaceq': [set('k', 'zero'), ...both(0x03, 0x13, storeVariants)],
  'increment, incrementq': both(0x05, 0x15, countVariants),
  'decrement, decrementq': both(0x06, 0x16, countVariants),
  'append, appendq': both(0x0e, 0x19, joinVariants),
  'prepend, prependq': both(0x0f, 0x1a, joinVariants),
  'get, getq, getk, getkq': [
    set('k', 'value'),
    set('empty', ''),
    ...[0x00, 0x09, 0x0c, 0x0d].flatMap((opcode) => [
      packet(opcode, { key: 'k', opaque: 1 }),
      packet(opcode, { key: 'empty', opaque: 2 }),
      packet(opcode, { key: 'none', opaque: 3 }),
      packet(opcode, { key: 'k', cas: 5n }),
    ]),
    noop,
  ],
  'touch, gat, gatq, gatk, gatkq': [
    set('k', 'value'),
    ...[0x1c, 0x1d, 0x1e, 0x23, 0x24].flatMap((opcode) => [
      packet(opcode, { extras: exptimeExtras(100), key: 'k', opaque: opcode }),
      packet(opcode, { extras: exptimeExtras(0), key: 'none', opaque: opcode }),
    ]),
    packet(0x1d, { extras: exptimeExtras(2_592_001), key: 'k' }),
    get('k'),
    noop,
  ],
  'delete, deleteq': [
    set('k', 'v'),
    packet(0x04, { key: 'k' }),
    packet(0x04, { key: 'k' }),
    set('k', 'v'),
    packet(0x04, { key: 'k', cas: 999_999n }),
    packet(0x14, { key: 'k' }),
    packet(0x14, { key: 'k' }),
    get('k'),
    noop,
  ],
  'flush, flushq': [
    set('k', 'v'),
    packet(0x08, { extras: exptimeExtras(1000) }),
    get('k'),
    packet(0x08),
    get('k'),
    set('k', 'v'),
    packet(0x18),
    get('k'),
    noop,
  ],
  'noop, verbosity': [noop, packet(0x0a, { opaque: 0xffff_ffff, dataType: 7 }), noop],
  'quit': [set('k', 'v'), packet(0x07, { opaque: 3 }), get('k')],
  'quitq': [set('k', 'v'), noop, packet(0x17), get('k')],
  'stat that says nothing new': [packet(0x10, { key: 'nothing' }), packet(0x10, { key: 'conns' }), packet(0x10, { key: 'reset' }), noop],
  'unknown opcodes': [
    ...[0x1f, 0x25, 0x30, 0x3d, 0x48, 0xff].map((opcode) => packet(opcode, { opaque: opcode })),
    noop,
  ],
  'SASL where there is none': [
    packet(0x20),
    noop,
  ],
  'wrong extras length of set': [packet(0x01, { extras: Buffer.alloc(4), key: 'k', value: 'v' }), noop],
  'extras of get': [packet(0x00, { extras: Buffer.alloc(4), key: 'k' }), noop],
  'get without a key': [packet(0x00), noop],
  'get with a value': [packet(0x00, { key: 'k', value: 'v' }), noop],
  'set without a key': [packet(0x01, { extras: storeExtras(0, 0), value: 'v' }), noop],
  'delete without a key': [packet(0x04), noop],
  'key of 250': [set('k'.repeat(250), 'v'), get('k'.repeat(250)), noop],
  'key of 251': [get('k'.repeat(251)), noop],
  'key longer than the body': [packet(0x00, { key: 'k', keyLength: 20 }), noop],
  'increment without extras': [packet(0x05, { key: 'k' }), noop],
  'noop with a key': [packet(0x0a, { key: 'k' }), noop],
  'version with extras': [packet(0x0b, { extras: Buffer.alloc(4) }), noop],
  'flush with a value': [packet(0x08, { value: 'x' }), noop],
  'text on a binary connection': [noop, Buffer.from('get k\r\n')],
  'value too large': [
    set('k', 'old'),
    packet(0x01, { extras: storeExtras(0, 0), key: 'k', value: Buffer.alloc(1_100_000, 'x') }),
    get('k'),
    set('k', 'old'),
    packet(0x02, { extras: storeExtras(0, 0), key: 'k', value: Buffer.alloc(1_100_000, 'x') }),
    packet(0x0e, { key: 'k', value: Buffer.alloc(1_100_000, 'x') }),
    get('k'),
    noop,
  ],
  'largest value': [
    packet(0x01, { extras: storeExtras(0, 0), key: 'k', value: Buffer.alloc(1_048_000, 'x') }),
    packet(0x0e, { key: 'k', value: Buffer.alloc(2000, 'y') }),
    noop,
  ],
}; // prettier-ignore
