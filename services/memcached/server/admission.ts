import type { Socket } from 'node:net';
import type { Cache } from '../cache.ts';
import type { Connection } from './connection.ts';

const TOO_MANY = 'ERROR Too many open connections\r\n';

/** Keeps the number of connections of a cache within its limit, and knows them all. */
export class Admission {
  readonly #cache: Cache;
  readonly #connections = new Set<Connection>();
  /** Connections that wait for a place, when they are not refused. */
  readonly #waiting: Array<{ readonly socket: Socket; readonly serve: (socket: Socket) => void }> = [];
  #fullSince = 0;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Serves an accepted, paused socket, or tells it that there are too many, or lets it wait. */
  admit(socket: Socket, serve: (socket: Socket) => void): void {
    const { settings, store, connections } = this.#cache;
    if (connections.size < settings.maxConnections) {
      serve(socket);
    } else if (settings.maxConnectionsFast) {
      store.counters.rejectedConnections++;
      socket.on('error', () => {});
      socket.end(TOO_MANY, () => socket.destroy());
    } else {
      this.#wait(socket, serve);
    }
  }

  entered(connection: Connection): void {
    this.#connections.add(connection);
  }

  left(connection: Connection): void {
    this.#connections.delete(connection);
    const { settings, connections } = this.#cache;
    // Who came to look after the cache may have been one too many, and leaves no place behind.
    while (this.#waiting.length > 0 && connections.size < settings.maxConnections) {
      const { socket, serve } = this.#waiting.shift()!;
      if (socket.destroyed) continue;
      socket.removeAllListeners('error');
      serve(socket);
    }
    if (this.#waiting.length === 0 && !this.#cache.accepting) {
      this.#cache.accepting = true;
      this.#cache.store.counters.listenDisabledUs += Math.round((performance.now() - this.#fullSince) * 1000);
    }
  }

  /** Ends the connections that for too long asked for nothing, or took nothing of what they asked for. */
  endIdle(): void {
    const { idleTimeoutSeconds } = this.#cache.settings;
    const { now } = this.#cache.store.clock;
    for (const connection of this.#connections) {
      connection.dropIfStalled();
      if (idleTimeoutSeconds <= 0 || !connection.mayBeIdle) continue;
      if (now - connection.session.lastRequest > idleTimeoutSeconds) connection.kick();
    }
  }

  /** Of the clients being served that came in by the listener of this name. */
  *connectionsOf(listener: string): Generator<Connection> {
    for (const connection of this.#connections) {
      if (connection.listenAddress === listener) yield connection;
    }
  }

  /** Ends every connection. */
  close(): void {
    for (const { socket } of this.#waiting.splice(0)) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  #wait(socket: Socket, serve: (socket: Socket) => void): void {
    if (this.#cache.accepting) {
      this.#cache.accepting = false;
      this.#cache.store.counters.listenDisabled++;
      this.#fullSince = performance.now();
    }
    if (this.#waiting.length >= this.#cache.settings.backlog) {
      socket.destroy();
      return;
    }
    socket.on('error', () => {});
    this.#waiting.push({ socket, serve });
  }
}
