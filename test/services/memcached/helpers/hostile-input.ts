/** Input for the decoders: well-formed requests of all three protocols, and what becomes of them in bad hands. */
import fc from 'fast-check';

/** Few and short, so that requests meet each other's items. */
const key = fc.constantFrom('a', 'b', 'key', 'k'.repeat(250), 'n');
const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.constantFrom('', '0', '7', '\r\n', 'x'.repeat(300), 'y'.repeat(20_000)),
);
const number = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom(-1, 2_592_001, 4_294_967_295, 2 ** 31),
);

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const storage = fc
  .tuple(fc.constantFrom('set', 'add', 'replace', 'append', 'prepend'), key, number, value, fc.boolean())
  .map(([verb, name, flags, data, quiet]) =>
    latin1(`${verb} ${name} ${Math.max(0, flags)} 0 ${data.length}${quiet ? ' noreply' : ''}\r\n${data}\r\n`),
  );

const line = fc
  .oneof(
    fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => `get ${keys.join(' ')}`),
    fc.tuple(key, number).map(([name, exptime]) => `gat ${exptime} ${name}`),
    fc.tuple(fc.constantFrom('incr', 'decr'), key, number).map((words) => words.join(' ')),
    fc.tuple(fc.constantFrom('delete', 'gets'), key).map((words) => words.join(' ')),
    fc.tuple(key, number).map(([name, exptime]) => `touch ${name} ${exptime}`),
    fc.constantFrom('version', 'verbosity 0', 'flush_all', 'mn', 'nonsense', 'stats detail dump', 'lru mode'),
  )
  .map((text) => latin1(`${text}\r\n`));

const metaFlags = fc.subarray(['v', 't', 'f', 'c', 'k', 's', 'h', 'l', 'q', 'Oabc', 'N30', 'R30', 'T0']);
const metaLine = fc
  .tuple(fc.constantFrom('mg', 'md', 'ma', 'me'), key, metaFlags)
  .map(([verb, name, flags]) => latin1(`${[verb, name, ...flags].join(' ')}\r\n`));
const metaSet = fc
  .tuple(key, value, fc.subarray(['c', 'k', 'q', 'Oxyz', 'T30', 'F7', 'I', 'C3', 'MA', 'b']))
  .map(([name, data, flags]) => latin1(`${['ms', name, data.length, ...flags].join(' ')}\r\n${data}\r\n`));

export const textRequest = fc.oneof(storage, line, metaLine, metaSet);

const EXTRAS: Readonly<Record<number, number>> = { 1: 8, 2: 8, 3: 8, 5: 20, 6: 20, 28: 4, 29: 4, 8: 4 };

export const binaryRequest = fc
  .tuple(fc.integer({ min: 0, max: 0x26 }), key, value, fc.integer({ min: 0, max: 3 }))
  .map(([opcode, name, data, cas]) => {
    const keyless = [7, 8, 0x0a, 0x0b, 0x17, 0x18].includes(opcode);
    const extras = Buffer.alloc(EXTRAS[opcode] ?? 0);
    const body = [1, 2, 3, 0x0e, 0x0f, 0x11, 0x12, 0x13].includes(opcode) ? latin1(data) : Buffer.alloc(0);
    const keyBytes = latin1(keyless ? '' : name);
    const header = Buffer.alloc(24);
    header[0] = 0x80;
    header[1] = opcode;
    header.writeUInt16BE(keyBytes.length, 2);
    header[4] = extras.length;
    header.writeUInt32BE(extras.length + keyBytes.length + body.length, 8);
    header.writeUInt32BE(0xabcd, 12);
    header.writeBigUInt64BE(BigInt(cas), 16);
    return Buffer.concat([header, extras, keyBytes, body]);
  });

const mutation = fc.record({ at: fc.nat(100_000), byte: fc.nat(255), kind: fc.nat(2) });

/** Changes, drops or doubles single bytes. */
function mutate(bytes: Buffer, mutations: ReadonlyArray<{ at: number; byte: number; kind: number }>): Buffer {
  let result = bytes;
  for (const { at, byte, kind } of mutations) {
    if (result.length === 0) break;
    const place = at % result.length;
    const rest = result.subarray(kind === 2 ? place : place + 1);
    const inserted = kind === 1 ? [] : [Buffer.of(byte)];
    result = Buffer.concat([result.subarray(0, place), ...inserted, rest]);
  }
  return result;
}

/** What a client may send on one connection: requests of one protocol, some of them spoilt, or plain noise. */
export const hostileStream = fc.oneof(
  { weight: 4, arbitrary: stream(textRequest) },
  { weight: 4, arbitrary: stream(binaryRequest) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)) },
);

function stream(request: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      fc.array(request, { minLength: 1, maxLength: 8 }),
      fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(mutation, { maxLength: 4 })),
    )
    .map(([requests, mutations]) => mutate(Buffer.concat(requests), mutations));
}

/** Places to cut at; taken modulo the length. */
export const cuts = fc.array(fc.nat(100_000), { maxLength: 12 });
