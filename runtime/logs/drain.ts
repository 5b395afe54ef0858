/**
 * Sends an app's log lines to a syslog server, as Stackato's drains do: over UDP one packet a line, over TCP one line
 * after the other. A server that is away costs lines, which are counted and said, and never holds up the app.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { LogLine } from './types.ts';

export interface DrainOptions {
  readonly name: string;
  /** `udp://host:port` or `tcp://host:port`. */
  readonly url: string;
  /** Lines as JSON instead of syslog's format. */
  readonly json: boolean;
  /** Told when lines were lost, and when it cannot be reached. */
  readonly say: (text: string) => void;
}

/** What may wait for a server that is slow or away. */
const MAX_WAITING_BYTES = 1024 * 1024;
const RETRY_MS = [100, 500, 2000, 10_000];
const CONNECT_MS = 5000;

/** Why a URL is no drain, in half a sentence; undefined where it is one. */
export function drainProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'it is no URL';
  const { protocol, port, hostname: host } = new URL(url);
  if (protocol !== 'udp:' && protocol !== 'tcp:') return 'only udp:// and tcp:// are known';
  return port === '' || host === '' ? 'it needs a host and a port' : undefined;
}

export class Drain implements AsyncDisposable {
  readonly #options: DrainOptions;
  readonly #sender: { send(text: string): void; close(): Promise<void> };

  constructor(options: DrainOptions) {
    this.#options = options;
    const { protocol, port, hostname: host } = new URL(options.url);
    const to = { host: host.replace(/^\[|\]$/g, ''), port: Number(port), say: options.say };
    this.#sender = protocol === 'udp:' ? new UdpSender(to) : new TcpSender(to);
  }

  send(line: LogLine): void {
    this.#sender.send(this.#options.json ? JSON.stringify(line) : syslogLine(line));
  }

  /** Sends what waits, as far as the server takes it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender.close();
  }
}

/** RFC 5424: facility user; severity info for OUT, error for ERR. */
export function syslogLine(line: LogLine): string {
  const priority = 8 + (line.stream === 'ERR' ? 3 : 6);
  const source = `[${line.source}/${line.instance}]`;
  const host = hostname().replaceAll(/[^\x21-\x7e]/g, '-') || '-';
  const app = line.owner.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 48) || '-';
  return `<${priority}>1 ${new Date(line.at).toISOString()} ${host} ${app} ${source} - - ${line.text}`;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly say: (text: string) => void;
}

class UdpSender {
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

class TcpSender {
  readonly #target: Target;
  #socket: Socket | undefined;
  #connected = false;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(target: Target) {
    this.#target = target;
    this.#connect();
  }

  send(text: string): void {
    const line = `${text.replaceAll('\n', ' ')}\n`;
    const socket = this.#socket;
    if (this.#connected && socket && socket.writableLength <= MAX_WAITING_BYTES) {
      socket.write(line);
      return;
    }
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES || this.#connected) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
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
      const bound = setTimeout(() => socket.destroy(), 500);
      socket.once('close', () => {
        clearTimeout(bound);
        resolve();
      });
      socket.end();
    });
  }

  #connect(): void {
    const { host, port, say } = this.#target;
    const socket = connect({ host, port });
    this.#socket = socket;
    socket.unref();
    socket.setTimeout(CONNECT_MS, () => {
      if (!this.#connected) socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`));
    });
    let reason = 'it closed the connection';
    socket.once('connect', () => {
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
