import { createServer, type Server, type Socket } from 'node:net';
import { Connection } from './connection.ts';
import { copyIntoArena, readIntoArena } from './receive.ts';
import { listenAddressOf } from './connection-lines.ts';
import type { Admission } from './admission.ts';
import type { Cache } from '../cache.ts';

/** Where to listen: a TCP address (no host is all of them), or the path of a unix socket. */
export type ListenAddress =
  | { readonly host: string | undefined; readonly port: number }
  | { readonly path: string };

export interface ListenerOptions {
  /** False reads with documented means only. */
  readonly readIntoArena: boolean;
  /** Decides who is served, across all listeners of a cache. */
  readonly admission: Admission;
}

/** Accepts connections for one cache. Several listeners may share it. */
export class Listener implements AsyncDisposable {
  readonly #cache: Cache;
  readonly #server: Server;
  readonly #options: ListenerOptions;
  #name = '';

  constructor(cache: Cache, options: ListenerOptions) {
    this.#cache = cache;
    this.#options = options;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      options.admission.admit(socket, (admitted) => this.#serve(admitted));
    });
  }

  /** The bound TCP port; 0 for a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Whether it listens with IPv6. */
  get isIpv6(): boolean {
    const address = this.#server.address();
    return typeof address === 'object' && address?.family === 'IPv6';
  }

  /** @throws the system's error, e.g. `EADDRINUSE` */
  async listen(address: ListenAddress): Promise<void> {
    const { backlog } = this.#cache.settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...address, backlog }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {}); // a connection that failed while being accepted
        resolve();
      });
    });
    const bound = this.#server.address();
    this.#name =
      typeof bound === 'object' && bound !== null
        ? listenAddressOf(bound.address, bound.port)
        : `unix:${String(bound)}`;
    this.#cache.network.listeners.push(this.#name);
  }

  /** Stops listening. Connections are the admission's to end. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #serve(accepted: Socket): void {
    const { store } = this.#cache;
    store.reserve();
    const { arena } = store;
    const { admission } = this.#options;
    let connection: Connection | undefined;
    const onReceived = (length: number) => connection!.session.receive(length);
    const socket =
      (this.#options.readIntoArena ? readIntoArena(accepted, arena, onReceived) : undefined) ??
      copyIntoArena(accepted, arena, onReceived);
    connection = new Connection(this.#cache, socket, this.#name, () => admission.left(connection!));
    admission.entered(connection);
    socket.resume();
  }
}
