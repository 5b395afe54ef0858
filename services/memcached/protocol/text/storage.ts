import * as A from './answers.ts';
import { answer, isKeyTooLong } from './answer.ts';
import { CAS, type StoreMode } from '../../commands/store-item.ts';
import { finishStore, refuse } from './set.ts';
import { int32, uint32, uint64 } from '../numbers.ts';
import { receiveValue } from '../../commands/receive-value.ts';
import type { Verb } from './verb.ts';

/** The value's length and its line end fit in a signed 32-bit number. */
export const LENGTH_MAX = 2 ** 31 - 3;

/** `<verb> <key> <flags> <exptime> <length> [<cas>] [noreply]`, then the value. */
export function storageVerb(mode: StoreMode): Verb {
  const wordCount = mode === CAS ? 6 : 5;
  return (session, line) => {
    const { store, reply, prefixes } = session.cache;
    if (line.count !== wordCount && line.count !== wordCount + 1) return reply.bytes(A.ERROR);
    session.noreply = line.noreply;
    const flags = line.digits(2) ?? uint32(line.word(2));
    const exptime = line.digits(3) ?? int32(line.word(3));
    const length = line.digits(4) ?? int32(line.word(4));
    const cas = mode === CAS ? uint64(line.word(5)) : 0n;
    const bad = flags === undefined || exptime === undefined || length === undefined || cas === undefined;
    if (bad || isKeyTooLong(line) || length < 0 || length > LENGTH_MAX) return answer(session, A.BAD_FORMAT);

    const keyAt = line.at[1]!;
    const keyLength = line.length[1]!;
    if (prefixes.enabled) prefixes.set(store.arena.bytes, keyAt, keyLength);
    session.mode = mode;
    const item = store.memory.allocate(keyAt, keyLength, flags | 0, store.clock.deadline(exptime), length);
    if (item === 0) return refuse(session, keyAt, keyLength, length, line.next);
    store.setCas64(item, cas);
    return receiveValue(session, item, length + 2, line.next, line.end, finishStore);
  };
}
