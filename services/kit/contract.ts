/**
 * What every service type offers and what it is given. A type answers two questions apart:
 * what must run (`start`) and what the app sees (`bind`, which is pure).
 */
import type { Json } from './json.ts';

/** Which platform's layout of labels and credentials is wanted. */
export type Dialect = 'stackato' | 'cloud-foundry';

/** Minted once per service instance and kept for its whole life, across restarts of everything. */
export interface Identity {
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

/** Where a running (or planned) service instance is reached. One vocabulary for all types. */
export interface Endpoint extends Identity {
  readonly host: string;
  /** TCP port, 1..65535. */
  readonly port: number;
}

/** A variable a binding would like to set, e.g. `MEMCACHE_URL`. Whether it is set is the runtime's decision. */
export interface UrlVariable {
  readonly variable: string;
  /** Further names that get the same value. */
  readonly aliases: readonly string[];
  readonly value: string;
}

/** What an app sees of one service instance it is bound to. Plain, stable JSON. */
export interface Binding {
  /** `memcached-1.4` in the Stackato layout, the offering's name in Cloud Foundry's. */
  readonly label: string;
  readonly plan: string;
  readonly tags: readonly string[];
  /** The platform's exact field set, in its order. */
  readonly credentials: Readonly<Record<string, Json>>;
  readonly url?: UrlVariable;
  /** True for the types that count towards `DATABASE_URL`. */
  readonly relational?: boolean;
}

export interface ServiceContext extends Identity {
  /** The service instance's name in its space, for log lines. */
  readonly serviceName: string;
  /** Loopback address to bind. */
  readonly host: string;
  /** The port to listen on; 0 means any free one. A taken port is a `SERVICE_PORT_TAKEN` error, never another port. */
  readonly port: number;
  /** A private folder (0700) for this instance; may not exist yet. */
  readonly dataDir: string;
  /** Cuts a start short. */
  readonly signal?: AbortSignal;
  /** One line for the service's log. */
  readonly log: (text: string) => void;
}

export interface ServiceInstance extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** Rejects if the instance can no longer serve; never resolves. */
  readonly failed: Promise<never>;
  /** The process that serves, when it is not ours. */
  readonly pid?: number;
  stats(): Promise<Readonly<Record<string, string | number>>>;
}

export interface ServiceType<Options = unknown> {
  /** The name written in a manifest: `memcached`. */
  readonly type: string;
  /** Emulated versions; the last one is the label's. */
  readonly versions: readonly string[];
  /** One line for `marketplace`. */
  readonly summary: string;
  /**
   * Checks options as a manifest gives them.
   * @throws ServiceError `SERVICE_OPTIONS_INVALID` with the offending path in `facts.path`
   */
  readOptions(raw: unknown): Options;
  /** Fresh user, password and name in the form the platform mints them. */
  mint(): Identity;
  /**
   * Resolves when the instance can serve.
   * @throws ServiceError
   */
  start(options: Options, context: ServiceContext): Promise<ServiceInstance>;
  /** What an app sees. Needs no running instance. */
  bind(endpoint: Endpoint, dialect: Dialect, options: Options): Binding;
}
