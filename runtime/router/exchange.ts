/** One request from its arrival to its record, whichever way it is carried (plain or upgraded). */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { forForeigners, type Answer } from './answers.ts';
import { forwardedOf } from './headers.ts';
import type { RequestTarget } from './host.ts';
import type { Loads } from './loads.ts';
import { isForeign } from './origin.ts';
import type { Route, RouteTarget } from './route-table.ts';
import type { RequestRecord } from './types.ts';

/** Why an instance gave no answer. `detail` is in the words of the platform's router. */
export type Failure =
  /** No connection: nothing was sent. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The connection broke after the request was sent. */
  | { readonly kind: 'broken'; readonly detail: string; readonly reused: boolean }
  | { readonly kind: 'timed-out'; readonly detail: string };

/** What an exchange needs from the router. */
export interface ExchangeContext {
  readonly loads: Loads;
  readonly requestTimeoutMs: number;
  readonly dialMs: number;
  readonly onRequest: (record: RequestRecord) => void;
  /** An attempt failed before any of an answer reached the client. */
  failed(exchange: Exchange, failure: Failure): void;
  /** The exchange is over; nothing may be done with it any more. */
  ended(exchange: Exchange): void;
}

/** The platform's status for a client that went away before its answer; only ever seen in the log. */
const CLIENT_GONE = 499;

export abstract class Exchange {
  readonly id = randomUUID();
  readonly at = Date.now();
  readonly started = performance.now();
  readonly request: IncomingMessage;
  readonly target: RequestTarget;
  readonly clientIp: string;
  readonly clientPort: number | undefined;
  /** How it came in. */
  readonly proto: 'http' | 'https';
  protected readonly context: ExchangeContext;

  /** Neighbours in the list of requests under way; kept by `UnderWay` alone. */
  older: Exchange | undefined;
  newer: Exchange | undefined;

  /** How many requests of ours this one is nested in. */
  depth = 1;
  route: Route | undefined;
  chosen: RouteTarget | undefined;
  /** The instance a session cookie asked for. */
  sticky: string | undefined;
  attempts = 0;
  /** One repetition over a fresh connection was spent. */
  repeated = false;
  heldSince: number | undefined;
  refusedSince: number | undefined;
  over = false;

  protected requestBytes = 0;
  protected responseBytes = 0;
  protected status = 0;
  protected routerError: string | undefined;
  #loaded: string | undefined;
  #endless = false;
  #attemptStarted = 0;
  #backendMs = 0;

  constructor(request: IncomingMessage, target: RequestTarget, context: ExchangeContext) {
    this.request = request;
    this.target = target;
    this.context = context;
    this.clientIp = plainIp(request.socket.remoteAddress ?? '');
    this.clientPort = request.socket.remotePort;
    this.proto = (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  }

  /** May be sent a second time after it may have been received: no body, and a method or key that says so. */
  abstract readonly repeatable: boolean;
  /** What this request keeps in memory while it is held, at most. */
  abstract readonly heldBytes: number;

  /** Sends the request to an instance. `fresh`: not over a connection used before. */
  abstract forward(target: RouteTarget, fresh: boolean): void;
  /** Answers by the router itself. */
  abstract answer(answer: Answer): void;

  /** What of it this client may know. */
  protected discreet(answer: Answer): Answer {
    return isForeign(this.request.headers, this.target.authority) ? forForeigners(answer) : answer;
  }

  protected beginAttempt(target: RouteTarget): void {
    this.chosen = target;
    this.#loaded = target.endpoint.instanceId;
    this.context.loads.begin(this.#loaded);
    this.#attemptStarted = performance.now();
  }

  protected endAttempt(): void {
    if (this.#loaded === undefined) return;
    this.context.loads.end(this.#loaded, this.#endless);
    this.#loaded = undefined;
    this.#endless = false;
    this.#backendMs += performance.now() - this.#attemptStarted;
  }

  /** From here on it never ends by itself: nobody who drains the instance waits for it. */
  protected becameEndless(): void {
    if (this.#loaded === undefined || this.#endless) return;
    this.#endless = true;
    this.context.loads.becameEndless(this.#loaded);
  }

  /** Called once, when the client has its answer or is gone. */
  protected finish(): void {
    if (this.over) return;
    this.over = true;
    this.endAttempt();
    this.context.ended(this);
    const gone = this.status === 0;
    const seconds = (performance.now() - this.started) / 1_000;
    const { headers } = this.request;
    const endpoint = this.chosen?.endpoint;
    const entry = this.chosen?.entry ?? this.route?.entries[0];
    const forwarded = forwardedOf(headers, this, entry?.dialect ?? 'stackato');
    this.context.onRequest({
      at: this.at,
      app: entry?.app,
      host: this.target.authority,
      method: this.request.method ?? '',
      path: this.target.path,
      httpVersion: this.request.httpVersion,
      status: gone ? CLIENT_GONE : this.status,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      referer: headers.referer,
      userAgent: headers['user-agent'],
      clientAddress: `${this.clientIp}:${this.clientPort ?? 0}`,
      backendAddress: this.chosen?.address,
      forwardedFor: forwarded.for,
      forwardedProto: forwarded.proto,
      requestId: this.id,
      responseTime: seconds,
      routerTime: Math.max(0, seconds - this.#backendMs / 1_000),
      appId: entry?.appId,
      instanceIndex: endpoint?.instanceIndex,
      instanceId: endpoint?.instanceId,
      routerError: gone ? 'endpoint_failure (context canceled)' : this.routerError,
    });
  }
}

/** `::ffff:127.0.0.1` is how a dual-stack socket spells an IPv4 client. */
function plainIp(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
