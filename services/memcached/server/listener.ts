import { createServer, type Server, type Socket } from 'node:net';
import { Connection } from './connection.ts';
import { copyIntoArena, readIntoArena } from './receive.ts';
import type { Cache } from '../cache.ts';

/** Where to listen: a TCP address, or the path of a unix socket. */
export type ListenAddress =
  | { readonly host: string | undefined; readonly port: number }
  | { readonly path: string };

const TOO_MANY = 'ERROR Too many open connections\r\n';

export interface ListenerOptions {
  /** False reads with documented means only. */
  readonly readIntoArena: boolean;
}

/** Accepts connections for one cache. Several listeners may share it. */
export class Listener implements AsyncDisposable {
  readonly #cache: Cache;
  readonly #server: Server;
  readonly #options: ListenerOptions;
  readonly #connections = new Set<Connection>();

  constructor(cache: Cache, options: ListenerOptions) {
    this.#cache = cache;
    this.#options = options;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** The bound TCP port; 0 for a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** @throws the system's error, e.g. `EADDRINUSE` */
  listen(address: ListenAddress): Promise<void> {
    const { backlog } = this.#cache.settings;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...address, backlog }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {}); // a connection that failed while being accepted
        resolve();
      });
    });
  }

  /** Drops every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(accepted: Socket): void {
    const cache = this.#cache;
    if (cache.connections.size >= cache.settings.maxConnections) {
      cache.store.counters.rejectedConnections++;
      accepted.on('error', () => {});
      accepted.end(TOO_MANY, () => accepted.destroy());
      return;
    }
    let connection: Connection | undefined;
    const onReceived = (length: number) => connection!.session.receive(length);
    const { arena } = cache.store;
    const socket =
      (this.#options.readIntoArena ? readIntoArena(accepted, arena, onReceived) : undefined) ??
      copyIntoArena(accepted, arena, onReceived);
    connection = new Connection(cache, socket, () => this.#connections.delete(connection!));
    this.#connections.add(connection);
    socket.resume();
  }
}
