import { expect, test } from 'vitest';
import { ScramClient } from '../../../services/kit/scram.ts';
import { LoginRefused } from '../../../services/kit/wire.ts';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
const challenge = (iterations: string, nonce = SERVER_NONCE): string =>
  `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=${iterations}`;
const client = (): ScramClient => new ScramClient('sha256', 'user', 'pencil', NONCE);

test('the exchange of RFC 7677, section 3', () => {
  const scram = client();
  expect(scram.first()).toBe(`n,,n=user,r=${NONCE}`);
  expect(scram.final(challenge('4096'))).toBe(
    `c=biws,r=${SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  expect(scram.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(true);
  expect(scram.verify('v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')).toBe(false);
});

test.each([
  ['another nonce', challenge('4096', 'other')],
  ['no iterations', challenge('0')],
  ['half an iteration', challenge('0.5')],
  ['work for minutes', challenge('2147483647')],
  ['nothing that is understood', 'e=other-error'],
])('%s is refused', (_what, text) => {
  expect(() => client().final(text)).toThrow(LoginRefused);
});
