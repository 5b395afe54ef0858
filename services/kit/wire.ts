/**
 * One TCP connection read in asked-for portions, for talking to an engine in its own protocol: to see that it
 * serves, and that a user and password are right. Every wait ends with the connection's time limit, and what the
 * other side sends is bounded too: an engine a user names may be anything.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  /** The whole conversation, in milliseconds. */
  readonly timeoutMs: number;
  /** What the other side may send in the whole conversation, in bytes. 16 MiB unless given. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const CR_LF = '\r\n';

/** The engine answered, and what it said was no: another try with the same words is useless. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

export class Wire implements Disposable {
  #socket: Socket;
  /** Not read yet, in the order it came; joined only where a portion is taken. */
  #received: Buffer[] = [];
  #unread = 0;
  #left: number;
  #ended: Error | undefined;
  #wake: () => void = () => {};
  readonly #host: string;
  readonly #timer: NodeJS.Timeout;
  readonly #release: () => void;

  private constructor(socket: Socket, options: WireOptions) {
    const { host, port, timeoutMs, maxBytes = MAX_BYTES, signal } = options;
    this.#socket = socket;
    this.#host = host;
    this.#left = maxBytes;
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

  /** Exactly so many bytes. @throws Error for a number that no honest server would have sent */
  async read(count: number): Promise<Buffer> {
    if (!Number.isInteger(count) || count < 0 || count > this.#left + this.#unread)
      throw new Error(`it announces ${count} bytes, which is not an answer to what was asked`);
    await this.#until(() => this.#unread >= count);
    return this.#take(count);
  }

  /** Up to the next CR LF, which is left out. */
  async readLine(): Promise<string> {
    let end = -1;
    await this.#until(() => {
      const joined = this.#join();
      end = joined.indexOf(CR_LF);
      return end >= 0 || joined.length > MAX_LINE_BYTES;
    });
    if (end < 0) throw new Error('a line without an end was received');
    const line = this.#take(end).toString('utf8');
    this.#take(CR_LF.length);
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
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.#end(new Error(`${this.#host} sends far more than was asked for`));
        return;
      }
      this.#received.push(chunk);
      this.#unread += chunk.length;
      this.#wake();
    });
    socket.on('connect', () => this.#wake());
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection was closed by the other side')));
  }

  #take(count: number): Buffer {
    const joined = this.#join();
    this.#received = [joined.subarray(count)];
    this.#unread -= count;
    return joined.subarray(0, count);
  }

  #join(): Buffer {
    const [first, ...others] = this.#received;
    if (first && others.length === 0) return first;
    const joined = Buffer.concat(this.#received);
    this.#received = [joined];
    return joined;
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
