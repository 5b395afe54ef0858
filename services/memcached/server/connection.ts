import type { Socket } from 'node:net';
import * as lines from './connection-lines.ts';
import { CONNEVENTS } from '../watch/watchers.ts';
import { Session } from '../protocol/session.ts';
import type { Cache } from '../cache.ts';
import type { Transport } from '../protocol/transport.ts';

const NOTHING = Buffer.alloc(0);
/** A client that takes none of its answers for so long is dropped. */
const STALLED_MS = 60_000;

/** A session over a stream socket: TCP or a unix socket. */
export class Connection implements Transport {
  readonly session: Session;
  readonly socket: Socket;
  readonly address: string;
  readonly listenAddress: string;
  blocked = false;
  readonly #cache: Cache;
  #waiting: Array<() => void> = [];
  #stalled: NodeJS.Timeout | undefined;

  /**
   * @param listenAddress of the socket that accepted it, as statistics show it
   * @param onClose called once it is gone
   */
  constructor(cache: Cache, socket: Socket, listenAddress: string, onClose: () => void) {
    this.#cache = cache;
    this.socket = socket;
    this.listenAddress = listenAddress;
    this.address = lines.addressOf(socket, listenAddress);
    this.session = new Session(cache, this);
    cache.connections.add(this.session);
    cache.store.counters.totalConnections++;
    this.#log('conn_new', '');
    socket.on('error', () => {}); // 'close' follows and says all there is to say
    socket.on('end', () => {
      if (!this.session.closing) this.session.closeReason = 'normal';
    });
    socket.on('close', () => {
      cache.connections.remove(this.session);
      this.#log('conn_close', ` reason=${this.session.closeReason}`);
      this.session.close();
      this.#drained();
      onClose();
    });
  }

  send(bytes: Buffer): boolean {
    this.socket.write(bytes);
    return this.#isOut();
  }

  sendAll(pieces: readonly Buffer[]): boolean {
    this.socket.cork();
    for (const piece of pieces) this.socket.write(piece);
    this.socket.uncork();
    return this.#isOut();
  }

  afterDrain(callback: () => void): void {
    if (this.blocked) this.#waiting.push(callback);
    else callback();
  }

  pause(): void {
    this.socket.pause();
  }

  unpause(): void {
    if (!this.blocked && !this.session.busy) this.socket.resume();
  }

  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends a connection nobody used for too long. */
  kick(): void {
    this.#cache.store.counters.idleKicks++;
    this.session.quit('idle_timeout');
    this.socket.destroy();
  }

  #isOut(): boolean {
    if (this.socket.writableLength === 0) return true;
    if (!this.blocked) this.#block();
    return false;
  }

  /** Serves nothing more until all is out; an empty write reports when it is, whatever the stream's mark. */
  #block(): void {
    this.blocked = true;
    this.socket.pause();
    this.socket.write(NOTHING, () => this.#drained());
    const taken = this.socket.bytesWritten;
    this.#stalled = setTimeout(() => this.#checkProgress(taken), STALLED_MS);
    this.#stalled.unref();
  }

  #checkProgress(taken: number): void {
    const now = this.socket.bytesWritten - this.socket.writableLength;
    // A log keeps nothing for who does not read it, and memcached lets them wait.
    if (now <= taken && !this.session.watching) {
      this.socket.destroy();
      return;
    }
    this.#stalled = setTimeout(() => this.#checkProgress(now), STALLED_MS);
    this.#stalled.unref();
  }

  #drained(): void {
    if (!this.blocked) return;
    this.blocked = false;
    clearTimeout(this.#stalled);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
    if (this.session.closing) return;
    this.session.resume();
    this.unpause();
  }

  #log(type: string, more: string): void {
    const { watchers } = this.#cache;
    if ((watchers.wanted & CONNEVENTS) === 0) return;
    const where = lines.endpointOf(this.address);
    watchers.log(CONNEVENTS, `type=${type} ${where}${more} cfd=${this.session.number}`);
  }
}
