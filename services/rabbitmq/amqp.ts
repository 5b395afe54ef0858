/** AMQP 0-9-1 on one channel, as much as it takes to log in, and to move queues and messages. */
import { LoginRefused, Wire, type WireOptions } from '../kit/wire.ts';
import { longString, octets, shortString, table } from './fields.ts';

export interface AmqpAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls?: boolean;
}

/** A message without its address. */
export interface Message {
  /** As they stand on the wire: flags, and what they announce. */
  readonly properties: Buffer;
  readonly body: Buffer;
}

/** Class and method. */
type Method = readonly [klass: number, method: number];

const HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);
const FRAME = { method: 1, header: 2, body: 3 } as const;
const FRAME_END = 0xce;
/** Type, channel and length before a frame's payload, the end mark behind it. */
const FRAME_EXTRA_BYTES = 8;
const BASIC = 60;
const CHANNEL = 1;
const METHOD = {
  start: [10, 10],
  startOk: [10, 11],
  tune: [10, 30],
  tuneOk: [10, 31],
  open: [10, 40],
  openOk: [10, 41],
  close: [10, 50],
  channelOpen: [20, 10],
  channelOpenOk: [20, 11],
  channelClose: [20, 40],
  publish: [BASIC, 40],
  get: [BASIC, 70],
  getOk: [BASIC, 71],
  getEmpty: [BASIC, 72],
  nack: [BASIC, 120],
  declare: [50, 10],
  declareOk: [50, 11],
  transact: [90, 10],
  transactOk: [90, 11],
  commit: [90, 20],
  commitOk: [90, 21],
} as const satisfies Readonly<Record<string, Method>>;
/** Access refused, no such virtual host. */
const REFUSALS = new Set([403, 530]);
const SESSION_MS = 10_000;

export class AmqpClient implements Disposable {
  readonly #wire: Wire;
  #bodyBytes = 0;
  #transacting = false;
  /** What the server says it is: `RabbitMQ 3.10.8`. */
  product = '';

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @throws LoginRefused; Error where there is no server, or it does not serve yet */
  static async connect(
    address: AmqpAddress,
    options: Pick<WireOptions, 'signal' | 'maxBytes'> & { readonly timeoutMs?: number } = {},
  ): Promise<AmqpClient> {
    const { host, port, tls } = address;
    const wire = await Wire.open({ host, port, timeoutMs: SESSION_MS, ...options });
    try {
      if (tls) await wire.secure({ verify: true });
      const client = new AmqpClient(wire);
      await client.#logIn(address);
      return client;
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
  }

  /** Sends a method on the channel, which is opened with the first, and waits for its answer. */
  async call(method: Method, answer: Method, ...parts: readonly Buffer[]): Promise<Buffer> {
    this.#send(CHANNEL, method, parts);
    return this.#receive(answer);
  }

  /** Opens the channel that everything but the login happens on. */
  async openChannel(): Promise<void> {
    await this.call(METHOD.channelOpen, METHOD.channelOpenOk, shortString(''));
  }

  /**
   * Puts messages straight into a queue, or sends them to an exchange by this key.
   * @returns when the broker has them, on disk where they are to be
   */
  async publish(key: string, messages: readonly Message[], exchange = ''): Promise<void> {
    if (!this.#transacting) await this.call(METHOD.transact, METHOD.transactOk);
    this.#transacting = true;
    for (const { properties, body } of messages) {
      this.#send(CHANNEL, METHOD.publish, [octets(0, 0), shortString(exchange), shortString(key), octets(0)]);
      const size = Buffer.alloc(8);
      size.writeBigUInt64BE(BigInt(body.length));
      this.#frame(FRAME.header, CHANNEL, [octets(0, BASIC, 0, 0), size, properties]);
      for (let at = 0; at < body.length; at += this.#bodyBytes)
        this.#frame(FRAME.body, CHANNEL, [body.subarray(at, at + this.#bodyBytes)]);
    }
    await this.call(METHOD.commit, METHOD.commitOk);
  }

  /**
   * Takes the next message of a queue; undefined where there is none.
   * @param keep it goes back to its place with `putBack`, or when the client is gone
   */
  async get(queue: string, keep?: 'keep'): Promise<Message | undefined> {
    this.#send(CHANNEL, METHOD.get, [octets(0, 0), shortString(queue), octets(keep ? 0 : 1)]);
    const { method } = await this.#nextMethod();
    if (isMethod(method, METHOD.getEmpty)) return undefined;
    if (!isMethod(method, METHOD.getOk)) throw unexpected(method);
    const { payload } = await this.#next();
    const size = Number(payload.readBigUInt64BE(4));
    const parts: Buffer[] = [];
    for (let bytes = 0; bytes < size;) {
      const part = (await this.#next()).payload;
      parts.push(part);
      bytes += part.length;
    }
    return { properties: payload.subarray(12), body: Buffer.concat(parts) };
  }

  /** Gives what was kept back to the queue. @returns when it is there for others again */
  async putBack(queue: string): Promise<void> {
    const [all, multiple, requeue] = [Buffer.alloc(8), 1, 2];
    this.#send(CHANNEL, METHOD.nack, [all, octets(multiple | requeue)]);
    // That is not answered; but a question to the same queue is, behind it.
    const passive = octets(1);
    await this.call(METHOD.declare, METHOD.declareOk, octets(0, 0), shortString(queue), passive, table({}));
  }

  [Symbol.dispose](): void {
    this.#send(0, METHOD.close, [octets(0, 200), shortString(''), octets(0, 0, 0, 0)]);
    this.#wire[Symbol.dispose]();
  }

  async #logIn({ user, password, vhost }: AmqpAddress): Promise<void> {
    this.#wire.write(HEADER);
    // Version 0-9 and a table of properties, of which two are of interest.
    const said = (await this.#receive(METHOD.start)).toString('latin1');
    const property = (name: string): string =>
      new RegExp(`${name}S[\\s\\S]{3}.([\\w.-]+)`).exec(said)?.[1] ?? '';
    this.product = `${property('product') || 'an AMQP broker'} ${property('version')}`.trim();
    // Without this a wrong password is answered by silence and a closed connection.
    const own = table({ capabilities: { authentication_failure_close: true } });
    const proof = longString(Buffer.from(`\0${user}\0${password}`));
    this.#send(0, METHOD.startOk, [own, shortString('PLAIN'), proof, shortString('en_US')]);
    const tune = await this.#receive(METHOD.tune);
    const frameBytes = tune.readUInt32BE(2);
    this.#bodyBytes = (frameBytes === 0 ? 128 * 1024 : frameBytes) - FRAME_EXTRA_BYTES;
    // The server's own limits, taken as they are; no heartbeat, since we do not stay.
    this.#send(0, METHOD.tuneOk, [tune.subarray(0, 6), octets(0, 0)]);
    this.#send(0, METHOD.open, [shortString(vhost), shortString(''), octets(0)]);
    await this.#receive(METHOD.openOk);
  }

  async #receive(wanted: Method): Promise<Buffer> {
    const { method, body } = await this.#nextMethod();
    if (!isMethod(method, wanted)) throw unexpected(method);
    return body;
  }

  /** @throws what the server says when it closes channel or connection */
  async #nextMethod(): Promise<{ readonly method: Method; readonly body: Buffer }> {
    const { type, payload } = await this.#next();
    if (type !== FRAME.method) throw new Error(`it answered with something else (frame ${type})`);
    const method: Method = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
    const body = payload.subarray(4);
    if (!isMethod(method, METHOD.close) && !isMethod(method, METHOD.channelClose)) return { method, body };
    const code = body.readUInt16BE(0);
    const reason = body.toString('utf8', 3, 3 + body[2]!);
    throw REFUSALS.has(code) ? new LoginRefused(reason) : new Error(reason);
  }

  async #next(): Promise<{ readonly type: number; readonly payload: Buffer }> {
    const head = await this.#wire.read(7);
    // A server of another protocol version says so with its own header, and hangs up.
    if (head.subarray(0, 4).equals(HEADER.subarray(0, 4))) throw new Error('it does not speak AMQP 0-9-1');
    const payload = await this.#wire.read(head.readUInt32BE(3) + 1);
    return { type: head[0]!, payload: payload.subarray(0, -1) };
  }

  #send(channel: number, [klass, method]: Method, parts: readonly Buffer[]): void {
    this.#frame(FRAME.method, channel, [octets(0, klass, 0, method), ...parts]);
  }

  #frame(type: number, channel: number, parts: readonly Buffer[]): void {
    const payload = longString(Buffer.concat(parts));
    this.#wire.write(Buffer.concat([octets(type, 0, channel), payload, octets(FRAME_END)]));
  }
}

const isMethod = (method: Method, wanted: Method): boolean =>
  method[0] === wanted[0] && method[1] === wanted[1];

const unexpected = (method: Method): Error =>
  new Error(`it answered with something else (${method.join('.')})`);
