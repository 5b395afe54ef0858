/** What can be told without a server: its document format, and the proof of RFC 7677's own example. */
import { expect, test } from 'vitest';
import { ScramClient } from '../../../services/kit/scram.ts';
import { decode, encode, rawOf, RawDocument } from '../../../services/mongodb/bson.ts';

test('a document is written as the specification shows it', () => {
  expect(encode({ hello: 'world' }).toString('hex')).toBe('160000000268656c6c6f0006000000776f726c640000');
});

test('what is written is read back', () => {
  const document = {
    ping: 1,
    text: 'é',
    yes: true,
    nothing: null,
    list: [1, 'two', { three: 3 }],
    bytes: Buffer.from([0, 1, 255]),
    inner: { deep: { deeper: '' } },
  };
  expect(decode(encode(document))).toEqual(document);
});

test('SCRAM-SHA-256: the exchange of RFC 7677', () => {
  const client = new ScramClient('sha256', 'user', 'pencil', 'rOprNGfwEbeRWgbNEkqO');
  expect(client.first()).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const final = client.final(
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  );
  expect(final).toBe(
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  expect(client.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(true);
  expect(client.verify('v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(false);
});

test('a document is handed on byte for byte, and fields are put behind those of a command', () => {
  // {key: {a: 1 as a double}, re: /x/i}
  const inner = Buffer.from('10000000' + '01' + '6100' + '000000000000f03f' + '00', 'hex');
  const bytes = encode({ inner: new RawDocument(inner) });
  const read = decode(bytes);
  expect(rawOf(read.inner).bytes).toEqual(inner);
  expect(encode({ outer: rawOf(read.inner) }).includes(inner)).toBe(true);
  expect(decode(encode({ create: 'x' }, rawOf(read.inner)))).toEqual({ create: 'x', a: 1 });
});

test.each([
  ['a length beyond the end', 'ff000000' + '10610001000000' + '00'],
  ['a length of nothing', '00000000'],
  ['a length that leads back', '14000000' + '026100' + 'f0ffffff' + '00'.repeat(9)],
  ['a name without an end', '0b000000' + '10' + '616161616161'],
  ['a type nobody knows', '0c000000' + '55' + '6100' + '00'.repeat(5)],
  ['nothing at all', ''],
])('hostile bytes end in an error, not in a loop: %s', (_, hex) => {
  expect(() => decode(Buffer.from(hex, 'hex'))).toThrow();
});

test('a name that means something to JavaScript is a name', () => {
  const read = decode(encode(JSON.parse('{"__proto__": {"polluted": true}}') as never));
  expect(Object.keys(read)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
