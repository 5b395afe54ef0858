/** SCRAM (RFC 5802, RFC 7677) as a client: how PostgreSQL and MongoDB have a password proved without sending it. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { LoginRefused } from './wire.ts';

/** PostgreSQL asks for 4096, MongoDB for 15000. A server that asks for 2^31 would hold our only thread for minutes. */
const MAX_ITERATIONS = 1_000_000;

export class ScramClient {
  readonly #hash: 'sha1' | 'sha256';
  readonly #user: string;
  readonly #password: string;
  readonly #nonce: string;
  #serverSignature = Buffer.alloc(0);

  /** @param nonce given in tests only */
  constructor(
    hash: 'sha1' | 'sha256',
    user: string,
    password: string,
    nonce = randomBytes(18).toString('base64'),
  ) {
    this.#hash = hash;
    this.#user = user.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#password = password;
    this.#nonce = nonce;
  }

  first(): string {
    return `n,,${this.#bare}`;
  }

  /** @throws LoginRefused for a server that does not answer this client's own words, or asks for endless work */
  final(challenge: string): string {
    const fields = readFields(challenge);
    const nonce = fields.get('r') ?? '';
    const salt = Buffer.from(fields.get('s') ?? '', 'base64');
    const iterations = Number(fields.get('i'));
    if (!nonce.startsWith(this.#nonce) || !Number.isInteger(iterations) || iterations < 1)
      throw new LoginRefused('the server broke off the login');
    if (iterations > MAX_ITERATIONS)
      throw new LoginRefused(`the server asks for a password hashed ${iterations} times, which is too often`);
    const length = this.#hash === 'sha1' ? 20 : 32;
    const salted = pbkdf2Sync(this.#password, salt, iterations, length, this.#hash);
    const clientKey = this.#hmac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const all = [this.#bare, challenge, withoutProof].join(',');
    const signature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), all);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), all);
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  /** Whether the server knows the password too. */
  verify(answer: string): boolean {
    const signature = Buffer.from(readFields(answer).get('v') ?? '', 'base64');
    return (
      signature.length === this.#serverSignature.length && timingSafeEqual(signature, this.#serverSignature)
    );
  }

  get #bare(): string {
    return `n=${this.#user},r=${this.#nonce}`;
  }

  #hmac(key: Buffer, text: string): Buffer<ArrayBuffer> {
    return Buffer.from(createHmac(this.#hash, key).update(text).digest());
  }
}

/** @throws LoginRefused for a server that only pretends to know the password */
export function saslFinal(scram: ScramClient, answer: string): void {
  if (!scram.verify(answer)) throw new LoginRefused('the server does not know the password itself');
}

function readFields(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(',').map((field): [string, string] => [field.slice(0, 1), field.slice(2)]));
}
