/** What can be told without a server: its document format, and the proof of RFC 7677's own example. */
import { expect, test } from 'vitest';
import { ScramClient } from '../../../services/kit/scram.ts';
import { decode, encode } from '../../../services/mongodb/bson.ts';

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
