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

export interface CacheHandle {
  /** Counts as no request. */
  get(key: string): Promise<CacheItem | undefined>;
  /** @throws RangeError for what cannot be stored */
  set(key: string, value: string | Uint8Array, options?: CacheItemOptions): Promise<void>;
  /** @returns whether it was there */
  delete(key: string): Promise<boolean>;
  /** In no order. */
  entries(): Promise<readonly CacheItem[]>;
}
