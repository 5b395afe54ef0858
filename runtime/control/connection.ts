/** One client of the host: its requests, the events it hears, the apps it holds a lease on. */
import type { Socket } from 'node:net';
import type { PlatformEvent } from '../events.ts';
import { errorToJson, PaasError } from '../kernel/errors.ts';
import { JsonLines } from '../kernel/json-lines.ts';
import {
  MAX_MESSAGE_BYTES,
  type Method,
  type Methods,
  type RequestMessage,
  type ServerMessage,
} from './protocol.ts';

/** What may wait in memory for a client that reads slowly; then events are dropped, counted and said. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

export type Handler = (
  method: Method,
  params: unknown,
  connection: Connection,
  signal: AbortSignal,
) => Promise<Methods[Method]['result']>;

export class Connection {
  /** Apps and services whose events this client hears. */
  readonly listensTo = new Set<string>();
  /** Apps that live no longer than this connection. */
  readonly leases = new Set<string>();
  /** Takes back the terminal it gave away, once what it held has been let go of. */
  readonly afterwards = new Set<() => Promise<void>>();
  /** What it borrowed goes back when it closes. */
  readonly whenClosed = new Set<() => Promise<void>>();
  readonly #socket: Socket;
  readonly #running = new Set<AbortController>();
  readonly #late: NodeJS.Timeout;
  #greeted = false;
  #dropped = 0;

  /** @param helloMs how long a client may take to say who it is */
  constructor(socket: Socket, handle: Handler, onClose: (connection: Connection) => void, helloMs: number) {
    this.#socket = socket;
    this.#late = setTimeout(() => this.#refuse(0, 'it said no "hello" in time'), helloMs).unref();
    const lines = new JsonLines(MAX_MESSAGE_BYTES);
    socket.on('data', (chunk) => {
      try {
        for (const line of lines.push(chunk)) this.#onLine(line, handle);
      } catch (error) {
        // Nothing more of it is read: what it goes on sending takes no memory.
        socket.pause();
        this.#refuse(0, error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(this.#late);
      for (const controller of this.#running)
        controller.abort(new PaasError('CANCELLED', { reason: 'the command was ended' }));
      onClose(this);
    });
  }

  tell(event: PlatformEvent): void {
    if (!this.#hears(event)) return;
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      this.#send({ dropped: this.#dropped });
      this.#dropped = 0;
    }
    this.#send({ event });
  }

  end(): void {
    this.#send({ farewell: true });
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #hears(event: PlatformEvent): boolean {
    if (this.listensTo.size === 0) return false;
    if (event.kind === 'log') return this.listensTo.has(event.line.owner);
    if ('app' in event) return this.listensTo.has(event.app);
    if ('service' in event) return this.listensTo.has(event.service);
    return true;
  }

  #onLine(line: string, handle: Handler): void {
    const request = parseRequest(line);
    if (!request) return this.#refuse(0, 'it is not a request');
    if (!this.#greeted && request.method !== 'hello')
      return this.#refuse(request.id, 'the first request must be "hello"');
    this.#greeted = true;
    clearTimeout(this.#late);
    void this.#answer(request, handle);
  }

  async #answer({ id, method, params }: RequestMessage, handle: Handler): Promise<void> {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      this.#send({ id, result: await handle(method, params, this, controller.signal) });
    } catch (error) {
      this.#send({ id, error: errorToJson(error) });
    } finally {
      this.#running.delete(controller);
    }
  }

  #refuse(id: number, reason: string): void {
    this.#send({ id, error: errorToJson(new PaasError('CONTROL_MESSAGE_INVALID', { reason })) });
    this.#socket.destroySoon();
  }

  #send(message: ServerMessage): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

function parseRequest(line: string): RequestMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, method, params } = value as Partial<RequestMessage>;
  if (typeof id !== 'number' || typeof method !== 'string' || typeof params !== 'object' || params === null)
    return undefined;
  return { id, method, params };
}
