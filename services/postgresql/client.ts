/**
 * As much of PostgreSQL's protocol (3.0) as it takes to log in and run statements: to see that a server serves, to
 * check a user's URL before the app meets it, and to make the app's role and database. No `psql` is needed.
 */
import { createHash } from 'node:crypto';
import { LoginRefused, Wire } from '../kit/wire.ts';
import { saslFinal, ScramClient } from '../kit/scram.ts';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** As in `sslmode=`: `disable`, `prefer` (the default), `require`, `verify-full` … */
  readonly sslMode?: string;
}

export type Row = readonly (string | null)[];

const PROTOCOL_3_0 = 196_608;
const SSL_REQUEST = 80_877_103;
const SESSION_MS = 10_000;
/** What a server says when it does not know the user, the password or the database. */
const REFUSALS = /^(28|3D|42501)/;

export class PostgresClient implements Disposable {
  readonly #wire: Wire;
  serverVersion = '';

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @throws LoginRefused; Error where there is no server, or it does not serve yet */
  static async connect(
    address: PostgresAddress,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<PostgresClient> {
    const { host, port, sslMode = 'prefer' } = address;
    const timeoutMs = options.timeoutMs ?? SESSION_MS;
    const wire = await Wire.open({ host, port, timeoutMs, signal: options.signal });
    try {
      if (sslMode !== 'disable' && sslMode !== 'allow' && !isLoopback(host)) await secure(wire, sslMode);
      const client = new PostgresClient(wire);
      await client.#logIn(address);
      return client;
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs statements and gives the rows of the last one that has any. */
  async query(sql: string): Promise<readonly Row[]> {
    this.#send('Q', cString(sql));
    let rows: Row[] = [];
    let failure: Error | undefined;
    for (;;) {
      const { type, body } = await this.#receive();
      if (type === 'T') rows = [];
      else if (type === 'D') rows.push(readRow(body));
      else if (type === 'E') failure = asError(body);
      else if (type === 'Z') break;
    }
    if (failure) throw failure;
    return rows;
  }

  [Symbol.dispose](): void {
    try {
      this.#send('X', Buffer.alloc(0));
    } finally {
      this.#wire[Symbol.dispose]();
    }
  }

  async #logIn({ user, password, database }: PostgresAddress): Promise<void> {
    const parameters = ['user', user, 'database', database, 'client_encoding', 'UTF8', ''];
    const body = Buffer.concat([int32(PROTOCOL_3_0), ...parameters.map(cString)]);
    this.#wire.write(Buffer.concat([int32(body.length + 4), body]));
    let scram: ScramClient | undefined;
    for (;;) {
      const message = await this.#receive();
      if (message.type === 'E') throw asError(message.body);
      if (message.type === 'S') this.#noteParameter(message.body);
      if (message.type === 'Z') return;
      if (message.type !== 'R') continue;
      const kind = message.body.readInt32BE(0);
      const data = message.body.subarray(4);
      if (kind === 3) this.#send('p', cString(password));
      else if (kind === 5) this.#send('p', cString(md5Answer(user, password, data)));
      else if (kind === 10) {
        scram = new ScramClient('sha256', '', password);
        const first = Buffer.from(scram.first());
        this.#send('p', Buffer.concat([cString('SCRAM-SHA-256'), int32(first.length), first]));
      } else if (kind === 11) this.#send('p', Buffer.from(scram!.final(data.toString())));
      else if (kind === 12) saslFinal(scram!, data.toString());
      else if (kind !== 0)
        throw new LoginRefused(`the server wants a way of logging in that is not known here (${kind})`);
    }
  }

  #noteParameter(body: Buffer): void {
    const [name, value] = body.toString('utf8').split('\0');
    if (name === 'server_version') this.serverVersion = value ?? '';
  }

  async #receive(): Promise<{ readonly type: string; readonly body: Buffer }> {
    const head = await this.#wire.read(5);
    const body = await this.#wire.read(Math.max(0, head.readInt32BE(1) - 4));
    return { type: String.fromCharCode(head[0]!), body };
  }

  #send(type: string, body: Buffer): void {
    this.#wire.write(Buffer.concat([Buffer.from(type), int32(body.length + 4), body]));
  }
}

/** A name as it stands in a statement. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

async function secure(wire: Wire, sslMode: string): Promise<void> {
  wire.write(Buffer.concat([int32(8), int32(SSL_REQUEST)]));
  const answer = (await wire.read(1)).toString();
  if (answer === 'S') await wire.secure({ verify: sslMode.startsWith('verify') });
  else if (sslMode !== 'prefer')
    throw new LoginRefused(`the server does not speak TLS, and sslmode is ${sslMode}`);
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

function md5Answer(user: string, password: string, salt: Buffer): string {
  const md5 = (...parts: readonly (string | Buffer)[]): string => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  };
  return `md5${md5(md5(password, user), salt)}`;
}

function readRow(body: Buffer): Row {
  const count = body.readInt16BE(0);
  const values: (string | null)[] = [];
  for (let at = 2, index = 0; index < count; index++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return values;
}

/** Fields are one letter and a text each: `M` the message, `C` the code. */
function asError(body: Buffer): Error {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .map((field): [string, string] => [field.slice(0, 1), field.slice(1)]),
  );
  const message = fields.get('M') ?? 'unknown error';
  return REFUSALS.test(fields.get('C') ?? '') ? new LoginRefused(message) : new Error(message);
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);
