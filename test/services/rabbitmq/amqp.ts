/** As much of AMQP 0-9-1 as it takes to put a persistent message into a durable queue, and to get it out again. */
import type { Endpoint } from '../../../services/kit/contract.ts';
import { Wire } from '../../../services/kit/wire.ts';

const SESSION_MS = 20_000;
const FRAME_END = 0xce;

const short = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
const long = (bytes: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export class AmqpChannel implements Disposable {
  readonly #wire: Wire;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Logged in, with a channel open and the durable queue declared. */
  static async open({ host, port, user, password, name }: Endpoint, queue: string): Promise<AmqpChannel> {
    const wire = await Wire.open({ host, port, timeoutMs: SESSION_MS });
    const self = new AmqpChannel(wire);
    wire.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]));
    await self.#until(10, 10);
    const proof = long(Buffer.from(`\0${user}\0${password}`));
    self.#method(0, 10, 11, long(Buffer.alloc(0)), short('PLAIN'), proof, short('en_US'));
    const tune = await self.#until(10, 30);
    self.#method(0, 10, 31, tune.subarray(0, 6), Buffer.from([0, 0]));
    self.#method(0, 10, 40, short(name), short(''), Buffer.from([0]));
    await self.#until(10, 41);
    self.#method(1, 20, 10, short(''));
    await self.#until(20, 11);
    self.#method(1, 50, 10, Buffer.from([0, 0]), short(queue), Buffer.from([0b10]), Buffer.alloc(4));
    await self.#until(50, 11);
    return self;
  }

  /** Resolves when the broker has it on disk. */
  async publish(queue: string, text: string): Promise<void> {
    this.#method(1, 85, 10, Buffer.from([0]));
    await this.#until(85, 11);
    this.#method(1, 60, 40, Buffer.from([0, 0]), short(''), short(queue), Buffer.from([0]));
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(Buffer.byteLength(text)));
    // The one property given is the delivery mode: persistent.
    this.#frame(2, 1, Buffer.from([0, 60, 0, 0]), size, Buffer.from([0x10, 0x00, 2]));
    this.#frame(3, 1, Buffer.from(text));
    await this.#until(60, 80);
  }

  /** Takes one message; undefined where there is none. */
  async get(queue: string): Promise<string | undefined> {
    this.#method(1, 60, 70, Buffer.from([0, 0]), short(queue), Buffer.from([1]));
    const { type, body } = await this.#receive();
    if (type !== 1 || body.readUInt16BE(2) !== 71) return undefined;
    await this.#receive(); // its properties
    return (await this.#receive()).body.toString();
  }

  [Symbol.dispose](): void {
    this.#wire[Symbol.dispose]();
  }

  #method(channel: number, klass: number, method: number, ...parts: readonly Buffer[]): void {
    this.#frame(1, channel, Buffer.from([0, klass, 0, method]), ...parts);
  }

  #frame(type: number, channel: number, ...parts: readonly Buffer[]): void {
    const payload = Buffer.concat(parts);
    this.#wire.write(
      Buffer.concat([Buffer.from([type, 0, channel]), long(payload), Buffer.from([FRAME_END])]),
    );
  }

  async #until(klass: number, method: number): Promise<Buffer> {
    const { type, body } = await this.#receive();
    const found = [body.readUInt16BE(0), body.readUInt16BE(2)];
    if (type === 1 && found[0] === klass && found[1] === method) return body.subarray(4);
    throw new Error(`expected ${klass}.${method}, met ${found.join('.')}: ${body.toString('latin1')}`);
  }

  async #receive(): Promise<{ readonly type: number; readonly body: Buffer }> {
    const head = await this.#wire.read(7);
    const body = await this.#wire.read(head.readUInt32BE(3) + 1);
    return { type: head[0]!, body: body.subarray(0, -1) };
  }
}
