/** Requests made at random, so that they meet each other's items. */
import { countExtras, exptimeExtras, packet, storeExtras } from './binary.ts';
import type { Random } from './random.ts';

const KEYS = ['a', 'b', 'c', 'd:1', 'd:2', 'k'.repeat(250)];
/** Of so many digits that small steps change none: a shorter result is written in place or not, as it happens. */
const COUNTER = 'n';
const COUNTER_VALUE = '5000000000000000000';
/** None begins like a number that counting would make shorter. */
const VALUES = ['1', '9', '10', '99', '100', '18446744073709551616', 'x', '', '-1'];
const DELTAS = ['0', '1', '9', '10', '99', '100', '18446744073709551616', 'x', '', ' 7', '-1'];
/** None that would end during the test. */
const EXPTIMES = ['0', '1000', '-1', '2592000', '2592001', '4000000000', 'x'];
const FLAGS = ['0', '5', '4294967295', '4294967296', '-1', 'x'];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** A line of the classic or the meta protocol, with its value if it has one. */
export function textRequest(random: Random): Buffer {
  if (random.once(40)) return Buffer.from(`set ${COUNTER} 0 0 19\r\n${COUNTER_VALUE}\r\n`);
  const make = random.pick([storage, storage, storage, keyed, keyed, retrieval, meta, meta, meta, admin]);
  return Buffer.from(make(random), 'latin1');
}

function storage(random: Random): string {
  const verb = random.pick(['set', 'set', 'add', 'replace', 'append', 'prepend', 'cas']);
  const value = valueOf(random);
  const words = [verb, random.pick(KEYS), usual(random, '0', FLAGS), usual(random, '0', EXPTIMES)];
  words.push(random.once(30) ? random.pick(['-1', 'x', '2147483648']) : String(value.length));
  if (verb === 'cas') words.push(random.pick(['0', '1', '99999999', 'x']));
  if (random.once(10)) words.push(random.pick(['noreply', 'norepl', 'noreply extra']));
  return `${words.join(' ')}\r\n${value}\r\n`;
}

function keyed(random: Random): string {
  const key = random.pick(KEYS);
  const tail = random.once(10) ? ' noreply' : '';
  switch (random.below(5)) {
    case 0:
      return `incr ${random.once(2) ? COUNTER : key} ${random.pick(DELTAS)}${tail}\r\n`;
    case 1:
      return `decr ${COUNTER} ${random.pick(DELTAS)}${tail}\r\n`;
    case 2:
      return `touch ${key} ${usual(random, '0', EXPTIMES)}${tail}\r\n`;
    case 3:
      return `delete ${key}${random.pick(['', ' 0', ' 1', ' x'])}${tail}\r\n`;
    default:
      return `gat ${usual(random, '0', EXPTIMES)} ${random.some(KEYS, 3).join(' ')}\r\n`;
  }
}

function retrieval(random: Random): string {
  const keys = [...random.some(KEYS, 5), ...(random.once(5) ? [random.pick(KEYS)] : [])];
  return `${random.pick(['get', 'get', 'gets', 'bget'])} ${keys.join(' ')}\r\n`;
}

function meta(random: Random): string {
  const key = random.pick(KEYS);
  const flags = (all: readonly string[], most: number) => {
    const some = random.some(all, most);
    return some.length > 0 ? ` ${some.join(' ')}` : '';
  };
  switch (random.below(5)) {
    case 0: {
      const value = valueOf(random);
      const own = ['T0', 'T1000', 'F7', 'I', 'q', 'k', 'c', 'Oabc', `M${random.pick('EARPSX'.split(''))}`];
      return `ms ${key} ${value.length}${flags(own, 5)}\r\n${value}\r\n`;
    }
    case 1:
      return `md ${key}${flags(['I', 'T1000', 'q', 'k', 'Oabc', 'C1'], 4)}\r\n`;
    case 2:
      return random.once(2)
        ? `ma ${key}${flags(['N0', 'J13', `D${random.below(100)}`, 'M+', 'MI', 'v', 't', 'q', 'k', 'Oabc', 'C1'], 5)}\r\n`
        : `ma ${COUNTER}${flags([`D${random.below(100)}`, 'M-', 'MD', 'Mx', 'v', 'c', 'q', 'k', 'Oabc'], 5)}\r\n`;
    case 3:
      return `me ${key}\r\n`;
    default:
      return `mg ${key}${flags(['v', 'f', 's', 't', 'k', 'q', 'Oxyz', 'N0', 'R30', 'T1000', 'u'], 7)}\r\n`;
  }
}

function admin(random: Random): string {
  return random.pick([
    'verbosity 0\r\n', 'verbosity\r\n', 'version x\r\n', 'nonsense\r\n', 'get\r\n', 'set a 0 0\r\n', '\r\n', 'x\r\n',
    'cache_memlimit 64\r\n', 'cache_memlimit 1\r\n', 'slabs automove 1\r\n', 'lru mode segmented\r\n', 'lru tune 20 40 0.2 2\r\n',
    'lru_crawler sleep 100\r\n', 'stats nothing\r\n', `get ${'k'.repeat(251)}\r\n`, `incr ${'k'.repeat(251)} 1\r\n`,
  ]); // prettier-ignore
}

function valueOf(random: Random): string {
  if (random.once(2)) return random.pick(VALUES);
  const length = random.pick([0, 1, 2, 10, 100, 1000]);
  return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('');
}

/** Mostly the first, else one of the others. */
function usual(random: Random, first: string, others: readonly string[]): string {
  return random.once(3) ? random.pick(others) : first;
}

const OPCODES = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x09, 0x0c, 0x0d, 0x0e, 0x0f, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1a, 0x1c,
  0x1d, 0x1e, 0x23, 0x24,
]; // prettier-ignore
const BINARY_EXPTIMES = [0, 0, 0, 1000, 2_592_001, 0xffff_ffff];

/** A well-formed packet. */
export function binaryRequest(random: Random): Buffer {
  const opcode = random.pick(OPCODES);
  const key = random.pick(KEYS);
  const common = { key, opaque: random.below(2 ** 32), ...(random.once(10) ? { cas: 987_654_321n } : {}) };
  const exptime = random.pick(BINARY_EXPTIMES);
  switch (opcode) {
    case 0x01: case 0x02: case 0x03: case 0x11: case 0x12: case 0x13: {
      const extras = storeExtras(random.pick([0, 1, 0xffff_ffff]), exptime);
      return packet(opcode, { ...common, extras, value: valueOf(random) });
    }
    case 0x05: case 0x06: case 0x15: case 0x16:
      return packet(opcode, {
        ...common,
        // Up only, for a number that becomes shorter is padded or not, as it happens.
        ...(opcode === 0x05 || opcode === 0x15 ? {} : { key: COUNTER }),
        extras: countExtras(BigInt(random.below(1000)), BigInt(COUNTER_VALUE), exptime),
      });
    case 0x0e: case 0x0f: case 0x19: case 0x1a:
      return packet(opcode, { ...common, value: valueOf(random) });
    case 0x1c: case 0x1d: case 0x1e: case 0x23: case 0x24:
      return packet(opcode, { ...common, extras: exptimeExtras(exptime) });
    default:
      return packet(opcode, common);
  }
} // prettier-ignore
