/** The router's face. The table it routes by is a value; the platform hands in a new one on every change. */
import type { SecureContext } from 'node:tls';

/** Where one instance of an app answers. */
export interface RouteEndpoint {
  readonly instanceId: string;
  readonly instanceIndex: number;
  /** `127.0.0.1` or `::1`. */
  readonly host: string;
  readonly port: number;
}

export type RouteState =
  /** Endpoints take requests. */
  | 'running'
  /** Nothing answers yet but will: requests are held. */
  | 'starting'
  /** Stopped on purpose, or scaled to 0. */
  | 'stopped'
  /** Crashed and waiting, or given up. */
  | 'crashed';

export interface RouteEntry {
  /** Lower case, no port. `*.example` is a wildcard. */
  readonly host: string;
  /** `''` or `/prefix` without a trailing slash. */
  readonly path: string;
  readonly app: string;
  readonly appId: string;
  readonly state: RouteState;
  /** Half a sentence shown to whoever waits: `restarting: app.py changed`. */
  readonly reason: string;
  /** It is started, and nobody wants an instance that takes requests. */
  readonly scaledToNone?: boolean;
  readonly endpoints: readonly RouteEndpoint[];
  readonly loadBalancing: 'round-robin' | 'least-connection';
  /** Which header set the app gets. */
  readonly dialect: 'stackato' | 'cloud-foundry';
  /** The last log lines, newest last, for the page that says why there is no answer. */
  readonly lastLogLines: () => readonly string[];
}

/** One finished request, for the `[RTR/0]` line and for `requests()`. */
export interface RequestRecord {
  readonly at: number;
  readonly app: string | undefined;
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly httpVersion: string;
  readonly status: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
  readonly clientAddress: string;
  readonly backendAddress: string | undefined;
  readonly forwardedFor: string;
  readonly forwardedProto: string;
  readonly requestId: string;
  /** Seconds from the first byte of the request to the last byte of the answer. */
  readonly responseTime: number;
  /** Seconds spent in the router itself (or held by it). */
  readonly routerTime: number;
  readonly appId: string | undefined;
  readonly instanceIndex: number | undefined;
  readonly instanceId: string | undefined;
  readonly routerError: string | undefined;
}

/** What is done to one request on purpose. */
export interface RouterDisturbance {
  /** Its connection ends without an answer. */
  readonly abort: boolean;
  /** It is looked at so much later. */
  readonly delayMs: number;
}

export interface RouterOptions {
  /** Asked for each request, where outages are wanted. */
  readonly disturbance?: () => RouterDisturbance | undefined;
  /** The port wanted; the next free one is taken unless `strictPort`. 0 means any. */
  readonly port: number;
  readonly strictPort: boolean;
  /** Called once per finished (or aborted) request. Must not throw. */
  readonly onRequest: (record: RequestRecord) => void;
  /** Held requests get their answer at the latest after this many milliseconds. */
  readonly holdMs?: number;
  /** How many requests are held at most, and how many bytes of their bodies. */
  readonly holdRequests?: number;
  readonly holdBytes?: number;
  /** One whole request to an instance, in milliseconds (900 s on the platform). */
  readonly requestTimeoutMs?: number;
  /** Connecting to an instance, in milliseconds (5 s on the platform). */
  readonly dialMs?: number;
  /** How long a request waits for an instance that refuses connections, in milliseconds. */
  readonly refusedMs?: number;
  /** Who holds a port that is taken, in words (`node (pid 812)`); for the error under `strictPort`. */
  readonly describeHolder?: (port: number) => string | undefined | Promise<string | undefined>;
}

/** What a client is shown of us, and what proves it. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly context: SecureContext;
}

export interface TlsOptions {
  /** As of `RouterOptions`. */
  readonly port: number;
  readonly strictPort: boolean;
  readonly describeHolder?: NonNullable<RouterOptions['describeHolder']>;
  /** Asked for each connection; `name` is the host the client wants to reach, undefined where it names none. */
  readonly certificateFor: (name: string | undefined) => ServerCertificate;
  /** A client ended the connection because it does not trust the certificate. */
  readonly onDistrust: () => void;
}

export interface Router extends AsyncDisposable {
  /** The port on 127.0.0.1 (and ::1 where there is one). */
  readonly port: number;
  /** Undefined until `listenTls`. */
  readonly tlsPort: number | undefined;
  /**
   * Answers HTTPS as well, on a port of its own; a second call changes nothing.
   * @throws PaasError `PORT_TAKEN`
   */
  listenTls(options: TlsOptions): Promise<void>;
  /** Replaces the table. Requests held for an app whose state changed go on at once. */
  update(entries: readonly RouteEntry[]): void;
  /** Whether any request is under way. */
  readonly busy: boolean;
  /** Resolves when no request is under way to this instance, or after `boundMs`. */
  drained(instanceId: string, boundMs: number): Promise<void>;
}
