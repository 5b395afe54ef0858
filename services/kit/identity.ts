/** Names and secrets in the form the platform minted them. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Identity } from './contract.ts';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function randomHex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits);
}

export function randomAlphanumeric(count: number): string {
  return Array.from({ length: count }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join(
    '',
  );
}

export function uuidIdentity(): Identity {
  return { user: randomUUID(), password: randomUUID(), name: randomUUID() };
}
