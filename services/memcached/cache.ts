import { BinaryRequest } from './protocol/binary/packet.ts';
import { Connections } from './connections.ts';
import { Crawler } from './store/crawler.ts';
import { DEFAULT_SETTINGS, type CacheSettings } from './settings.ts';
import { Line } from './protocol/text/line.ts';
import { MetaFlags } from './protocol/meta/flags.ts';
import { PrefixStats } from './stats/prefixes.ts';
import { Reply } from './protocol/reply.ts';
import { Store } from './store/store.ts';
import * as lines from './watch/lines.ts';
import { EVICTIONS, FETCHERS, Watchers } from './watch/watchers.ts';
import type { Authentication } from './auth/authentication.ts';
import type { Clock } from './store/clock.ts';
import type { Memory } from './store/memory.ts';
import type { MovableClock } from './store/movable-clock.ts';
import type { Tap } from './tap.ts';
import type { Session } from './protocol/session.ts';

/** The version whose answers are given; clients take its features from it. */
export const VERSION = '1.6.18';

/** `-vvv` */
const TELLS_LOOKUPS = 3;

/** How a cache is reached, for its statistics. Filled in by whoever listens. */
export interface NetworkFacts {
  tcpPort: number;
  udpPort: number;
  /** As given with `-l`. */
  interfaces: string | undefined;
  socketPath: string | undefined;
  /** Octal access mask of the unix socket. */
  socketMask: number;
  /** `tcp:127.0.0.1:11211` and the like, one per listening socket. */
  readonly listeners: string[];
}

export interface CacheOptions {
  /** Any 32 bits nobody can guess: where keys lie in the index depends on them. */
  readonly seed: number;
  readonly settings?: Partial<CacheSettings>;
  /** Milliseconds since the epoch. */
  readonly clock?: Clock;
  /** Where the large blocks come from; the system unless said otherwise. */
  readonly memory?: Memory;
  /** Who may log in; undefined asks nobody. */
  readonly authentication?: Authentication | undefined;
  /** Lets clients move `clock`, with the debug build's command. */
  readonly debugClock?: MovableClock | undefined;
  /** Told what is said by whom, line by line: `-vv`. */
  readonly narrate?: ((line: string) => void) | undefined;
  /** Called by the `shutdown` command, where it is enabled. */
  readonly onShutdown?: ((graceful: boolean) => void) | undefined;
}

/** One cache without its sockets: the items, the reply under construction and what sessions share. */
export class Cache {
  readonly version = VERSION;
  readonly settings: CacheSettings;
  readonly store: Store;
  readonly reply: Reply;
  readonly line: Line;
  readonly meta = new MetaFlags();
  readonly binary = new BinaryRequest();
  readonly connections = new Connections();
  readonly watchers: Watchers;
  readonly crawler: Crawler;
  readonly prefixes: PrefixStats;
  readonly authentication: Authentication | undefined;
  readonly debugClock: MovableClock | undefined;
  readonly narrate: ((line: string) => void) | undefined;
  readonly onShutdown: ((graceful: boolean) => void) | undefined;
  readonly network: NetworkFacts = {
    tcpPort: 0,
    udpPort: 0,
    interfaces: undefined,
    socketPath: undefined,
    socketMask: 0o700,
    listeners: [],
  };
  /** False while connections wait because there are too many. */
  accepting = true;
  /** Writes down or spoils what is asked; undefined costs nothing. */
  tap: Tap | undefined;
  /** The session being served. */
  current: Session | undefined;
  /** What was looked up and not told yet: `-vvv`. */
  readonly lookups: string[] = [];

  constructor(options: CacheOptions) {
    const { seed, settings = {}, debugClock, clock = debugClock?.read ?? Date.now, memory } = options;
    const { authentication, narrate, onShutdown } = options;
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.authentication = authentication;
    this.debugClock = debugClock;
    this.narrate = narrate;
    this.onShutdown = onShutdown;
    this.store = new Store(this.settings, clock, seed, memory);
    this.reply = new Reply(this.store);
    this.line = new Line(this.store);
    this.crawler = new Crawler(this.store);
    this.prefixes = new PrefixStats(this.settings.prefixDelimiter, this.settings.detail);
    this.watchers = new Watchers(
      () => this.store.counters,
      clock,
      this.settings.watcherBufferBytes,
      () => this.#listen(),
    );
    if (narrate && this.settings.verbosity >= TELLS_LOOKUPS) this.#listen();
  }

  /** Each request is told or written down on its own: those that follow each other must not be served together. */
  get oneByOne(): boolean {
    return this.tap !== undefined || this.narrate !== undefined || this.store.onLookup !== undefined;
  }

  /** Has the store report what watchers want, and nothing else. */
  #listen(): void {
    const { store, watchers, lookups } = this;
    const watched = (watchers.wanted & FETCHERS) !== 0;
    const told = this.narrate !== undefined && this.settings.verbosity >= TELLS_LOOKUPS;
    store.onLookup =
      watched || told
        ? (at, length, item) => {
            if (told) lookups.push(lines.lookup(store, at, length, item));
            if (watched) {
              watchers.log(FETCHERS, lines.itemGet(store, at, length, item, this.current?.number ?? 0));
            }
          }
        : undefined;
    store.onEvict =
      (watchers.wanted & EVICTIONS) === 0
        ? undefined
        : (item) => watchers.log(EVICTIONS, lines.eviction(store, item));
  }
}
