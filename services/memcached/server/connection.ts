import type { Socket } from 'node:net';
import * as lines from './connection-lines.ts';
import { CONNEVENTS } from '../watch/watchers.ts';
import { DirectWriter } from './direct-writer.ts';
import { narratedSession, newClient } from './narrate.ts';
import { Session } from '../protocol/session.ts';
import type { Cache } from '../cache.ts';
import type { Transport } from '../protocol/transport.ts';

const NOTHING = Buffer.alloc(0);
/** A client that takes none of its answers for so long is dropped. */
const STALLED_SECONDS = 60;

/** A session over a stream socket: TCP or a unix socket. */
export class Connection implements Transport {
  readonly session: Session;
  readonly socket: Socket;
  readonly address: string;
  readonly listenAddress: string;
  blocked = false;
  readonly #cache: Cache;
  #waiting: Array<() => void> = [];
  /** While blocked: what the client had taken when it last took something, and the second of that. */
  #taken = 0;
  #takenAt = 0;
  /** Undefined where only `socket.write` can be used. */
  readonly #writer: DirectWriter | undefined;
  /** The same, while it is used. */
  #direct: DirectWriter | undefined;

  /**
   * @param direct whether to write past the stream, where that is possible
   * @param listenAddress of the socket that accepted it, as statistics show it
   * @param onClose called once it is gone
   */
  constructor(cache: Cache, socket: Socket, direct: boolean, listenAddress: string, onClose: () => void) {
    this.#cache = cache;
    this.#writer = direct ? DirectWriter.of(socket, () => this.#drained()) : undefined;
    this.#direct = this.#writer;
    this.socket = socket;
    this.listenAddress = listenAddress;
    this.address = lines.addressOf(socket, listenAddress);
    this.session = cache.narrate ? narratedSession(cache, this, cache.narrate) : new Session(cache, this);
    cache.connections.add(this.session);
    cache.narrate?.(newClient(cache, this.session));
    cache.store.counters.totalConnections++;
    this.#log('conn_new', '');
    socket.on('error', () => {}); // 'close' follows and says all there is to say
    socket.on('end', () => {
      if (!this.session.closing) this.session.closeReason = 'normal';
    });
    socket.on('close', () => {
      cache.connections.remove(this.session);
      cache.narrate?.(`<${this.session.number} connection closed.`);
      this.#log('conn_close', ` reason=${this.session.closeReason}`);
      this.session.close();
      this.#drained();
      onClose();
    });
  }

  /** Answers go by the socket's own methods for as long as an outage holds them back there. */
  heldBack(held: boolean): void {
    if (held) this.#direct = undefined;
    // What the stream still has must not be overtaken; such a connection goes on as it is.
    else if (this.socket.writableLength === 0) this.#direct = this.#writer;
  }

  send(bytes: Buffer): boolean {
    if (this.#isGone()) return true;
    if (this.#direct) return this.#direct.write(bytes) || this.#block();
    this.socket.write(bytes);
    return this.#isOut();
  }

  sendAll(pieces: readonly Buffer[]): boolean {
    if (this.#isGone()) return true;
    if (this.#direct) return this.#direct.writeAll(pieces) || this.#block();
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
    // At once, as memcached does: what came meanwhile, or comes, is answered with a reset.
    this.afterDrain(() => this.socket.destroy());
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** As with memcached, only who waits for a request is idle: not who is in the middle of a value or of answers, nor a unix socket. */
  get mayBeIdle(): boolean {
    const { fillLeft, swallow, watching, busy } = this.session;
    const between = fillLeft === 0 && swallow === 0 && !watching && !busy && !this.blocked;
    return between && !this.address.startsWith('unix:');
  }

  /** Ends a connection nobody used for too long. */
  kick(): void {
    this.#cache.store.counters.idleKicks++;
    this.session.quit('idle_timeout');
    this.socket.destroy();
  }

  /** Ends the connection if its client has long taken none of the answers that wait for it. */
  dropIfStalled(): void {
    // A log keeps nothing for who does not read it, and memcached lets them wait.
    if (!this.blocked || this.session.watching) return;
    const { now } = this.#cache.store.clock;
    const taken = this.#bytesTaken();
    if (taken > this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
    } else if (now - this.#takenAt > STALLED_SECONDS) {
      this.socket.destroy();
    }
  }

  /** Whether nobody will get the answers: then no more requests are to be served, however many have come. */
  #isGone(): boolean {
    if (!this.socket.destroyed) return false;
    this.session.closing = true;
    return true;
  }

  #isOut(): boolean {
    if (this.socket.writableLength === 0) return true;
    // An empty write reports when all is out, whatever the stream's mark.
    if (!this.blocked) this.socket.write(NOTHING, () => this.#drained());
    return this.#block();
  }

  /** Serves nothing more until all is out. */
  #block(): false {
    if (this.blocked) return false;
    this.blocked = true;
    this.socket.pause();
    this.#taken = this.#bytesTaken();
    this.#takenAt = this.#cache.store.clock.now;
    return false;
  }

  #bytesTaken(): number {
    const { bytesWritten, writableLength } = this.socket;
    return bytesWritten - writableLength - (this.#direct?.queued ?? 0);
  }

  #drained(): void {
    if (!this.blocked) return;
    this.blocked = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
    if (this.#isGone() || this.session.closing) return;
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
