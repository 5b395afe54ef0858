import * as E from './errors.ts';
import * as I from '../../store/item.ts';
import * as L from './letters.ts';
import { casOf } from '../text/cas.ts';
import { CLASS_MASK } from '../../store/lru.ts';
import { decodeBase64 } from './flags.ts';
import { isKeyTooLong } from '../text/answer.ts';
import { KEY_SCRATCH_AT } from '../../store/arena.ts';
import type { Line } from '../text/line.ts';
import type { Session } from '../session.ts';

/** `me <key> [b]`: what is known about an item. */
export function metaDebug(session: Session, line: Line): void {
  const { store, reply } = session.cache;
  if (line.count < 2 || isKeyTooLong(line)) return reply.bytes(E.BAD_FORMAT);
  const { words, bytes } = store.arena;
  let at = line.at[1]!;
  let length = line.length[1]!;
  if (line.count > 2 && line.length[2] === 1 && bytes[line.at[2]!] === L.BASE64) {
    const key = decodeBase64(line.word(1));
    if (!key) return reply.bytes(E.BAD_FORMAT);
    bytes.set(key, KEY_SCRATCH_AT);
    at = KEY_SCRATCH_AT;
    length = key.length;
  }
  const item = store.find(at, length, store.keys.hash(at, length));
  store.counters.cmdMeta++;
  if (item === 0) return reply.text('EN\r\n');
  const shape = words[item * 2 + I.SHAPE]!;
  const keyAt = item * 8 + I.HEADER_BYTES;
  const encoding = (shape & I.BINARY_KEY) === 0 ? 'latin1' : 'base64';
  const key = bytes.subarray(keyAt, keyAt + (shape & I.BYTE)).toString(encoding);
  const { now } = store.clock;
  const expires = words[item * 2 + I.EXPIRES]!;
  const facts = [
    // Printed the way memcached does: the time since the deadline, hence negative while it lasts.
    `exp=${expires === 0 ? -1 : now - expires}`,
    `la=${now - words[item * 2 + I.USED]!}`,
    `cas=${casOf(store, item)}`,
    `fetch=${(shape & I.FETCHED) === 0 ? 'no' : 'yes'}`,
    `cls=${store.list(item) & CLASS_MASK}`,
    `size=${store.size(item)}`,
  ];
  return reply.text(`ME ${key} ${facts.join(' ')}\r\n`);
}
