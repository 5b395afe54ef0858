/**
 * Keep-alive connections to instances. Node's own Agent would do, but three things are ours to decide:
 * an idle connection is only given to a request that may be repeated, or if it was used a moment ago;
 * connections to addresses that left the table are closed; and a write that fails does not yet end a
 * connection whose answer may lie unread (see `InstanceSocket`).
 */
import { Agent, type ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import { BACKEND_IDLE_CONNECTIONS, BACKEND_IDLE_MS } from './limits.ts';

/** What a request must carry in its options for `Connections.addRequest`. */
export interface ConnectionWish {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** An idle connection must have been used within this many milliseconds; 0 asks for a fresh one. */
  readonly maxIdleMs: number;
}

export class DialTimeoutError extends Error {
  override readonly name = 'DialTimeoutError';
  readonly code = 'ETIMEDOUT';
  readonly syscall = 'connect';
}

type WriteCallback = (error?: Error | null) => void;

/**
 * An instance may answer before it has read the whole request, and close: 413 to a large upload. Our next
 * write then fails, and Node would throw the socket away together with the answer in its receive buffer.
 * While `answerFirst` is set, a failed write is kept quiet: the reading side brings the answer and then the
 * end, or the same error.
 */
export class InstanceSocket extends Socket {
  /** Where it leads, `host:port`. */
  readonly instance: string;
  answerFirst = false;
  idleSince = 0;
  keepMs = BACKEND_IDLE_MS;

  constructor(instance: string) {
    super();
    this.instance = instance;
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    super._write(chunk, encoding, this.answerFirst ? this.#quiet(callback) : callback);
  }

  override _writev(
    chunks: Array<{ chunk: unknown; encoding: BufferEncoding }>,
    callback: WriteCallback,
  ): void {
    super._writev?.(chunks, this.answerFirst ? this.#quiet(callback) : callback);
  }

  #quiet(callback: WriteCallback): WriteCallback {
    return (error) => {
      if (!error || this.destroyed || !isResetByPeer(error)) {
        callback(error);
        return;
      }
      this.emit('writeFailed');
      // The pending write never completes, so the end of reading has to close the socket.
      this.once('end', () => this.destroy());
    };
  }
}

/** A hint is shortened, so that the instance does not close first. */
const HINT_MARGIN_MS = 1_000;
const SWEEP_EVERY_MS = 5_000;

export class Connections extends Agent {
  readonly #dialMs: number;
  readonly #idle = new Map<string, InstanceSocket[]>();
  readonly #open = new Set<InstanceSocket>();
  #allowed: ReadonlySet<string> = new Set();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(dialMs: number) {
    super({ keepAlive: true });
    this.#dialMs = dialMs;
  }

  /** Idle connections to any other address are closed, and none are kept from now on. */
  keepOnly(addresses: ReadonlySet<string>): void {
    this.#allowed = addresses;
    for (const [address, sockets] of this.#idle) {
      if (!addresses.has(address)) for (const socket of sockets) socket.destroy();
    }
  }

  /** Called by Node's client for each request whose `agent` this is. */
  addRequest(request: ClientRequest, wish: ConnectionWish): void {
    let socket = this.#take(wish.address, wish.maxIdleMs);
    if (socket) request.reusedSocket = true;
    else socket = this.#dial(wish);
    request.onSocket(socket as Socket);
  }

  /** Takes the answer's hint for the socket it came over. */
  static hint(socket: unknown, idleHintMs: number | undefined): void {
    if (idleHintMs === undefined || !(socket instanceof InstanceSocket)) return;
    socket.keepMs = Math.min(BACKEND_IDLE_MS, Math.max(0, idleHintMs - HINT_MARGIN_MS));
  }

  override destroy(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    this.#allowed = new Set();
    for (const socket of this.#open) socket.destroy();
  }

  /** The one used last, so that the others grow old and go. */
  #take(address: string, maxIdleMs: number): InstanceSocket | undefined {
    const sockets = this.#idle.get(address);
    if (!sockets || maxIdleMs === 0) return undefined;
    const newest = sockets[sockets.length - 1];
    if (!newest || performance.now() - newest.idleSince > Math.min(maxIdleMs, newest.keepMs))
      return undefined;
    sockets.pop();
    return newest;
  }

  #dial(wish: ConnectionWish): InstanceSocket {
    const socket = new InstanceSocket(wish.address);
    this.#open.add(socket);
    const deadline = setTimeout(
      () =>
        socket.destroy(new DialTimeoutError(`No connection to ${wish.address} within ${this.#dialMs} ms`)),
      this.#dialMs,
    );
    socket.once('connect', () => clearTimeout(deadline));
    // Between two requests nobody else listens for errors; the close that follows is what counts.
    socket.on('error', () => {});
    socket.on('free', () => this.#keep(socket));
    socket.on('close', () => {
      clearTimeout(deadline);
      this.#open.delete(socket);
      this.#forget(socket);
    });
    socket.setNoDelay(true);
    socket.connect({ host: wish.host, port: wish.port });
    return socket;
  }

  #keep(socket: InstanceSocket): void {
    const sockets = this.#idle.get(socket.instance) ?? [];
    const usable = socket.writable && !socket.destroyed && socket.keepMs > 0;
    if (!usable || sockets.length >= BACKEND_IDLE_CONNECTIONS || !this.#allowed.has(socket.instance)) {
      socket.destroy();
      return;
    }
    // As Node's own agent does, or an idle connection would keep its last request and answer in memory.
    (socket as { _httpMessage?: unknown })._httpMessage = null;
    socket.answerFirst = false;
    socket.idleSince = performance.now();
    sockets.push(socket);
    if (sockets.length === 1) this.#idle.set(socket.instance, sockets);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  #forget(socket: InstanceSocket): void {
    const sockets = this.#idle.get(socket.instance);
    if (!sockets) return;
    const at = sockets.indexOf(socket);
    if (at !== -1) sockets.splice(at, 1);
    if (sockets.length === 0) this.#idle.delete(socket.instance);
  }

  #sweep(): void {
    const now = performance.now();
    for (const sockets of this.#idle.values()) {
      for (const socket of sockets) if (now - socket.idleSince > socket.keepMs) socket.destroy();
    }
    if (this.#idle.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

export function isResetByPeer(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
