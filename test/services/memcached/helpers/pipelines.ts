/** Many requests at once: what is served ahead of, or beside, the common way has to answer as that does. */
import { exptimeExtras, packet, storeExtras } from './binary.ts';
import { Random } from './random.ts';

/** Lengths around the words that keys are looked at in, up to the limit: a longer one makes the reference drop answers. */
const KEY_LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 31, 63, 249, 250];
/** What a key may be made of, though few are; and what ends one for somebody who looks at it carelessly. */
const ODD_KEYS = [
  '\x7f',
  '\x80\x81\x82\x83',
  'a\tb',
  'tab\t',
  '\x01\x02\x03\x04',
  'é\xff!',
  '!!!!!',
  'key\0rest',
];
/** More than are noted at once. */
const REQUESTS = 1_300;

const KEYS = [...KEY_LENGTHS.map((length) => 'k'.repeat(length)), ...ODD_KEYS];

/** Each key with a value of its own, some with flags. */
const stores = KEYS.map(
  (key, at) => `set ${key} ${at % 3 === 0 ? at * 40_000 : 0} 0 ${at}\r\n${'v'.repeat(at)}\r\n`,
);

/** `set`, most of the `get`s plain, and among them whatever else there is. */
export function textPipeline(seed: number): string {
  const random = new Random(seed);
  const key = () => KEYS[random.below(KEYS.length)]!;
  const requests = Array.from({ length: REQUESTS }, () => {
    const dice = random.below(40);
    if (dice < 4) return `set ${key()} ${random.below(3)} 0 3\r\nabc\r\n`;
    if (dice === 4) return `gets ${key()} ${key()}\r\n`;
    if (dice === 5) return `get ${key()}  ${key()} missing\r\n`;
    if (dice === 6) return `delete ${key()}\r\n`;
    if (dice === 7) return `get ${key()}\n`;
    if (dice === 8) return `get missing\r\n`;
    if (dice === 9) return `get ${key()} \r\n`;
    if (dice === 10) return `set ${key()} 0 0 2 noreply\r\nxy\r\n`;
    if (dice === 11) return `set ${key()} 0 0 3\r\ntoo long\r\n`;
    if (dice === 12) return `append ${key()} 0 0 1\r\n+\r\n`;
    return `get ${key()}\r\n`;
  });
  return [...stores, ...requests].join('');
}

/** The same of the meta commands, with items there is more to say of than their value. */
export function metaPipeline(seed: number): string {
  const random = new Random(seed);
  const keys = KEYS.filter((key) => !/[\0\t]/.test(key));
  const key = () => keys[random.below(keys.length)]!;
  const requests = Array.from({ length: REQUESTS }, () => {
    const dice = random.below(40);
    if (dice < 4) return `ms ${key()} 3 F${random.below(3)}\r\nabc\r\n`;
    if (dice === 4) return `md ${key()} I T60\r\n`;
    if (dice === 5) return `mg new${random.below(9)} v N30\r\n`;
    if (dice === 6) return `mg ${key()} v f s h\r\n`;
    if (dice === 7) return `mg ${key()} v\n`;
    if (dice === 8) return `mg missing v\r\n`;
    if (dice === 9) return `mg new${random.below(9)} v\r\n`;
    if (dice === 10) return `mg ${key()}\r\n`;
    if (dice === 11) return `mg ${key()} v q\r\nmn\r\n`;
    if (dice === 12) return `ms YWJj 2 b\r\nxy\r\nmg YWJj b v k\r\nmg abc v k\r\nmg abc v\r\n`;
    if (dice === 13) return `get ${key()}\r\n`;
    return `mg ${key()} v\r\n`;
  });
  return [...stores, ...requests].join('');
}

/** The same of the binary protocol. */
export function binaryPipeline(seed: number): Buffer {
  const random = new Random(seed);
  const key = () => random.pick(KEYS);
  const stored = KEYS.map((each, at) =>
    packet(0x01, {
      key: each,
      value: 'v'.repeat(at),
      extras: storeExtras(at % 3 === 0 ? at * 40_000 : 0, 0),
    }),
  );
  const requests = Array.from({ length: REQUESTS }, (_, opaque) => {
    const dice = random.below(40);
    const get = { key: key(), opaque };
    if (dice < 4) return packet(0x01, { ...get, value: 'abc', extras: storeExtras(random.below(3), 0) });
    if (dice === 4) return packet(0x04, get);
    if (dice === 5) return packet(0x09, get); // quiet
    if (dice === 6) return packet(0x09, { key: 'missing', opaque });
    if (dice === 7) return packet(0x0c, get); // with its key
    if (dice === 8) return packet(0x00, { key: 'missing', opaque });
    if (dice === 9) return packet(0x00, { ...get, cas: 7n });
    if (dice === 10) return packet(0x1d, { ...get, extras: exptimeExtras(60) });
    if (dice === 11) return packet(0x0a, { opaque });
    if (dice === 12) return packet(0x0e, { ...get, value: '+' });
    return packet(0x00, get);
  });
  return Buffer.concat([...stored, ...requests, packet(0x0a)]);
}

/**
 * What an `incr` may find: plain numbers, and what only looks like one. Not a lone blank: there the reference reads on, in
 * what its memory held before.
 */
const NUMBERS = [
  '0',
  '7',
  '99',
  '007',
  '10 ',
  '5  ',
  ' 5',
  '+5',
  '-5',
  '',
  '5x',
  '5 x',
  '1.5',
  '999999999999999',
  '9999999999999999',
  '18446744073709551615',
  '18446744073709551616',
];
const DELTAS = [
  '0',
  '1',
  '5',
  '000000001',
  '1000000000',
  '99999999999999999',
  '18446744073709551615',
  '-1',
  'x',
  '1x',
  '',
];

/**
 * Counting up and down: every number with every delta, and seeded ones. No number is counted after it was read: what the
 * reference still has to send it does not write over, so that the length of the result would depend on its pace.
 */
export function arithmeticPipeline(seed: number): string {
  const random = new Random(seed);
  const store = (key: string, number: string) => `set ${key} 3 0 ${number.length}\r\n${number}\r\n`;
  const each = ['incr', 'decr'].flatMap((verb) =>
    NUMBERS.flatMap((number, n) =>
      DELTAS.map((delta, d) => {
        const key = `${verb}${n}/${d}`;
        return `${store(key, number)}${verb} ${key} ${delta}\r\nget ${key}\r\n`;
      }),
    ),
  );
  const requests = Array.from({ length: REQUESTS }, () => {
    const dice = random.below(12);
    if (dice === 0) return store('n', random.pick(NUMBERS));
    if (dice === 1) return 'incr missing 1\r\n';
    if (dice === 2) return 'touch n 1000\r\n';
    if (dice === 3) return `incr n ${random.below(1000)} noreply\r\n`;
    if (dice === 4) return 'append n 0 0 1\r\n0\r\n';
    return `${random.once(2) ? 'incr' : 'decr'} n ${10 ** random.below(14)}\r\n`;
  });
  return [...each, ...requests, 'get n\r\n'].join('');
}
