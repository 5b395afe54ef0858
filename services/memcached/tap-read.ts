/** What a request asks for, read for people: from a line of text, or from a binary packet. */
import { LOUD, OP } from './protocol/binary/codes.ts';
import type { Arena } from './store/arena.ts';
import type { SecondClock } from './store/clock.ts';

export interface ReadCommand {
  /** `get`, `set`, `mg` … in the protocol's own words. */
  readonly command: string;
  readonly keys: readonly string[];
  /** Undefined where none is given, or for ever. */
  readonly ttlSeconds?: number | undefined;
  /** Of the value that is sent along. */
  readonly bytes?: number | undefined;
  /** Reads items, whatever it is called. */
  readonly reads: boolean;
  /** A failure of it is what a client would see of a broken cache. */
  readonly mayFail: boolean;
  /** No answer is wanted. */
  readonly quiet: boolean;
  /** Position after its line, or after its packet. */
  readonly next: number;
  /** What follows that belongs to it: a text command's value with its line end. */
  readonly valueBytes: number;
  readonly binary?: { readonly opcode: number; readonly opaque: number };
}

const STORAGE = new Set(['set', 'add', 'replace', 'append', 'prepend', 'cas']);
const READING = new Set(['get', 'gets', 'bget', 'gat', 'gats', 'mg']);
const KEYED = new Set(['delete', 'incr', 'decr', 'touch', 'md', 'ma', 'ms', 'me']);
/** Expiry times above are points in time. */
const RELATIVE_MAX = 60 * 60 * 24 * 30;

export function readText(line: string, next: number, clock: SecondClock): ReadCommand {
  const [command = '', ...words] = line.split(' ').filter(Boolean);
  const key = (text: string): string => Buffer.from(text, 'latin1').toString();
  const base = { command, next, valueBytes: 0, quiet: words.at(-1) === 'noreply' };
  if (STORAGE.has(command)) {
    const bytes = Number(words[3]);
    return {
      ...base,
      keys: words.slice(0, 1).map(key),
      ttlSeconds: lifetime(Number(words[2]), clock),
      bytes,
      reads: false,
      mayFail: true,
      valueBytes: Number.isInteger(bytes) && bytes >= 0 ? bytes + 2 : 0,
    };
  }
  if (command === 'gat' || command === 'gats') {
    const keys = words.slice(1).map(key);
    return { ...base, keys, ttlSeconds: lifetime(Number(words[0]), clock), reads: true, mayFail: true };
  }
  if (command === 'get' || command === 'gets' || command === 'bget') {
    return { ...base, keys: words.map(key), reads: true, mayFail: true };
  }
  const keyed = READING.has(command) || KEYED.has(command);
  if (!keyed) return { ...base, keys: [], reads: false, mayFail: command === 'flush_all' };
  const flags = words.slice(1);
  const ttl = command === 'touch' ? words[1] : flags.find((word) => /^T-?\d+$/.test(word))?.slice(1);
  const bytes = command === 'ms' ? Number(words[1]) : undefined;
  return {
    ...base,
    keys: words.slice(0, 1).map(key),
    ttlSeconds: ttl === undefined ? undefined : lifetime(Number(ttl), clock),
    bytes,
    reads: command === 'mg',
    mayFail: true,
    valueBytes: bytes === undefined || !Number.isInteger(bytes) || bytes < 0 ? 0 : bytes + 2,
  };
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(OP).map(([name, code]) => [code as number, name]),
);
/** Opcodes whose extras hold an expiry time, and where in them. */
const EXPIRY_AT: Readonly<Record<string, number>> = { set: 4, add: 4, replace: 4, touch: 0, gat: 0 };

/** Undefined until extras and key are here. */
export function readBinary(
  arena: Arena,
  clock: SecondClock,
  at: number,
  end: number,
): ReadCommand | undefined {
  const { view } = arena;
  const opcode = view.getUint8(at + 1);
  const keyLength = view.getUint16(at + 2);
  const extras = view.getUint8(at + 4);
  const body = view.getUint32(at + 8);
  const keyAt = at + 24 + extras;
  if (keyAt + keyLength > end) return undefined;
  const command = (NAMES.get(LOUD.get(opcode) ?? opcode) ?? `opcode ${opcode}`).replace(/K$/, '');
  const expiry = EXPIRY_AT[command];
  const bytes = body - extras - keyLength;
  return {
    command,
    keys: keyLength > 0 ? [Buffer.from(arena.text(keyAt, keyAt + keyLength), 'latin1').toString()] : [],
    ttlSeconds:
      expiry !== undefined && extras >= expiry + 4
        ? lifetime(view.getUint32(at + 24 + expiry), clock)
        : undefined,
    bytes: bytes > 0 ? bytes : undefined,
    reads: command === 'get' || command === 'gat',
    mayFail: keyLength > 0 && !command.startsWith('sasl'),
    quiet: false,
    next: at + 24 + body,
    valueBytes: 0,
    binary: { opcode, opaque: view.getUint32(at + 12) },
  };
}

function lifetime(exptime: number, clock: SecondClock): number | undefined {
  if (!Number.isFinite(exptime) || exptime === 0) return undefined;
  return exptime > RELATIVE_MAX ? exptime - clock.unix : exptime;
}
