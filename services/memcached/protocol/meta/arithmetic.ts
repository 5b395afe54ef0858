import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import * as W from './write.ts';
import { addDelta, isNeverNumber } from '../../commands/add-delta.ts';
import { casOf } from '../text/cas.ts';
import { createNumber } from '../../commands/create-number.ts';
import { ERROR, NOT_NUMERIC, OUT_OF_MEMORY } from '../text/answers.ts';
import { isKeyTooLong } from '../text/answer.ts';
import { META_WORDS_MAX } from './get.ts';
import type { Line } from '../text/line.ts';
import type { MetaFlags } from './flags.ts';
import type { Session } from '../session.ts';

const NO_MEMORY_TO_CREATE = Buffer.from('SERVER_ERROR Out of memory allocating new item\r\n');
const UP = new Set([0, 'I', 'i', '+'].map((mode) => (typeof mode === 'string' ? mode.charCodeAt(0) : mode)));
const DOWN = new Set(['D', 'd', '-'].map((mode) => mode.charCodeAt(0)));

/** `ma <key> <flags>*` */
export function metaArithmetic(session: Session, line: Line): void {
  const { cache } = session;
  const { reply, meta: flags, store } = cache;
  const problem = readArithmetic(session, line, flags);
  if (problem) return reply.bytes(problem);
  const { keyAt, keyLength } = flags;
  const up = UP.has(flags.mode);
  const found = store.find(keyAt, keyLength, store.keys.hash(keyAt, keyLength));
  let text: string;
  let created = false;
  if (found === 0) {
    if (!flags.has(L.CREATE)) {
      if (up) store.counters.incrMisses++;
      else store.counters.decrMisses++;
      return answerBare(session, line, flags, 'NF');
    }
    text = String(flags.initial);
    if (!createNumber(cache, keyAt, keyLength, 0, text)) return reply.bytes(NO_MEMORY_TO_CREATE);
    created = true;
  } else {
    if (isNeverNumber(store, found)) return reply.bytes(NOT_NUMERIC);
    if (flags.compareCas !== 0n && flags.compareCas !== casOf(store, found)) {
      return answerBare(session, line, flags, 'EX');
    }
    const result = addDelta(store, found, up, flags.delta);
    if (result === 'non-numeric') return reply.bytes(NOT_NUMERIC);
    if (result === 'no-memory') return reply.bytes(OUT_OF_MEMORY);
    text = String(result);
  }
  const item = store.stored;
  const { words } = store.arena;
  if (created && flags.has(L.BASE64)) words[item * 2 + I.SHAPE]! |= I.BINARY_KEY;
  if (flags.has(L.EXPLICIT_CAS)) store.setCas64(item, flags.explicitCas);
  if (flags.opaqueTooLong) return reply.bytes(E.OPAQUE_TOO_LONG);
  answerNumber(session, line, flags, { item, text, created });
}

function readArithmetic(session: Session, line: Line, flags: MetaFlags): Uint8Array | undefined {
  if (line.count < 2) return ERROR;
  if (isKeyTooLong(line)) return E.BAD_FORMAT;
  if (line.count > META_WORDS_MAX) return E.OPTIONS_TOO_LONG;
  if (flags.read(session.cache.store, line, 2)) return E.INVALID_OR_DUPLICATE;
  return UP.has(flags.mode) || DOWN.has(flags.mode) ? undefined : E.BAD_ARITHMETIC_MODE;
}

interface Result {
  readonly item: number;
  readonly text: string;
  readonly created: boolean;
}

function answerNumber(session: Session, line: Line, flags: MetaFlags, { item, text, created }: Result): void {
  const { cache } = session;
  const { reply, store } = cache;
  const { words, bytes } = store.arena;
  // As memcached, creating is never quiet.
  const quiet = flags.has(L.QUIET) && !created;
  const from = reply.at;
  if (flags.has(L.VALUE)) reply.text(`VA ${text.length}`);
  else W.putStatus(reply, 'HD');
  for (let i = 2; i < line.count; i++) {
    const letter = bytes[line.at[i]!]!;
    if (letter === L.CAS || letter === L.TTL) W.putItemFlag(cache, letter, item);
    else if (letter === L.SET_TTL) words[item * 2 + I.EXPIRES] = flags.expires;
    else if (letter === L.CREATE && created) words[item * 2 + I.EXPIRES] = flags.createUntil;
    else if (letter === L.OPAQUE) W.putOpaque(cache, line, i);
    else if (letter === L.KEY) W.putKey(cache, flags.keyAt, flags.keyLength, flags.has(L.BASE64));
  }
  W.putLineEnd(reply);
  if (flags.has(L.VALUE)) reply.text(`${text}\r\n`);
  if (quiet) reply.rewind(from);
}

function answerBare(session: Session, line: Line, flags: MetaFlags, status: string): void {
  const { cache } = session;
  if (flags.opaqueTooLong) return cache.reply.bytes(E.OPAQUE_TOO_LONG);
  W.putStatus(cache.reply, status);
  W.putEchoes(cache, line, 2, flags);
  W.putLineEnd(cache.reply);
}
