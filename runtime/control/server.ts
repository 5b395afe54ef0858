/** The host's socket: mode 0600 in a 0700 folder, so only its user reaches it. */
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { Scope } from '../../services/kit/scope.ts';
import type { PlatformEvent } from '../events.ts';
import { stateSocket } from '../state/state-socket.ts';
import { Connection, type Handler } from './connection.ts';

/** More clients than any person has terminals; past it new ones are refused. */
const MAX_CONNECTIONS = 256;
/** How long answers under way may take to leave when the server closes. */
const FLUSH_MS = 500;
/** One that connects and says nothing would keep the host from leaving. */
const HELLO_MS = 10_000;

export class ControlServer implements AsyncDisposable {
  readonly connections = new Set<Connection>();
  readonly #server: Server;
  readonly #scope = new Scope();

  private constructor(handle: Handler, onClose: (connection: Connection) => void, helloMs: number) {
    this.#server = createServer((socket) => {
      const gone = (closed: Connection): void => {
        this.connections.delete(closed);
        onClose(closed);
      };
      const connection = new Connection(socket, handle, gone, helloMs);
      this.connections.add(connection);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  static async listen(
    path: string,
    handle: Handler,
    onClose: (connection: Connection) => void,
    helloMs = HELLO_MS,
  ): Promise<ControlServer> {
    const self = new ControlServer(handle, onClose, helloMs);
    const address = self.#scope.use(stateSocket(path));
    await new Promise<void>((resolve, reject) => {
      self.#server.once('error', reject);
      self.#server.listen(address.path, resolve);
    });
    chmodSync(address.path, 0o600);
    return self;
  }

  tell(event: PlatformEvent): void {
    for (const connection of this.connections) connection.tell(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.connections) connection.end();
    const bound = setTimeout(() => {
      for (const connection of this.connections) connection.destroy();
    }, FLUSH_MS);
    await closed;
    clearTimeout(bound);
    await this.#scope.close();
  }
}
