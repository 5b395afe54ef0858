import { Cache } from './cache.ts';
import { checkOptions, withoutUndefined } from './check-options.ts';
import { CacheSockets } from './server/cache-sockets.ts';
import { entries, type Entry } from './entries.ts';
import { deleteItem, evictItems, expireItems, getItem, setItem, type ItemOptions } from './items.ts';
import { resetStats } from './stats/reset.ts';
import { generalStats } from './stats/general.ts';
import type { RecordedCommand } from '../kit/cache-handle.ts';
import type { Faults } from '../kit/faults.ts';
import { lazily } from '../kit/lazily.ts';
import type { Authentication } from './auth/authentication.ts';
import type { CacheSettings } from './settings.ts';
import type { Clock } from './store/clock.ts';

// What only tests want is loaded with the first of them.
const loadPackedItems = lazily(() => import('./packed-items.ts'));
const loadTap = lazily(() => import('./tap.ts'));

export interface CacheServerOptions extends Partial<CacheSettings> {
  /** Address to bind; loopback unless said otherwise. */
  readonly host?: string;
  /** TCP port, 0 (the default) for any free one. */
  readonly port?: number;
  /** Path of a unix socket to listen on instead. */
  readonly path?: string;
  /** UDP port as well, 0 for any free one; none unless given. */
  readonly udpPort?: number;
  /** Milliseconds since the epoch. A test that passes its own moves time by hand. */
  readonly clock?: Clock;
  /** Who may log in, with SASL if that is on, else in the text protocol. Nobody has to if it is absent. */
  readonly users?: Iterable<readonly [user: string, password: string]>;
  /** 32 secret bits; drawn here unless given. */
  readonly seed?: number;
  /** False reads with documented means of Node only, which costs speed. */
  readonly readIntoArena?: boolean;
}

/** What a cache held at one moment. */
export interface ItemsCopy {
  /** Empties the cache and stores them again. Whose time passed meanwhile stays away. */
  restore(): void;
}

/** A running cache server in this thread. */
export interface CacheServer extends AsyncDisposable {
  readonly host: string;
  /** The bound TCP port; 0 on a unix socket. */
  readonly port: number;
  /** The bound UDP port; 0 if there is none. */
  readonly udpPort: number;
  /** memcached's general statistics by its names, in its order. */
  stats(): Readonly<Record<string, string | number>>;
  /** Forgets all items at once, as `flush_all` does. */
  flush(): void;
  /** As new: no items, and all that counts requests at zero. Clients stay connected. */
  reset(): void;
  /** Keeps a copy of all items that a client would see now, outside the heap. */
  copy(): Promise<ItemsCopy>;
  /** Copies of the items that a client would see now, in no order. Do not await between two of them. */
  entries(): IterableIterator<Entry>;
  /** A copy of the item with this key (UTF-8), if a client would see it. Counts as no request. */
  get(key: string): Entry | undefined;
  /**
   * Stores an item, as `set` does.
   * @throws RangeError for a bad key, time or flags, or a value above the item limit; Error if there is no memory
   */
  set(key: string, value: string | Uint8Array, options?: ItemOptions): void;
  /** Removes an item. @returns whether it was there */
  delete(key: string): boolean;
  /** Removes an item, or all, as if memory had run out. @returns how many */
  evict(key?: string): number;
  /** Has an item expire, or all that ever would. @returns how many */
  expire(key?: string): number;
  /** Whether commands are written down from now on. */
  record(on: boolean): Promise<void>;
  /** Those written down since the last `reset`, oldest first; the last ten thousand. */
  commands(): readonly RecordedCommand[];
  /** Outages on demand. */
  faults(): Promise<Faults>;
  /**
   * Listens on a unix socket as well, on which its owner (0600) speaks the text protocol without logging in,
   * even when there are too many clients. Asked again for the same path, it does nothing.
   * @throws the system's error
   */
  openConsole(path: string): Promise<void>;
  /** Drops every connection and stops listening. */
  stop(): Promise<void>;
}

const SOCKET_MASK = 0o700;
const SEED_BITS = 32;

/**
 * Starts a cache server that speaks memcached's protocols.
 * @throws CacheOptionsError if options are wrong, with all that is; the system's error if the address cannot be bound,
 * e.g. with code `EADDRINUSE`
 * @example
 * const cache = await createServer({ memoryBytes: 16 * 1024 * 1024 });
 * console.log(cache.port);
 * await cache.stop();
 */
export async function createServer(options: CacheServerOptions = {}): Promise<CacheServer> {
  checkOptions(options);
  const {
    host = '127.0.0.1',
    port = 0,
    path,
    udpPort,
    clock,
    users,
    seed = await drawSeed(),
    readIntoArena = true,
    ...settings
  } = options;
  const cache = new Cache({
    seed,
    settings: withoutUndefined(settings),
    ...(clock ? { clock } : {}),
    authentication: users && (await authenticationOf(users)),
  });
  const { store } = cache;
  cache.network.interfaces = host;
  const consoles = new Map<string, Promise<void>>();
  const sockets = new CacheSockets(cache, readIntoArena);
  const bound = await sockets.open({
    tcp: path === undefined ? [{ host, port }] : [],
    udp: udpPort === undefined ? [] : [{ host, port: udpPort }],
    unix: path === undefined ? undefined : { path, mask: SOCKET_MASK },
  });
  const reset = (): void => {
    store.clock.tick();
    store.flush(store.clock.now);
    resetStats(cache);
    cache.tap?.clear();
  };
  return {
    host,
    port: bound.tcp[0] ?? 0,
    udpPort: bound.udp[0] ?? 0,
    stats() {
      store.clock.tick();
      return Object.fromEntries(generalStats(cache));
    },
    flush() {
      store.clock.tick();
      store.counters.cmdFlush++;
      store.flush(store.clock.now);
    },
    reset,
    async copy() {
      const { PackedItems } = await loadPackedItems();
      const items = new PackedItems(cache);
      return {
        restore() {
          reset();
          items.putBack(cache);
        },
      };
    },
    entries() {
      store.clock.tick();
      return entries(store);
    },
    get: (key) => getItem(cache, key),
    set: (key, value, itemOptions = {}) => setItem(cache, key, value, itemOptions),
    delete: (key) => deleteItem(cache, key),
    evict: (key) => evictItems(cache, key),
    expire: (key) => expireItems(cache, key),
    async record(on) {
      if (!on && cache.tap === undefined) return;
      const { tapOf } = await loadTap();
      tapOf(cache).recording = on;
      if (cache.tap?.idle) cache.tap = undefined;
    },
    commands: () => cache.tap?.commands ?? [],
    faults: () => sockets.faults(),
    openConsole: (path) => {
      const opened = consoles.get(path) ?? sockets.listenConsole(path);
      consoles.set(path, opened);
      opened.catch(() => consoles.delete(path));
      return opened;
    },
    stop: () => sockets.close(),
    [Symbol.asyncDispose]: () => sockets.close(),
  };
}

// Both need Node's crypto module, which takes a tenth of a cache's start to load.

async function drawSeed(): Promise<number> {
  const { randomInt } = await import('node:crypto');
  return randomInt(2 ** SEED_BITS);
}

async function authenticationOf(
  users: Iterable<readonly [user: string, password: string]>,
): Promise<Authentication> {
  const { Authentication } = await import('./auth/authentication.ts');
  return new Authentication(users);
}
