/**
 * Sends an app's log lines elsewhere, as the platforms' drains do. The URL says how: `udp://` one packet a line and
 * `tcp://` one line after the other, in Stackato's form; `syslog://`, `syslog-tls://` and `https://` in Cloud Foundry's.
 * A server that is away costs lines, which are counted and said, and never holds up the app.
 */
import { apptailJson, apptailLine, syslogMessage, type DrainedApp } from './drain-format.ts';
import { HttpsSender, StreamSender, UdpSender, type Sender } from './drain-senders.ts';
import type { LogLine } from './types.ts';

export interface DrainOptions {
  readonly name: string;
  readonly url: string;
  /** Lines as JSON, where they are sent in Stackato's form. */
  readonly json: boolean;
  readonly app: DrainedApp;
  /** Told when lines were lost, and when it cannot be reached. */
  readonly say: (text: string) => void;
}

const SCHEMES = ['udp:', 'tcp:', 'syslog:', 'syslog-tls:', 'https:'];

/** Why a URL is no drain, in half a sentence; undefined where it is one. */
export function drainProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'it is no URL';
  const { protocol, port, hostname: host } = new URL(url);
  if (!SCHEMES.includes(protocol)) return 'only udp, tcp, syslog, syslog-tls and https are known';
  const needsPort = protocol !== 'https:';
  if (host === '' || (needsPort && port === '')) return 'it needs a host and a port';
  return undefined;
}

export class Drain implements AsyncDisposable {
  readonly #form: (line: LogLine) => string;
  readonly #sender: Sender;

  /** @param options with a URL that `drainProblem` finds nothing wrong with */
  constructor(options: DrainOptions) {
    const url = new URL(options.url);
    const { app, json, say } = options;
    const tags = url.searchParams.get('disable-metadata') !== 'true';
    const to = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port), say };
    const apptail = json ? (line: LogLine) => apptailJson(line, app) : apptailLine;
    switch (url.protocol) {
      case 'udp:':
        this.#form = apptail;
        this.#sender = new UdpSender(to);
        break;
      case 'tcp:':
        this.#form = (line) => `${apptail(line).replaceAll('\n', ' ')}\n`;
        this.#sender = new StreamSender(to);
        break;
      case 'https:':
        this.#form = (line) => syslogMessage(line, app, tags);
        this.#sender = new HttpsSender({ url, say });
        break;
      default:
        // Counted in bytes in front, as RFC 6587 has it: a line may hold anything.
        this.#form = (line) => counted(syslogMessage(line, app, tags));
        this.#sender = new StreamSender({ ...to, tls: url.protocol === 'syslog-tls:' });
    }
  }

  send(line: LogLine): void {
    this.#sender.send(this.#form(line));
  }

  /** Sends what waits, as far as the server takes it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender.close();
  }
}

const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;
