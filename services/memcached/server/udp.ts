import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { RECEIVE_AT } from '../store/arena.ts';
import { Session } from '../protocol/session.ts';
import type { Cache } from '../cache.ts';
import type { ListenAddress } from './listener.ts';
import type { Transport } from '../protocol/transport.ts';

/** Request id, sequence number, number of datagrams, zero. */
const HEADER_BYTES = 8;
const COUNT_AT = 4;
const DATAGRAM_BYTES = 1400;
const PAYLOAD_BYTES = DATAGRAM_BYTES - HEADER_BYTES;
/** Datagrams one request may be answered with: more cannot be numbered. */
const DATAGRAMS_MAX = 0xffff;
const ANSWER_BYTES_MAX = DATAGRAMS_MAX * PAYLOAD_BYTES;
/** As much as the system allows: what comes while a request is served waits there, or is lost. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Serves requests that come as single datagrams, in either protocol. */
export class UdpListener implements AsyncDisposable {
  readonly #cache: Cache;
  readonly #socket: Socket;
  readonly #address: ListenAddress;

  constructor(cache: Cache, address: ListenAddress) {
    this.#cache = cache;
    this.#address = address;
    const { host, ipv6Only = false } = address;
    this.#socket = createSocket({
      ...(host?.includes(':') ? { type: 'udp6', ipv6Only } : { type: 'udp4' }),
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // Answers go to addresses, there is nothing to look up.
      lookup: (address, { family }, found) => found(null, address, Number(family)),
    });
    this.#socket.on('message', (message, from) => this.#receive(message, from));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** @throws the system's error, e.g. `EADDRINUSE` */
  async listen(): Promise<void> {
    const { host, port } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind({ port, ...(host === undefined ? {} : { address: host }) }, () => {
        this.#socket.off('error', reject);
        this.#socket.on('error', () => {}); // an answer that could not be delivered
        resolve();
      });
    });
    const { address } = this.#socket.address();
    this.#cache.network.listeners.push(`udp:${address}:${this.port}`);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(message: Buffer, from: RemoteInfo): void {
    // Nothing can be sent to port 0, which anybody may claim to come from. Who asks for more than leaves is not answered.
    if (message.length <= HEADER_BYTES || from.port === 0) return;
    // A request of several datagrams is not served, and as with memcached its sender is told nothing.
    if (message.readUInt16BE(COUNT_AT) !== 1) return;
    if (this.#socket.getSendQueueSize() > ANSWER_BYTES_MAX) return;
    this.#cache.store.reserve();
    const answers = new DatagramAnswers(`udp:${from.address}:${from.port}`);
    const session = new Session(this.#cache, answers);
    if (this.#address.protocol !== undefined) session.speak(this.#address.protocol);
    const length = message.copy(this.#cache.store.arena.bytes, RECEIVE_AT, HEADER_BYTES);
    session.receive(length);
    session.close();
    for (const datagram of answers.datagrams(message.readUInt16BE(0))) {
      this.#socket.send(datagram, from.port, from.address);
    }
  }
}

/** Collects what one datagram is answered with; nothing, if that is more than can be sent. */
class DatagramAnswers implements Transport {
  readonly address: string;
  readonly listenAddress = 'udp';
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(address: string) {
    this.address = address;
  }

  /** Too much already: a datagram of keys of large items asks for gigabytes. */
  get blocked(): boolean {
    return this.#bytes > ANSWER_BYTES_MAX;
  }

  send(bytes: Buffer): boolean {
    this.#bytes += bytes.length;
    if (this.blocked) this.#parts = [];
    else this.#parts.push(Buffer.from(bytes));
    return true;
  }

  sendAll(pieces: readonly Buffer[]): boolean {
    for (const piece of pieces) this.send(piece);
    return true;
  }

  afterDrain(callback: () => void): void {
    callback();
  }

  pause(): void {}
  unpause(): void {}
  end(): void {}
  destroy(): void {}

  *datagrams(requestId: number): Generator<Buffer> {
    const answer = Buffer.concat(this.#parts);
    const count = Math.ceil(answer.length / PAYLOAD_BYTES);
    for (let i = 0; i < count; i++) {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt16BE(requestId, 0);
      header.writeUInt16BE(i, 2);
      header.writeUInt16BE(count, 4);
      yield Buffer.concat([header, answer.subarray(i * PAYLOAD_BYTES, (i + 1) * PAYLOAD_BYTES)]);
    }
  }
}
