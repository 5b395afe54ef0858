/** A connection to the host: typed requests, events as they come. */
import { createConnection, type Socket } from 'node:net';
import type { PlatformEvent } from '../events.ts';
import { errorFromJson, PaasError } from '../kernel/errors.ts';
import { JsonLines } from '../kernel/json-lines.ts';
import { VERSION } from '../kernel/version.ts';
import { stateSocket } from '../state/state-socket.ts';
import { MAX_MESSAGE_BYTES, type Method, type Methods, type ServerMessage } from './protocol.ts';

const CONNECT_MS = 5000;

export interface ConnectOptions {
  /** What will be asked, so that it can be made ready. */
  readonly coming?: 'push' | undefined;
  readonly timeoutMs?: number;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ControlClient implements Disposable {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #lost: Promise<PaasError>;
  #next = 1;
  #done = false;
  #farewell = false;
  /** Why the connection ends, when it does. */
  #reason = 'it closed the connection';
  /** Told of every event this connection hears. */
  onEvent: (event: PlatformEvent) => void = () => {};
  /** Told how many events were lost because this side read too slowly. */
  onDropped: (count: number) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = new JsonLines(MAX_MESSAGE_BYTES);
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) this.#onMessage(JSON.parse(line) as ServerMessage);
      } catch {
        this.#end('it says what is not understood');
      }
    });
    socket.on('error', () => {});
    this.#lost = new Promise((resolve) => {
      socket.on('close', () => {
        const error = new PaasError('HOST_LOST', { reason: this.#reason });
        this.#done = true;
        for (const { reject } of this.#pending.values()) reject(error);
        this.#pending.clear();
        resolve(error);
      });
    });
  }

  /**
   * Connects and shakes hands.
   * @throws PaasError `HOST_VERSION_MISMATCH`; `HOST_LOST` when there is no answer in time; the system's error when
   * nothing listens there
   */
  static async connect(
    path: string,
    { coming, timeoutMs = CONNECT_MS }: ConnectOptions = {},
  ): Promise<ControlClient> {
    using address = stateSocket(path);
    const socket = createConnection(address.path);
    const client = new ControlClient(socket);
    // A host that hangs (or is stopped) is still connected to by the system: its answer is what counts.
    const late = setTimeout(() => client.#end('it does not answer'), timeoutMs);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
        void client.lost.then(reject);
      });
      const { version } = await client.call('hello', {
        version: VERSION,
        ...(coming ? { coming } : {}),
      });
      if (version !== VERSION)
        throw new PaasError('HOST_VERSION_MISMATCH', { host: version, client: VERSION });
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** @throws PaasError as the host threw it, or `HOST_LOST` */
  call<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#done) {
        reject(new PaasError('HOST_LOST', { reason: this.#reason }));
        return;
      }
      const id = this.#next++;
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Resolves when the connection is gone, with the reason. */
  get lost(): Promise<PaasError> {
    return this.#lost;
  }

  /** The host was asked to end, rather than killed. */
  get farewell(): boolean {
    return this.#farewell;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #end(reason: string): void {
    this.#reason = reason;
    this.#socket.destroy();
  }

  #onMessage(message: ServerMessage): void {
    if ('event' in message) return this.onEvent(message.event);
    if ('dropped' in message) return this.onDropped(message.dropped);
    if ('farewell' in message) {
      this.#farewell = true;
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('error' in message) pending?.reject(errorFromJson(message.error));
    else pending?.resolve(message.result);
  }
}
