import { statSync } from 'node:fs';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { socketAddress, type SocketAddress } from '../../kit/socket-path.ts';
import { Connection } from './connection.ts';
import { copyIntoArena, readIntoArena } from './receive.ts';
import { listenAddressOf } from './connection-lines.ts';
import type { Admission } from './admission.ts';
import type { Cache } from '../cache.ts';
import type { Protocol } from '../settings.ts';

/** A TCP or UDP address. */
export interface ListenAddress {
  /** Undefined is every address. */
  readonly host: string | undefined;
  /** 0 is any free one. */
  readonly port: number;
  /** Take no IPv4 connections on an IPv6 address. */
  readonly ipv6Only?: boolean;
  /** Speak this protocol here, instead of what the settings say. */
  readonly protocol?: Protocol | undefined;
}

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
  /** Told of every client, while faults are wanted. */
  gate: { accepted(client: Connection): void } | undefined;
  #name = '';
  #protocol: Protocol | undefined;
  #console = false;
  /** Its file is removed by this when the listener closes. */
  #address: SocketAddress | undefined;

  constructor(cache: Cache, options: ListenerOptions) {
    this.#cache = cache;
    this.#options = options;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      // Whoever looks after a cache comes in when it is full, too.
      if (this.#console) this.#serve(socket);
      else options.admission.admit(socket, (admitted) => this.#serve(admitted));
    });
  }

  /** As statistics show it. */
  get name(): string {
    return this.#name;
  }

  /** The bound TCP port; 0 for a unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** @throws the system's error, e.g. `EADDRINUSE` */
  listen({ host, port, ipv6Only = false, protocol }: ListenAddress): Promise<void> {
    this.#protocol = protocol;
    return this.#listen({ host, port, ipv6Only });
  }

  /** @throws the system's error */
  async listenUnix(path: string): Promise<void> {
    // To bind where there is no such folder is told to be forbidden by Node, as on other systems.
    statSync(dirname(path));
    await this.#listen({ path }, `unix:${path}`);
  }

  /**
   * Who comes here speaks the text protocol and need not log in. The path may be longer than an address holds: it is
   * for those who go round that as well.
   * @throws the system's error
   */
  async listenConsole(path: string): Promise<void> {
    this.#console = true;
    this.#address = socketAddress(path);
    try {
      await this.#listen({ path: this.#address.path }, `unix:${path}`);
    } catch (error) {
      this.#address[Symbol.dispose]();
      throw error;
    }
  }

  /** @param name what statistics show; for TCP it is known only then */
  async #listen(address: ListenOptions, name?: string): Promise<void> {
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
      typeof bound === 'object' && bound !== null ? listenAddressOf(bound.address, bound.port) : name!;
    const { listeners } = this.#cache.network;
    if (!listeners.includes(this.#name)) listeners.push(this.#name);
  }

  /** Stops listening. Connections are the admission's to end. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#address?.[Symbol.dispose]();
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
    const receiver = () => connection!.session;
    const direct = this.#options.readIntoArena ? readIntoArena(accepted, arena, receiver) : undefined;
    const socket = direct ?? copyIntoArena(accepted, arena, receiver);
    connection = new Connection(this.#cache, socket, direct !== undefined, this.#name, () =>
      admission.left(connection!),
    );
    if (this.#console) connection.session.trust();
    else if (this.#protocol !== undefined) connection.session.speak(this.#protocol);
    admission.entered(connection);
    socket.resume();
    this.gate?.accepted(connection);
  }
}
