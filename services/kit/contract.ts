/**
 * What every service type offers and what it is given. A type answers two questions apart:
 * what must run (`start`) and what the app sees (`bind`, which is pure).
 */
import type { CacheHandle } from './cache-handle.ts';
import type { ExternalEngine } from './external.ts';
import type { Failer } from './failer.ts';
import type { Faults } from './faults.ts';
import type { Guardian } from './guardian.ts';
import type { Json } from './json.ts';
import type { PackageNames } from './package-manager.ts';

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
  /** TCP port, 1..65535; 0 for a type without one. */
  readonly port: number;
  /** What else a type's `bind` needs to know of this instance. Kept as long as the port. */
  readonly details?: Readonly<Record<string, Json>>;
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
  /** Absent for a service that no offering stands behind. */
  readonly plan?: string;
  readonly tags: readonly string[];
  /** The platform's exact field set, in its order. */
  readonly credentials: Readonly<Record<string, Json>>;
  readonly url?: UrlVariable;
  /** True for the types that count towards `DATABASE_URL`. */
  readonly relational?: boolean;
  /**
   * A variable there is one of per service, `STACKATO_HARBOR_<NAME>`, and without the name where only one of the type
   * is bound.
   */
  readonly named?: { readonly variable: string; readonly value: string };
  /** A folder to be had below the app's own: an app is told that place, in `STACKATO_FILESYSTEM` and the like. */
  readonly volume?: { readonly folder: string };
  /** Where the app's log lines are to be sent as well. */
  readonly syslogDrainUrl?: string;
}

/** Where engines are looked for. */
export interface EngineSearch {
  /** Folders that are looked into first, written as in PATH. */
  readonly searchPath?: string;
  /** Folders whose `node_modules` may hold an engine. */
  readonly packageFolders?: readonly string[];
  /** A private folder for what can be made anew, shared by all instances; may not exist yet. */
  readonly cacheDir?: string;
  /** Ends what is started, should we die. */
  readonly guardian?: Guardian;
}

/** What a machine has of one engine. */
export interface EngineReport {
  /** `PostgreSQL` */
  readonly product: string;
  /** The preferred one first. */
  readonly found: readonly {
    readonly file: string;
    readonly version: string;
    /** Why it is as good as none. */
    readonly problem?: string;
  }[];
  /** Lines that install it on this system, or for this user; none where no way is known. */
  readonly install: readonly string[];
}

/** What all instances of a type on one node share, as `kato config` shows it. */
export type NodeConfig = Readonly<Record<string, Json>>;

/** The platform's process that runs the instances of a type. */
export interface NodeType {
  /** `memcached_node` */
  readonly name: string;
  /** The keys that mean something here, with the platform's values. */
  readonly defaults: NodeConfig;
  /**
   * Checks a whole configuration.
   * @throws ServiceError `SERVICE_OPTIONS_INVALID` with the offending key in `facts.path`
   */
  check(config: NodeConfig): void;
  /** Most instances there may be. */
  capacity(config: NodeConfig): number;
}

/** Languages whose dependencies can be looked at. */
export type ClientLanguage = 'python' | 'node' | 'ruby';

export interface ServiceContext extends Identity, EngineSearch {
  /** The service instance's name in its space, for log lines. */
  readonly serviceName: string;
  /** Loopback address to bind. */
  readonly host: string;
  /** The port to listen on; 0 means any free one. A taken port is a `SERVICE_PORT_TAKEN` error, never another port. */
  readonly port: number;
  /** A private folder (0700) for this instance; may not exist yet. */
  readonly dataDir: string;
  /** The engine's version as the manifest asks for it: `9.1`. */
  readonly version?: string;
  /** The node's configuration, for types that have one. */
  readonly node?: NodeConfig;
  /** What an earlier start told of itself in its endpoint. */
  readonly details?: Readonly<Record<string, Json>>;
  /** Cuts a start short. */
  readonly signal?: AbortSignal;
  /** A service of our own serves in this thread: it starts sooner, and shares the thread with whoever started it. */
  readonly sameThread?: boolean;
  /** One line for the service's log. */
  readonly log: (text: string) => void;
  /** The engine ended by itself, or serves again after that. */
  readonly onEngine?: (moment: EngineMoment) => void;
}

export type EngineMoment =
  | { readonly moment: 'ended'; /** `SIGKILL`, `status 1` */ readonly exit: string }
  | { readonly moment: 'back'; /** Milliseconds without it. */ readonly ms: number };

export interface ServiceInstance extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** What serves, in a few words: `PostgreSQL 15.14 (/usr/lib/postgresql/15/bin/postgres)`. */
  readonly engine: string;
  /** Rejects if the instance can no longer serve; never resolves. */
  readonly failed: Promise<never>;
  /** The process that serves, when it is not ours. */
  readonly pid?: number;
  stats(): Promise<Readonly<Record<string, string | number>>>;
  /** Empties it: as it was when it was new. Clients stay connected. */
  reset(): Promise<void>;
  /**
   * Opens a unix socket (0600) at `path`, for as long as the instance lives, on which whoever may open the file
   * speaks the engine's own protocol without logging in. A second call with the same path does nothing.
   */
  openConsole?(path: string): Promise<void>;
  /** What is in it, a line each, for those types where that says more than figures. */
  contents?(): Promise<readonly string[]>;
  /** Keeps a copy of all it holds. Absent where the type cannot. */
  copy?(): Promise<ContentCopy>;
  /** What can be looked at and changed of a cache past its protocol. */
  readonly cache?: CacheHandle;
  /** Outages on demand. Absent where the server is not ours; a relay in front of it has them then. */
  readonly faults?: Faults;
}

/** What a service instance held at one moment. Disposing forgets it. */
export interface ContentCopy extends AsyncDisposable {
  /** Puts it back in place of what is there now. Clients stay connected. */
  restore(): Promise<void>;
}

/** A program of the engine's own that a person (or a pipe) talks to. */
export interface ClientProgram {
  /** Any of these does; the first one found is taken. */
  readonly names: readonly string[];
  readonly args: readonly string[];
  /** Secrets go here, where other users cannot read them. */
  readonly env: Readonly<Record<string, string>>;
  readonly packages: PackageNames;
}

export interface ServiceType<Options = unknown> {
  /** The name written in a manifest: `memcached`. */
  readonly type: string;
  /** Its instances have `faults` of their own. */
  readonly hasFaults?: true;
  /** Makes requests of one connection fail, for the faults of a relay. Without it a relay refuses to try. */
  failer?(): Failer;
  /** No relay may stand in front: it serves more than TCP. */
  readonly noRelay?: true;
  /** Nothing of it listens. */
  readonly portless?: true;
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
   * Begins what all instances share and what makes a start slow, for one that may come soon. Returns at once; what was
   * begun goes when it is disposed and no instance uses it.
   */
  prepare?(): AsyncDisposable;
  /**
   * Resolves when the instance can serve.
   * @throws ServiceError
   */
  start(options: Options, context: ServiceContext): Promise<ServiceInstance>;
  /** What an app sees. Needs no running instance. */
  bind(endpoint: Endpoint, dialect: Dialect, options: Options): Binding;
  /** What its instances share; without it nothing does. */
  readonly node?: NodeType;
  /**
   * Whole sentences for the log of an app whose dependencies will not get on with an instance like this.
   * @param dependsOn whether the app names this package among what it needs
   */
  warnings?(
    options: Options,
    node: NodeConfig,
    dependsOn: (language: ClientLanguage, name: string) => boolean,
  ): readonly string[];
  /** What there is of the engine it needs; a type that brings its own has none to look for. */
  engines?(where: EngineSearch): Promise<EngineReport>;
  /** How an engine that runs elsewhere is bound, by URL. */
  readonly external?: ExternalEngine;
  /** The engine's own client, for `dbshell` and `service NAME --connect`. */
  client?(endpoint: Endpoint): ClientProgram;
  /** What writes the content as text to standard output, for `dbexport`. */
  exporter?(endpoint: Endpoint): ClientProgram;
}
