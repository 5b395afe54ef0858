import type { Socket } from 'node:net';
import { Session } from '../protocol/session.ts';
import type { Cache } from '../cache.ts';
import type { Transport } from '../protocol/transport.ts';

const NOTHING = Buffer.alloc(0);
/** A client that leaves answers unread for so long without taking a byte is dropped. */
const STALLED_MS = 60_000;

/** A session over a stream socket: TCP or a unix socket. */
export class Connection implements Transport {
  readonly session: Session;
  readonly socket: Socket;
  blocked = false;
  #waiting: Array<() => void> = [];
  #stalled: NodeJS.Timeout | undefined;

  constructor(cache: Cache, socket: Socket, onClose: () => void) {
    this.socket = socket;
    this.session = new Session(cache, this);
    cache.connections.add(this.session);
    cache.store.counters.totalConnections++;
    socket.on('error', () => {}); // 'close' follows and says all there is to say
    socket.on('close', () => {
      cache.connections.delete(this.session);
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

  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
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
    this.#stalled = setTimeout(() => this.socket.destroy(), STALLED_MS);
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
    if (!this.blocked) this.socket.resume();
  }
}
