/** As much of MongoDB's protocol (OP_MSG, from 3.6 on) as it takes to log in and run commands. */
import { saslFinal, ScramClient } from '../kit/scram.ts';
import { LoginRefused, Wire } from '../kit/wire.ts';
import { decode, encode, type BsonDocument, type RawDocument } from './bson.ts';

export interface MongoAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: boolean;
}

export interface MongoLogin {
  readonly user: string;
  readonly password: string;
  /** The database the user is known in. */
  readonly source: string;
}

const SESSION_MS = 10_000;
const OP_MSG = 2013;
const HEAD_BYTES = 16;
/** Its number of what is refused: a wrong password, a user that may not. */
const REFUSALS = new Set([13, 18]);

export class MongoClient implements Disposable {
  readonly #wire: Wire;
  #request = 0;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @throws LoginRefused; Error where there is no server, or it does not serve yet */
  static async connect(
    { host, port, tls }: MongoAddress,
    login: MongoLogin | undefined,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<MongoClient> {
    const wire = await Wire.open({ host, port, timeoutMs: SESSION_MS, ...options });
    try {
      if (tls) await wire.secure({ verify: true });
      const client = new MongoClient(wire);
      if (login) await client.#logIn(login);
      return client;
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * @param more further fields of the command, as they came
   * @throws LoginRefused, Error with what the server said
   */
  async command(
    database: string,
    command: BsonDocument,
    more?: RawDocument,
  ): Promise<Record<string, unknown>> {
    const document = encode({ ...command, $db: database }, more);
    const body = Buffer.concat([Buffer.alloc(4), Buffer.from([0]), document]);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeInt32LE(HEAD_BYTES + body.length, 0);
    head.writeInt32LE(++this.#request, 4);
    head.writeInt32LE(OP_MSG, 12);
    this.#wire.write(Buffer.concat([head, body]));
    const answerHead = await this.#wire.read(HEAD_BYTES);
    if (answerHead.readInt32LE(12) !== OP_MSG)
      throw new Error('it does not speak the protocol of MongoDB 3.6 and later');
    const answer = await this.#wire.read(answerHead.readInt32LE(0) - HEAD_BYTES);
    // Four bytes of flags and one that says a document follows.
    const said = decode(answer.subarray(5));
    if (said.ok !== 1) {
      const message = typeof said.errmsg === 'string' ? said.errmsg : 'unknown error';
      throw REFUSALS.has(Number(said.code)) ? new LoginRefused(message) : new Error(message);
    }
    // A command that writes is carried out even where nothing could be written.
    const [failure] = Array.isArray(said.writeErrors) ? (said.writeErrors as { errmsg?: unknown }[]) : [];
    if (failure) throw new Error(String(failure.errmsg));
    return said;
  }

  [Symbol.dispose](): void {
    this.#wire[Symbol.dispose]();
  }

  async #logIn({ user, password, source }: MongoLogin): Promise<void> {
    const scram = new ScramClient('sha256', user, password);
    const begun = await this.command(source, {
      saslStart: 1,
      mechanism: 'SCRAM-SHA-256',
      payload: Buffer.from(scram.first()),
      options: { skipEmptyExchange: true },
    });
    const conversationId = Number(begun.conversationId);
    const goOn = (payload: Buffer) => this.command(source, { saslContinue: 1, conversationId, payload });
    const proved = await goOn(Buffer.from(scram.final(text(begun.payload))));
    saslFinal(scram, text(proved.payload));
    // An older server wants one more word before it is done.
    if (proved.done !== true) await goOn(Buffer.alloc(0));
  }
}

const text = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('utf8') : '');
