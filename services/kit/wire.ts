/**
 * One TCP connection read in asked-for portions, for talking to an engine in its own protocol: to see that it
 * serves, and that a user and password are right. Every wait ends with the connection's time limit.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  /** The whole conversation, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The engine answered, and what it said was no: another try with the same words is useless. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

export class Wire implements Disposable {
  #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended: Error | undefined;
  #wake: () => void = () => {};
  readonly #host: string;
  readonly #timer: NodeJS.Timeout;
  readonly #release: () => void;

  private constructor(socket: Socket, { host, port, timeoutMs, signal }: WireOptions) {
    this.#socket = socket;
    this.#host = host;
    this.#timer = setTimeout(
      () => this.#end(new Error(`no answer from ${host}:${port} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const abort = (): void =>
      this.#end(signal?.reason instanceof Error ? signal.reason : new Error('cut short'));
    signal?.addEventListener('abort', abort, { once: true });
    this.#release = () => signal?.removeEventListener('abort', abort);
    this.#listen(socket);
    if (signal?.aborted) abort();
  }

  /** @throws Error as the system words it, or for a limit that was reached */
  static async open(options: WireOptions): Promise<Wire> {
    const socket = connectTcp({ host: options.host, port: options.port, noDelay: true });
    const wire = new Wire(socket, options);
    await wire.#until(() => !socket.connecting);
    return wire;
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  /** Exactly so many bytes. */
  async read(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count);
    return this.#take(count);
  }

  /** Up to the next CR LF, which is left out. */
  async readLine(maxBytes = 64 * 1024): Promise<string> {
    await this.#until(() => this.#received.includes('\r\n') || this.#received.length > maxBytes);
    const end = this.#received.indexOf('\r\n');
    if (end < 0) throw new Error('a line without an end was received');
    const line = this.#take(end).toString('utf8');
    this.#take(2);
    return line;
  }

  /** From here on encrypted. Certificates are checked only if asked for: `sslmode=require` does not either. */
  async secure(options: { readonly verify: boolean }): Promise<void> {
    this.#socket.removeAllListeners('data');
    const secured = connectTls({
      socket: this.#socket,
      rejectUnauthorized: options.verify,
      ...(isIP(this.#host) ? {} : { servername: this.#host }),
    });
    let ready = false;
    secured.once('secureConnect', () => {
      ready = true;
      this.#wake();
    });
    this.#socket = secured;
    this.#listen(secured);
    await this.#until(() => ready);
  }

  [Symbol.dispose](): void {
    this.#end(new Error('closed'));
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('connect', () => this.#wake());
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection was closed by the other side')));
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  async #until(fulfilled: () => boolean): Promise<void> {
    while (!fulfilled()) {
      if (this.#ended) throw this.#ended;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    clearTimeout(this.#timer);
    this.#release();
    this.#socket.destroy();
    this.#wake();
  }
}
