import { Cache } from './cache.ts';
import { Listener } from './server/listener.ts';
import { generalStats } from './stats/general.ts';
import type { CacheSettings } from './settings.ts';
import type { Clock } from './store/clock.ts';
import { entries, type Entry } from './entries.ts';

export interface CacheServerOptions extends Partial<CacheSettings> {
  /** Address to bind; loopback unless said otherwise. */
  readonly host?: string;
  /** TCP port, 0 (the default) for any free one. */
  readonly port?: number;
  /** Milliseconds since the epoch. A test that passes its own moves time by hand. */
  readonly clock?: Clock;
  /** False reads with documented means of Node only, which costs speed. */
  readonly readIntoArena?: boolean;
}

/** A running cache server in this thread. */
export interface CacheServer extends AsyncDisposable {
  readonly host: string;
  /** The bound TCP port. */
  readonly port: number;
  /** memcached's general statistics by its names, in its order. */
  stats(): Readonly<Record<string, string | number>>;
  /** Forgets all items at once, as `flush_all` does. */
  flush(): void;
  /** The items that a client would see now, in no order. */
  entries(): IterableIterator<Entry>;
  /** Drops every connection and stops listening. */
  stop(): Promise<void>;
}

/**
 * Starts a cache server that speaks memcached's protocols.
 * @throws the system's error if the address cannot be bound, e.g. with code `EADDRINUSE`
 * @example
 * const cache = await createServer({ memoryBytes: 16 * 1024 * 1024 });
 * console.log(cache.port);
 * await cache.stop();
 */
export async function createServer(options: CacheServerOptions = {}): Promise<CacheServer> {
  const { host = '127.0.0.1', port = 0, clock = Date.now, readIntoArena = true, ...settings } = options;
  const cache = new Cache(settings, clock);
  const listener = new Listener(cache, { readIntoArena });
  await listener.listen({ host, port });
  return {
    host,
    port: listener.port,
    stats() {
      cache.store.clock.tick();
      return Object.fromEntries(generalStats(cache));
    },
    flush() {
      cache.store.clock.tick();
      cache.store.flush(0);
    },
    entries() {
      cache.store.clock.tick();
      return entries(cache.store);
    },
    stop: () => listener.close(),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}
