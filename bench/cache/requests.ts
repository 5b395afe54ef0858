/** Requests of the three protocols, and where their answers end. */
export type Protocol = 'text' | 'meta' | 'bin';

export interface RequestOptions {
  readonly protocol: Protocol;
  /** Different keys. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly getShare: number;
  readonly keysPerGet: number;
}

const KEY_DIGITS = 8;
const HEADER_BYTES = 24;
const SET_EXTRAS = Buffer.alloc(8);
const NONE = Buffer.alloc(0);

export function requestMaker(options: RequestOptions): {
  set(key: number): Buffer;
  /** A get or a set of a random key. */
  next(): Buffer;
} {
  const { protocol, keys, valueBytes, getShare, keysPerGet } = options;
  const value = Buffer.alloc(valueBytes, 'abcdefghijklmnopqrstuvwxyz');
  const end = Buffer.from('\r\n');
  const name = (key: number) => `key:${String(key).padStart(KEY_DIGITS, '0')}`;
  const random = () => Math.floor(Math.random() * keys);
  const set = (key: number): Buffer => {
    if (protocol === 'bin') return packet(1, name(key), SET_EXTRAS, value);
    const line =
      protocol === 'meta' ? `ms ${name(key)} ${valueBytes}\r\n` : `set ${name(key)} 0 0 ${valueBytes}\r\n`;
    return Buffer.concat([Buffer.from(line), value, end]);
  };
  const get = (): Buffer => {
    if (protocol === 'bin') return packet(0, name(random()), NONE, NONE);
    if (protocol === 'meta') return Buffer.from(`mg ${name(random())} v\r\n`);
    const names = Array.from({ length: keysPerGet }, () => name(random()));
    return Buffer.from(`get ${names.join(' ')}\r\n`);
  };
  return { set, next: () => (Math.random() < getShare ? get() : set(random())) };
}

function packet(opcode: number, key: string, extras: Buffer, value: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = 0x80;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + key.length + value.length, 8);
  return Buffer.concat([header, extras, Buffer.from(key), value]);
}

/** Counts the answers that end in each chunk of one connection's answers. */
export function answerEnds(protocol: Protocol): (chunk: Buffer) => number {
  let rest: Buffer = NONE;
  let skip = 0;
  let endsAfterSkip = false;
  return (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let ends = 0;
    for (;;) {
      if (skip > 0) {
        const skipped = Math.min(skip, bytes.length);
        bytes = bytes.subarray(skipped);
        skip -= skipped;
        if (skip > 0) break;
        if (endsAfterSkip) ends++;
        endsAfterSkip = false;
      }
      if (protocol === 'bin') {
        if (bytes.length < HEADER_BYTES) break;
        skip = bytes.readUInt32BE(8);
        bytes = bytes.subarray(HEADER_BYTES);
        if (skip === 0) ends++;
        else endsAfterSkip = true;
        continue;
      }
      const lineEnd = bytes.indexOf(0x0a);
      if (lineEnd < 0) break;
      const line = bytes.toString('latin1', 0, lineEnd - 1);
      bytes = bytes.subarray(lineEnd + 1);
      const isHit = line.startsWith('VALUE ') || line.startsWith('VA ');
      if (!isHit) {
        if (!/^(END|STORED|HD|EN)/.test(line)) throw new Error(`The server answered ${line}`);
        ends++;
        continue;
      }
      const words = line.split(' ');
      skip = Number(words[0] === 'VA' ? words[1] : words[3]) + 2;
      endsAfterSkip = words[0] === 'VA';
    }
    rest = Buffer.from(bytes);
    return ends;
  };
}
