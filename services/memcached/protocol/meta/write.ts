import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import { putCas } from '../text/cas.ts';
import type { Cache } from '../../cache.ts';
import type { Line } from '../text/line.ts';
import type { MetaFlags } from './flags.ts';
import type { Reply } from '../reply.ts';

const SPACE = 0x20;
const ZERO = 0x30;

/** " <letter>" */
export function putLetter(reply: Reply, letter: number): void {
  reply.byte(SPACE);
  reply.byte(letter);
}

/** The two letters of a status, and the line's end. */
export function putStatus(reply: Reply, status: string): void {
  reply.byte(status.charCodeAt(0));
  reply.byte(status.charCodeAt(1));
}

export function putLineEnd(reply: Reply): void {
  reply.byte(0x0d);
  reply.byte(0x0a);
}

/** " k<key>", and " b" if it goes out as base64. */
export function putKey(cache: Cache, at: number, length: number, binary: boolean): void {
  const { reply, store } = cache;
  putLetter(reply, L.KEY);
  if (!binary) {
    reply.copy(at, length);
    return;
  }
  reply.text(store.arena.bytes.subarray(at, at + length).toString('base64'));
  putLetter(reply, L.BASE64);
}

/** " O<opaque>", as it came. */
export function putOpaque(cache: Cache, line: Line, index: number): void {
  cache.reply.byte(SPACE);
  cache.reply.copy(line.at[index]!, line.length[index]!);
}

/** The flags of an answer without an item: opaque and key, in the order asked. */
export function putEchoes(cache: Cache, line: Line, from: number, flags: MetaFlags): void {
  for (let i = from; i < line.count; i++) {
    const letter = cache.store.arena.bytes[line.at[i]!]!;
    if (letter === L.OPAQUE) putOpaque(cache, line, i);
    else if (letter === L.KEY) putKey(cache, flags.keyAt, flags.keyLength, flags.has(L.BASE64));
  }
}

/** One flag that tells something about an item. Others write nothing. */
export function putItemFlag(cache: Cache, letter: number, item: number): void {
  const { reply, store } = cache;
  const { words } = store.arena;
  const word = item * 2;
  switch (letter) {
    case L.SIZE:
      putLetter(reply, letter);
      reply.number(words[word + I.LENGTH]!);
      break;
    case L.TTL:
      putLetter(reply, letter);
      putTtl(reply, words[word + I.EXPIRES]!, store.clock.now);
      break;
    case L.CAS:
      putLetter(reply, letter);
      putCas(reply, store, item);
      break;
    case L.CLIENT_FLAGS:
      putLetter(reply, letter);
      reply.number(words[word + I.FLAGS]! >>> 0);
      break;
    case L.LAST_ACCESS:
      putLetter(reply, letter);
      reply.number((store.clock.now - words[word + I.USED]!) >>> 0);
      break;
    case L.HIT_BEFORE:
      putLetter(reply, letter);
      reply.byte((words[word + I.SHAPE]! & I.FETCHED) === 0 ? ZERO : ZERO + 1);
      break;
    case L.KEY: {
      const shape = words[word + I.SHAPE]!;
      putKey(cache, item * 8 + I.HEADER_BYTES, shape & I.BYTE, (shape & I.BINARY_KEY) !== 0);
      break;
    }
    default:
  }
}

/** Seconds left; -1 is for ever, and what is over prints as memcached prints it: wrapped to 32 bits. */
function putTtl(reply: Reply, expires: number, now: number): void {
  if (expires === 0) reply.text('-1');
  else reply.number((expires - now) >>> 0);
}
