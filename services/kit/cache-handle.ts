/** A cache from the inside: for tests and for people, not for apps. */

/** One item as a client would see it: a copy. */
export interface CacheItem {
  readonly key: string;
  readonly value: Buffer;
  /** The client's 32 bits. */
  readonly flags: number;
  /** Milliseconds since the epoch at which it is gone; undefined is never. */
  readonly expires: number | undefined;
}

export interface CacheItemOptions {
  /** The client's 32 bits; 0 unless given. */
  readonly flags?: number;
  /** Seconds until it is gone, above 0; never unless given. */
  readonly ttlSeconds?: number;
}

/** One command that a client sent. */
export interface RecordedCommand {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** In the protocol's own words: `get`, `set`, `mg`. */
  readonly command: string;
  readonly keys: readonly string[];
  /** The lifetime it asked for, in seconds; absent where that is for ever. */
  readonly ttlSeconds?: number;
  /** Of the value that came along. */
  readonly bytes?: number;
  /** Of those that read: how many of the keys were there. */
  readonly hits?: number;
  readonly misses?: number;
  /** It was made to fail. */
  readonly failed?: true;
  /** How long the cache took over it. */
  readonly ms: number;
  /** The client's address: `127.0.0.1:40000`. */
  readonly client: string;
}

export interface CacheHandle {
  /** Counts as no request. */
  get(key: string): Promise<CacheItem | undefined>;
  /** @throws RangeError for what cannot be stored */
  set(key: string, value: string | Uint8Array, options?: CacheItemOptions): Promise<void>;
  /** @returns whether it was there */
  delete(key: string): Promise<boolean>;
  /** In no order. */
  entries(): Promise<readonly CacheItem[]>;
  /** Whether commands are written down from now on. */
  record(on: boolean): Promise<void>;
  /** Those written down since the last `reset`, oldest first; the last ten thousand. */
  commands(): Promise<readonly RecordedCommand[]>;
}
