/**
 * A request that leaves HTTP (WebSocket). The tunnel itself is `http-proxy`'s work; this is the only file that
 * imports it, and only when the first upgrade arrives, because loading it takes longer than a request.
 * We connect first and hand it the socket, since it closes the client on any error and a refused connection
 * is one we wait for; and we replace path and headers, which it would rewrite.
 */
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { ProxyServer } from 'http-proxy';
import { type Answer, endpointFailure } from './answers.ts';
import { DialTimeoutError } from './connections.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import { DEADLINE_EXCEEDED, failureOf } from './failure.ts';
import { forwardedOf, requestHeaders } from './headers.ts';
import type { RequestTarget } from './host.ts';
import { HELD_BODY_BYTES } from './limits.ts';
import { renderAnswer } from './pages.ts';
import type { RouteTarget } from './route-table.ts';

/** Hands out the one connection made already. */
class ConnectedAgent extends Agent {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }

  addRequest(request: ClientRequest): void {
    request.onSocket(this.#socket);
  }
}

export class UpgradeExchange extends Exchange {
  readonly #socket: Socket;
  readonly #head: Buffer;
  readonly #tunnels: Tunnels;
  readonly #bytesBefore: { readonly read: number; readonly written: number };
  #dial: Socket | undefined;
  #attempt: ClientRequest | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    target: RequestTarget,
    context: ExchangeContext,
    tunnels: Tunnels,
  ) {
    super(request, target, context);
    this.#socket = socket;
    this.#head = head;
    this.#tunnels = tunnels;
    this.#bytesBefore = { read: socket.bytesRead, written: socket.bytesWritten };
    socket.setTimeout(0);
    socket.on('error', () => {});
    // While the request waits nobody reads the socket; a client that leaves shows as its end.
    socket.once('end', () => {
      if (this.status === 0) socket.destroy();
    });
    socket.once('close', () => this.#closed());
  }

  /** A handshake has no body and asks for nothing to be done twice. */
  get repeatable(): boolean {
    return true;
  }

  get heldBytes(): number {
    return HELD_BODY_BYTES;
  }

  forward(target: RouteTarget): void {
    this.beginAttempt(target);
    this.#deadline ??= setTimeout(() => this.#timedOut(), this.context.requestTimeoutMs);
    const dial = new Socket();
    this.#dial = dial;
    const deadline = setTimeout(() => dial.destroy(new DialTimeoutError()), this.context.dialMs);
    dial.once('close', () => clearTimeout(deadline));
    dial.once('error', (error) => {
      if (dial === this.#dial && !this.#attempt) this.#failed(target, error);
    });
    dial.once('connect', () => {
      clearTimeout(deadline);
      this.#tunnels.open(this, target, dial).catch((error: unknown) => this.#failed(target, error as Error));
    });
    dial.setNoDelay(true);
    dial.connect({ host: target.endpoint.host, port: target.endpoint.port });
  }

  answer(answer: Answer): void {
    if (this.over || this.status !== 0) return;
    this.status = answer.status;
    this.routerError = answer.routerError;
    const page = renderAnswer(this.discreet(answer), false, this.id);
    const lines = [`HTTP/1.1 ${answer.status} ${answer.reason}`, 'Connection: close'];
    for (let at = 0; at < page.headers.length; at += 2)
      lines.push(`${page.headers[at]}: ${page.headers[at + 1]}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${page.body}`);
    this.#socket.destroySoon();
  }

  /** Called by `Tunnels` with the request that is about to be sent. */
  prepare(attempt: ClientRequest, target: RouteTarget): void {
    this.#attempt = attempt;
    attempt.path = this.target.path;
    for (const name of attempt.getHeaderNames()) attempt.removeHeader(name);
    const { rawHeaders, headers } = this.request;
    const sent = requestHeaders(rawHeaders, {
      authority: this.target.authority,
      target,
      requestId: this.id,
      clientIp: this.clientIp,
      forwarded: forwardedOf(headers, this, target.entry.dialect),
      at: this.at,
      connection: headers.connection,
      framing: 'none',
      announceEmpty: false,
      upgrade: headers.upgrade ?? 'websocket',
    });
    for (let at = 0; at < sent.length; at += 2) attempt.appendHeader(sent[at] ?? '', sent[at + 1] ?? '');
    attempt.once('upgrade', () => {
      clearTimeout(this.#deadline);
      this.status = 101;
      this.becameEndless();
    });
    attempt.once('response', (answer) => {
      clearTimeout(this.#deadline);
      this.status = answer.statusCode ?? 0;
      answer.once('close', () => {
        if (!answer.complete) this.#socket.destroy();
      });
    });
  }

  /** The proxy closes the client right after this; before an answer that must not be in silence. */
  brokeDown(target: RouteTarget, error: Error): void {
    if (this.over || this.status !== 0) return;
    this.answer(endpointFailure(failureOf(error, target.address, false).detail, target.entry));
  }

  get client(): { readonly socket: Socket; readonly head: Buffer } {
    return { socket: this.#socket, head: this.#head };
  }

  #failed(target: RouteTarget, error: Error): void {
    if (this.over || this.status !== 0) return;
    this.#dial?.destroy();
    this.endAttempt();
    this.context.failed(this, failureOf(error, target.address, false));
  }

  #timedOut(): void {
    if (this.over || this.status !== 0) return;
    this.#dial?.destroy();
    this.endAttempt();
    this.context.failed(this, DEADLINE_EXCEEDED);
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    this.#attempt?.destroy();
    this.#dial?.destroy();
    this.requestBytes = this.#socket.bytesRead - this.#bytesBefore.read + this.#head.length;
    this.responseBytes = this.#socket.bytesWritten - this.#bytesBefore.written;
    this.finish();
  }
}

/** The package, loaded once, and which exchange each of its requests belongs to. */
export class Tunnels {
  #loading: Promise<ProxyServer> | undefined;
  readonly #opening = new WeakMap<IncomingMessage, (attempt: ClientRequest) => void>();

  /** Rejects when the package cannot be loaded. */
  async open(exchange: UpgradeExchange, target: RouteTarget, dial: Socket): Promise<void> {
    const proxy = await (this.#loading ??= this.#load());
    if (exchange.over) {
      dial.destroy();
      return;
    }
    const { request } = exchange;
    const { socket, head } = exchange.client;
    this.#opening.set(request, (attempt) => exchange.prepare(attempt, target));
    const agent = new ConnectedAgent(dial);
    const { host, port } = target.endpoint;
    // `toProxy` keeps it from parsing the path, which it would not give back as it was.
    const options = { target: { host, port, protocol: 'http:' }, agent, toProxy: true };
    proxy.ws(request, socket, head, options, (error) => exchange.brokeDown(target, error));
  }

  async #load(): Promise<ProxyServer> {
    const { createProxyServer } = await import('http-proxy');
    const proxy = createProxyServer({});
    proxy.on('proxyReqWs', (attempt, request) => this.#opening.get(request)?.(attempt));
    return proxy;
  }
}
