/**
 * A plain request, carried by `node:http` with our own pipes: headers keep case, order and duplicates, the
 * path stays byte for byte, either side's early end is told to the other, nothing is buffered whole.
 */
import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { type Answer, badRequest } from './answers.ts';
import { type ConnectionWish, Connections, InstanceSocket } from './connections.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import { DEADLINE_EXCEEDED, failureOf } from './failure.ts';
import { answerHead, forwardedOf, requestHeaders, trailerPairs } from './headers.ts';
import type { RequestTarget } from './host.ts';
import { BACKEND_IDLE_MS, FRESH_IDLE_MS, HELD_BODY_BYTES, LINGER_MS, MAX_HEADER_BYTES } from './limits.ts';
import { prefersHtml, renderAnswer } from './pages.ts';
import type { RouteTarget } from './route-table.ts';
import { stickyCookie } from './sticky.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Methods for which Node's client assumes a body, and would send `Transfer-Encoding: chunked` without a length. */
const BODY_EXPECTED = (method: string): boolean => !SAFE_METHODS.has(method) && method !== 'DELETE';

export class PlainExchange extends Exchange {
  readonly #response: ServerResponse;
  readonly #connections: Connections;
  readonly #framing: 'none' | 'length' | 'chunked';
  #attempt: ClientRequest | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #bodyStarted = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    context: ExchangeContext,
    connections: Connections,
  ) {
    super(request, target, context);
    this.#response = response;
    this.#connections = connections;
    const { headers } = request;
    const length = headers['content-length'];
    this.#framing =
      headers['transfer-encoding'] !== undefined
        ? 'chunked'
        : length === undefined || length === '0'
          ? 'none'
          : 'length';
    response.on('close', () => this.#closed());
  }

  get repeatable(): boolean {
    const { method = '', headers } = this.request;
    if (this.#framing !== 'none') return false;
    return (
      SAFE_METHODS.has(method) ||
      headers['idempotency-key'] !== undefined ||
      headers['x-idempotency-key'] !== undefined
    );
  }

  get heldBytes(): number {
    const { rawHeaders, headers } = this.request;
    let bytes = this.target.path.length;
    for (const text of rawHeaders) bytes += text.length;
    if (this.#framing === 'chunked') return bytes + HELD_BODY_BYTES;
    return bytes + Math.min(HELD_BODY_BYTES, Number(headers['content-length'] ?? 0));
  }

  forward(target: RouteTarget, fresh: boolean): void {
    const { method = 'GET', rawHeaders, headers } = this.request;
    this.beginAttempt(target);
    this.#deadline ??= setTimeout(() => this.#timedOut(), this.context.requestTimeoutMs);
    let attempt: ClientRequest;
    try {
      const options: RequestOptions & ConnectionWish = {
        host: target.endpoint.host,
        port: target.endpoint.port,
        address: target.address,
        maxIdleMs: fresh ? 0 : this.repeatable ? BACKEND_IDLE_MS : FRESH_IDLE_MS,
        agent: this.#connections,
        method,
        path: this.target.path,
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: requestHeaders(rawHeaders, {
          authority: this.target.authority,
          target,
          requestId: this.id,
          clientIp: this.clientIp,
          forwarded: forwardedOf(headers, this, target.entry.dialect),
          at: this.at,
          connection: headers.connection,
          framing: this.#framing,
          announceEmpty:
            this.#framing === 'none' && headers['content-length'] === undefined && BODY_EXPECTED(method),
        }),
      };
      attempt = httpRequest(options);
    } catch (error) {
      this.endAttempt();
      this.answer(badRequest(error instanceof Error ? error.message : String(error)));
      return;
    }
    this.#attempt = attempt;
    attempt.maxHeadersCount = 0;
    attempt.on('response', (answer) => this.#answered(attempt, target, answer));
    attempt.on('error', (error) => this.#failed(attempt, target, error));
    // However it ends, nobody is left waiting: an instance may switch to a protocol that was not asked for.
    attempt.on('close', () => this.#failed(attempt, target, new Error('closed without an answer')));
    attempt.on('information', (info) => this.#inform(info));
    if (this.#framing === 'none') {
      attempt.end();
      return;
    }
    attempt.on('continue', () => this.#response.writeContinue());
    attempt.on('socket', (socket) => {
      if (socket instanceof InstanceSocket) {
        socket.answerFirst = true;
        socket.once('writeFailed', () => this.#discardBody());
      }
      // Nothing of the body may be taken before there is a connection: another instance may have to get it.
      if (socket.connecting) socket.once('connect', () => this.#sendBody(attempt, socket));
      else this.#sendBody(attempt, socket);
    });
  }

  answer(answer: Answer): void {
    const response = this.#response;
    if (this.over) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.status = answer.status;
    this.routerError = answer.routerError;
    const page = renderAnswer(this.discreet(answer), this.#wantsPage(), this.id);
    this.responseBytes = this.request.method === 'HEAD' ? 0 : Buffer.byteLength(page.body);
    response.writeHead(answer.status, answer.reason, [...page.headers]);
    response.end(page.body);
  }

  #wantsPage(): boolean {
    const { method, headers } = this.request;
    return (method === 'GET' || method === 'HEAD') && prefersHtml(headers.accept);
  }

  #sendBody(attempt: ClientRequest, socket: Socket): void {
    if (this.#bodyStarted) return;
    this.#bodyStarted = true;
    const { request } = this;
    request.on('data', (chunk: Buffer) => {
      this.requestBytes += chunk.length;
      if (!attempt.destroyed && !attempt.write(chunk)) request.pause();
    });
    // Not the request's own `drain`: Node stops telling it once the answer is complete, and an app may read on.
    const resume = (): void => void request.resume();
    socket.on('drain', resume);
    attempt.once('close', () => socket.removeListener('drain', resume));
    request.on('end', () => {
      if (attempt.destroyed) return;
      if (this.#framing === 'chunked' && request.rawTrailers.length > 0) {
        attempt.addTrailers(trailerPairs(request.rawTrailers));
      }
      attempt.end();
    });
    request.on('error', () => {});
    // A client may send the head alone and the body later: the app shall see the head at once.
    setImmediate(() => {
      if (!attempt.destroyed && this.requestBytes === 0) attempt.flushHeaders();
    });
  }

  /** Nobody reads the rest of the body any more; the client still has to get rid of it to read its answer. */
  #discardBody(): void {
    this.request.removeAllListeners('data');
    this.request.resume();
  }

  #inform(info: { statusCode: number; statusMessage: string; rawHeaders: string[] }): void {
    const { socket } = this.#response;
    const passable = info.statusCode !== 100 && info.statusCode !== 101 && this.request.httpVersion === '1.1';
    // Without a socket an earlier answer on this connection is still being written; hints may be lost.
    if (!passable || !socket || this.#response.headersSent) return;
    const { headers } = answerHead(info.rawHeaders, this.id, false);
    let head = `HTTP/1.1 ${info.statusCode} ${info.statusMessage}\r\n`;
    for (let at = 0; at < headers.length; at += 2) {
      if (headers[at] !== 'X-Vcap-Request-Id') head += `${headers[at]}: ${headers[at + 1]}\r\n`;
    }
    socket.write(`${head}\r\n`, 'latin1');
  }

  #answered(attempt: ClientRequest, target: RouteTarget, answer: IncomingMessage): void {
    const { request } = this;
    const response = this.#response;
    if (this.over) {
      attempt.destroy();
      return;
    }
    const chunked = request.httpVersion === '1.1' && request.method !== 'HEAD';
    const head = answerHead(answer.rawHeaders, this.id, chunked);
    Connections.hint(attempt.socket, head.idleHintMs);
    if (target.entry.dialect === 'cloud-foundry') {
      const cookie = stickyCookie(
        head.setCookies,
        target.endpoint.instanceId,
        this.sticky,
        this.route?.path ?? '',
      );
      if (cookie !== undefined) head.headers.push('Set-Cookie', cookie);
    }
    this.status = answer.statusCode ?? 0;
    try {
      response.writeHead(this.status, answer.statusMessage ?? '', head.headers);
    } catch (error) {
      // The instance sent a head that must not be passed on, such as control characters in the status line.
      this.status = 0;
      attempt.on('error', () => {});
      attempt.destroy();
      this.#failed(attempt, target, error as Error);
      return;
    }
    if (head.eventStream) this.becameEndless();
    answer.on('data', (chunk: Buffer) => {
      this.responseBytes += chunk.length;
      // Whole in one piece, as most are: head and body leave together.
      if (chunk.length === head.contentLength) response.end(chunk);
      else if (!response.write(chunk)) answer.pause();
    });
    response.on('drain', () => answer.resume());
    answer.on('end', () => {
      if (response.writableEnded) return;
      if (answer.rawTrailers.length > 0) response.addTrailers(trailerPairs(answer.rawTrailers));
      response.end();
    });
    answer.on('error', () => {});
    answer.on('close', () => {
      // It died in the middle: an answer cut short must not look like a whole one.
      if (!answer.complete) response.destroy();
    });
    if (head.contentLength === 0 || !hasBody(request.method, this.status)) return;
    // The head must not wait for the first byte of the body (event streams), but travel with it when it is there.
    process.nextTick(() => {
      if (this.responseBytes === 0 && !response.writableEnded && !response.destroyed) response.flushHeaders();
    });
  }

  #failed(attempt: ClientRequest, target: RouteTarget, error: Error): void {
    if (attempt !== this.#attempt || this.over || this.status !== 0) return;
    this.#attempt = undefined;
    this.endAttempt();
    this.context.failed(this, failureOf(error, target.address, attempt.reusedSocket));
  }

  #timedOut(): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.destroy();
    if (this.status !== 0) {
      this.#response.destroy();
      return;
    }
    this.endAttempt();
    this.context.failed(this, DEADLINE_EXCEEDED);
  }

  /** The client has its whole answer, or is gone. */
  #closed(): void {
    clearTimeout(this.#deadline);
    const attempt = this.#attempt;
    const answered = this.#response.writableFinished;
    if (attempt && !answered) attempt.destroy();
    this.finish();
    if (this.request.complete || this.request.destroyed) return;
    // Answered before its body was over. Read on (to the app, if it still takes it), but not for ever.
    const { socket } = this.request;
    if (!attempt || attempt.destroyed) this.#discardBody();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    this.request.once('close', () => clearTimeout(linger));
  }
}

function hasBody(method: string | undefined, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}
