/** How lines are brought to those who get them. None holds anybody up: what cannot be sent is lost, counted and said. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { Agent, request } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Sender {
  send(text: string): void;
  /** Sends what waits, as far as the server takes it at once. */
  close(): Promise<void>;
}

/** What may wait for a server that is slow or away. */
const MAX_WAITING_BYTES = 1024 * 1024;
const RETRY_MS = [100, 500, 2000, 10_000];
const CONNECT_MS = 5000;
const CLOSE_MS = 500;

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly say: (text: string) => void;
}

export class UdpSender implements Sender {
  readonly #target: Target;
  readonly #socket: UdpSocket;
  #failed = false;

  constructor(target: Target) {
    this.#target = target;
    this.#socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4').unref();
    this.#socket.on('error', (error) => this.#onError(error));
  }

  send(text: string): void {
    const { host, port } = this.#target;
    this.#socket.send(text, port, host, (error) => error && this.#onError(error));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** Said once: UDP tells of few failures, and of those again and again. */
  #onError(error: Error): void {
    if (!this.#failed) this.#target.say(`cannot send to ${this.#target.host}: ${error.message}`);
    this.#failed = true;
  }
}

export class StreamSender implements Sender {
  readonly #target: Target & { readonly tls?: boolean };
  #socket: Socket | undefined;
  #connected = false;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(target: Target & { readonly tls?: boolean }) {
    this.#target = target;
    this.#connect();
  }

  send(text: string): void {
    const socket = this.#socket;
    if (this.#connected && socket && socket.writableLength <= MAX_WAITING_BYTES) {
      socket.write(text);
      return;
    }
    if (this.#waitingBytes + text.length > MAX_WAITING_BYTES || this.#connected) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket || !this.#connected) {
      socket?.destroy();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const bound = setTimeout(() => socket.destroy(), CLOSE_MS);
      socket.once('close', () => {
        clearTimeout(bound);
        resolve();
      });
      socket.end();
    });
  }

  #connect(): void {
    const { host, port, say, tls = false } = this.#target;
    const socket = tls
      ? connectTls({ host, port, servername: isIP(host) ? '' : host })
      : connect({ host, port });
    this.#socket = socket;
    socket.unref();
    socket.setTimeout(CONNECT_MS, () => {
      if (!this.#connected) socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`));
    });
    let reason = 'it closed the connection';
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.setTimeout(0);
      this.#connected = true;
      this.#failures = 0;
      for (const line of this.#waiting) socket.write(line);
      this.#waiting = [];
      this.#waitingBytes = 0;
      if (this.#lost > 0) say(`${this.#lost} lines were not sent while ${host}:${port} was away`);
      this.#lost = 0;
    });
    // What the server says is not for us; reading it is how its going away is noticed.
    socket.resume();
    socket.on('error', (error) => (reason = error.message));
    socket.once('close', () => {
      this.#connected = false;
      if (this.#closed) return;
      if (this.#failures === 0) say(`cannot reach ${host}:${port}: ${reason}; it is tried again`);
      const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#connect(), pause).unref();
    });
  }
}

/** One request a line, one after the other over one connection. */
export class HttpsSender implements Sender {
  readonly #url: URL;
  readonly #say: (text: string) => void;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #closed = false;

  constructor({ url, say }: { readonly url: URL; readonly say: (text: string) => void }) {
    this.#url = url;
    this.#say = say;
  }

  send(text: string): void {
    if (this.#waitingBytes + text.length > MAX_WAITING_BYTES) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    if (this.#timer === undefined) this.#sending ??= this.#sendAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const bound = setTimeout(() => this.#agent.destroy(), CLOSE_MS);
    await this.#sending;
    clearTimeout(bound);
    this.#agent.destroy();
  }

  async #sendAll(): Promise<void> {
    const { host } = this.#url;
    for (let text = this.#waiting[0]; text !== undefined; text = this.#waiting[0]) {
      const problem = await this.#post(text);
      if (problem !== undefined) {
        if (this.#failures === 0 && !this.#closed)
          this.#say(`cannot send to ${host}: ${problem}; it is tried again`);
        this.#retryLater();
        break;
      }
      this.#waiting.shift();
      this.#waitingBytes -= text.length;
      this.#failures = 0;
      if (this.#lost > 0) this.#say(`${this.#lost} lines were not sent while ${host} was away`);
      this.#lost = 0;
    }
    this.#sending = undefined;
  }

  #retryLater(): void {
    if (this.#closed) return;
    const pause = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending ??= this.#sendAll();
    }, pause).unref();
  }

  /** @returns why it was not taken */
  #post(text: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const headers = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) };
      const call = request(this.#url, { method: 'POST', agent: this.#agent, headers, timeout: CONNECT_MS });
      call.once('timeout', () => call.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)));
      call.once('error', (error) => resolve(error.message));
      call.once('response', (answer) => {
        const { statusCode = 0 } = answer;
        answer.resume();
        answer.once('close', () => resolve(statusCode < 300 ? undefined : `it answered ${statusCode}`));
      });
      call.end(text);
    });
  }
}
