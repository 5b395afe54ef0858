/** Speaks memcached's text protocol with a cache, one request at a time. */
import { createConnection, type Socket } from 'node:net';
import { stateSocket } from '../runtime/state/state-socket.ts';

const CR = 0x0d;
const LF = 0x0a;
/** A cache that answers nothing for so long will not. */
const ANSWER_MS = 10_000;

export interface CacheValue {
  readonly flags: number;
  /** Undefined for what stays until it is evicted. */
  readonly ttlSeconds: number | undefined;
  readonly value: Buffer;
}

export class CacheConsole implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended: Error | undefined;
  #onChange: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#onChange?.();
    });
    const end = (error?: Error) => {
      this.#ended ??= error ?? new Error('The cache closed the connection');
      this.#onChange?.();
    };
    socket.on('error', end);
    socket.on('close', () => end());
  }

  /** @throws the system's error; PaasError `STATE_NOT_WRITABLE` where no socket can have such a path */
  static async connect(path: string): Promise<CacheConsole> {
    using address = stateSocket(path);
    return await new Promise((resolve, reject) => {
      const socket = createConnection({ path: address.path });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new CacheConsole(socket));
      });
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** One line, and the line it is answered with. */
  async ask(request: string | Buffer): Promise<string> {
    this.#socket.write(request);
    this.#socket.write('\r\n');
    return this.line();
  }

  /** The lines up to `END`; a single other line is a refusal. */
  async *list(request: string): AsyncGenerator<string, string | undefined> {
    let line = await this.ask(request);
    if (/^(\w+_)?ERROR|^BUSY|^NOTSTARTED/.test(line)) return line;
    for (; line !== 'END'; line = await this.line()) yield line;
    return undefined;
  }

  /** An item by its key, any bytes, without counting as use of it. A string is a refusal. */
  async get(key: Buffer): Promise<CacheValue | string | undefined> {
    const line = await this.ask(`mg ${key.toString('base64')} b u f t v`);
    if (line === 'EN') return undefined;
    const [, length, flags, ttl] = /^VA (\d+) f(\d+) t(-?\d+)/.exec(line) ?? [];
    if (length === undefined) return line;
    const value = await this.#take(Number(length));
    await this.line(); // what ends the value
    return { flags: Number(flags), ttlSeconds: ttl === '-1' ? undefined : Number(ttl), value };
  }

  /** The next line, without its end. Text of one character per byte. @param boundMs Infinity for a log */
  async line(boundMs = ANSWER_MS): Promise<string> {
    let end = this.#received.indexOf(LF);
    while (end < 0) {
      await this.#more(boundMs);
      end = this.#received.indexOf(LF);
    }
    const stop = this.#received[end - 1] === CR ? end - 1 : end;
    const line = this.#received.toString('latin1', 0, stop);
    this.#received = this.#received.subarray(end + 1);
    return line;
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more(ANSWER_MS);
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  async #more(boundMs: number): Promise<void> {
    if (this.#ended) throw this.#ended;
    await new Promise<void>((resolve, reject) => {
      const timer =
        boundMs === Infinity
          ? undefined
          : setTimeout(() => reject(new Error(`The cache did not answer for ${boundMs} ms`)), boundMs);
      this.#onChange = () => {
        clearTimeout(timer);
        this.#onChange = undefined;
        resolve();
      };
    });
  }
}
