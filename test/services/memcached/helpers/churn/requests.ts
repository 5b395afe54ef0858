/** Requests of the three protocols, as bytes. */
import { exptimeExtras, packet, storeExtras } from '../binary.ts';
import type { Protocol } from './answers.ts';
import type { Random } from '../random.ts';

export type StoreVerb = 'set' | 'add' | 'replace' | 'append' | 'prepend';

const META_MODES = { set: 'S', add: 'E', replace: 'R', append: 'A', prepend: 'P' } as const;
const BINARY_STORES = { set: 0x01, add: 0x02, replace: 0x03, append: 0x0e, prepend: 0x0f } as const;
const GETKQ = 0x0d;
const GETK = 0x0c;
const GATKQ = 0x24;
const NOOP = 0x0a;
const CRLF = Buffer.from('\r\n');

const line = (text: string) => Buffer.from(`${text}\r\n`, 'latin1');

export function storeRequest(
  protocol: Protocol,
  verb: StoreVerb,
  key: string,
  exptime: number,
  value: Buffer,
): Buffer {
  if (protocol === 'binary') {
    const joins = verb === 'append' || verb === 'prepend';
    return packet(BINARY_STORES[verb], { key, value, ...(joins ? {} : { extras: storeExtras(7, exptime) }) });
  }
  const head =
    protocol === 'meta'
      ? `ms ${key} ${value.length} T${exptime} M${META_MODES[verb]} F7`
      : `${verb} ${key} 7 ${exptime} ${value.length}`;
  return Buffer.concat([line(head), value, CRLF]);
}

/** Asks for many keys at once; the answer ends with an `end`. Opaques count the keys, where there are any. */
export function getRequest(protocol: Protocol, keys: readonly string[], random: Random): Buffer {
  const touching = random.once(5);
  if (protocol === 'text') {
    const verb = touching ? `${random.pick(['gat', 'gats'])} 1000` : random.pick(['get', 'gets']);
    return line(`${verb} ${keys.join(' ')}`);
  }
  if (protocol === 'meta') {
    const flags = () => `${random.pick(['', 's ', 't c ', 'q ', 'h l '])}${touching ? 'T1000 ' : ''}`;
    return Buffer.concat([...keys.map((key, at) => line(`mg ${key} v ${flags()}k O${at}`)), line('mn')]);
  }
  const one = (key: string, opaque: number) =>
    touching
      ? packet(GATKQ, { key, opaque, extras: exptimeExtras(1000) })
      : packet(random.pick([GETKQ, GETK]), { key, opaque });
  return Buffer.concat([...keys.map(one), packet(NOOP)]);
}

export function deleteRequest(protocol: Protocol, key: string): Buffer {
  if (protocol === 'binary') return packet(0x04, { key });
  return line(protocol === 'meta' ? `md ${key}` : `delete ${key}`);
}

export function touchRequest(protocol: Protocol, key: string): Buffer {
  if (protocol === 'binary') return packet(0x1c, { key, extras: exptimeExtras(1000) });
  return line(protocol === 'meta' ? `mg ${key} T1000` : `touch ${key} 1000`);
}

export function flushRequest(protocol: Protocol): Buffer {
  return protocol === 'binary' ? packet(0x08) : line('flush_all');
}

/** What moves memory about, each answered with one line. */
export function upheaval(random: Random, megabytes: number): Buffer {
  const among = (from: number, to: number) => from + random.below(to - from);
  switch (random.below(8)) {
    case 0:
      return line(`cache_memlimit ${among(8, megabytes + 12)}`);
    case 1:
    case 2:
    case 3:
      return line(`slabs reassign ${among(-1, 45)} ${among(0, 45)}`);
    case 4:
      return line(`slabs automove ${among(0, 3)}`);
    case 5:
      return line(`lru mode ${random.pick(['flat', 'segmented'])}`);
    case 6:
      return line('lru_crawler crawl all');
    default:
      return line(`lru tune ${among(10, 40)} ${among(10, 40)} 0.5 2`);
  }
}

/** What is answered with many lines and an `end`, or refused. */
export function dump(random: Random): Buffer {
  return line(
    random.pick(['lru_crawler metadump all', 'stats items', 'stats slabs', 'stats', 'stats cachedump 31 0']),
  );
}
