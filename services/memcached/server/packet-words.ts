/** How memcached's `-vv` names a request of the binary protocol in words, beside its bytes. */
import { HEADER_BYTES, LOUD, OP, STATUS } from '../protocol/binary/codes.ts';
import { BinaryRequest } from '../protocol/binary/packet.ts';
import { harmless } from './harmless.ts';
import type { Arena } from '../store/arena.ts';

const INITIAL_AT = 8;
const EXPTIME_AT = 16;
const STATUS_AT = 6;

const WORDS: ReadonlyMap<number, string> = new Map<number, string>([
  [OP.get, 'GET'],
  [OP.getK, 'GET'],
  [OP.touch, 'TOUCH'],
  [OP.gat, 'TOUCH'],
  [OP.gatK, 'TOUCH'],
  [OP.stat, 'STATS'],
  [OP.set, 'SET'],
  [OP.add, 'ADD'],
  [OP.replace, 'REPLACE'],
]);

/** The words for a well-formed request at `at`; undefined if memcached has none for it. */
export function packetWords(
  arena: Arena,
  at: number,
  connection: number,
  withSasl: boolean,
): string | undefined {
  const request = new BinaryRequest();
  request.read(arena.view, at);
  const { keyAt, valueAt, valueLength, extrasAt, opcode } = request;
  const key = harmless(arena.text(keyAt, valueAt));
  const loud = LOUD.get(opcode) ?? opcode;
  switch (loud) {
    case OP.get:
    case OP.getK:
    case OP.touch:
    case OP.gat:
    case OP.gatK:
    case OP.stat:
      return `<${connection} ${WORDS.get(loud)} ${key}`;
    case OP.set:
    case OP.add:
    case OP.replace:
      return `<${connection} ${WORDS.get(loud)} ${key} Value len is ${valueLength}`;
    case OP.append:
    case OP.prepend:
      return `Value len is ${valueLength}`;
    case OP.delete:
      return `Deleting ${key}`;
    case OP.increment:
    case OP.decrement: {
      const { view } = arena;
      const delta = view.getBigInt64(extrasAt);
      const initial = view.getBigUint64(extrasAt + INITIAL_AT);
      return `incr ${key} ${delta}, ${initial}, ${view.getInt32(extrasAt + EXPTIME_AT)}`;
    }
    case OP.saslAuth:
    case OP.saslStep:
      return withSasl ? `mech:  \`\`${key}'' with ${valueLength} bytes of data` : undefined;
    default:
      return undefined;
  }
}

/** What is wrong, in the words of an answer that says so; its body, but for a miss that repeats the key. */
export function errorWords(answer: Buffer): string | undefined {
  const status = answer.readUInt16BE(STATUS_AT);
  if (status === STATUS.ok || status === STATUS.authContinue) return undefined;
  const opcode = answer[1]!;
  const loud = LOUD.get(opcode) ?? opcode;
  if (status === STATUS.notFound && (loud === OP.getK || loud === OP.gatK)) return undefined;
  return answer.toString('latin1', HEADER_BYTES);
}
