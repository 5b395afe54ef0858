/** Bounds of `itemSizeMax`, in bytes. */
export const ITEM_LEAST = 1024;
export const ITEM_MOST = 1024 ** 3;
/** Of `hotPercent` and `warmPercent` together. */
export const SHARES_MOST = 80;

/** Everything a cache can be told at start, in memcached's terms, with memcached's defaults. */
export interface CacheSettings {
  /** `-m`, in bytes. */
  readonly memoryBytes: number;
  /** `-I`: largest item, header and key included. */
  readonly itemSizeMax: number;
  /** `-f` */
  readonly growthFactor: number;
  /** `-n`: least bytes for key, value and flags. */
  readonly chunkSize: number;
  /** Largest chunk, in bytes; a larger item's value is a run of small units. */
  readonly slabChunkMax: number;
  /** `-o slab_sizes=`: explicit chunk sizes, ascending. */
  readonly slabSizes: readonly number[] | undefined;
  /** False with `-C`. */
  readonly casEnabled: boolean;
  /** False with `-M`: a full cache answers with an error. */
  readonly evictions: boolean;
  /** False with `-F`. */
  readonly flushEnabled: boolean;
  /** False with `-X`. */
  readonly dumpEnabled: boolean;
  /** False with `-W`. */
  readonly watchEnabled: boolean;
  /** True with `-A`. */
  readonly shutdownCommand: boolean;
  /** `-c` */
  readonly maxConnections: number;
  /** True: a connection too many is told so and closed. False: it waits in the backlog. */
  readonly maxConnectionsFast: boolean;
  /** `-b` */
  readonly backlog: number;
  /** `-R`: what comes in one read is served together here, however many requests; `conn_yields` counts by it. */
  readonly requestsPerTurn: number;
  /** `-o idle_timeout`, 0 is never. */
  readonly idleTimeoutSeconds: number;
  /** `-B` */
  readonly protocol: Protocol;
  /** `-D`; collection is on from the start when `detail` is. */
  readonly prefixDelimiter: string;
  readonly detail: boolean;
  /** `-S` */
  readonly sasl: boolean;
  /** How many `-v`. */
  readonly verbosity: number;
  /** `-t`, reported but without effect. */
  readonly threads: number;
  /** Power of two of the hash table's first size; 0 is the default. */
  readonly hashPowerInit: number;
  /** Hot, warm and cold items apart; false is one list a class. */
  readonly lruSegmented: boolean;
  /** Whether items are moved between the lists in the background. */
  readonly lruMaintainer: boolean;
  /** Whether expired items are looked for in the background. */
  readonly lruCrawler: boolean;
  /** Reported but without effect: a crawl gives way to requests every few hundred items. */
  readonly lruCrawlerSleep: number;
  /** Items of a class that `lru_crawler crawl` looks at; 0 is all. */
  readonly lruCrawlerToCrawl: number;
  /** Shares of a class's bytes for hot and for warm items. */
  readonly hotPercent: number;
  readonly warmPercent: number;
  /** Parts of the age of the oldest cold item, after which an idle item is neither hot nor warm. */
  readonly hotMaxFactor: number;
  readonly warmMaxFactor: number;
  /** Whether items that live for at most `temporaryTtl` seconds have a list of their own. */
  readonly tempLru: boolean;
  readonly temporaryTtl: number;
  /** Whether `stats sizes` counts from the start. */
  readonly trackSizes: boolean;
  /** Whether pages may move to another class. */
  readonly slabReassign: boolean;
  /** 0: when told to, 1: by the age of items, 2: at every eviction. */
  readonly slabAutomove: number;
  /** Age of evicted to oldest items below which a page moves, and for how many seconds that is looked at. */
  readonly slabAutomoveRatio: number;
  readonly slabAutomoveWindow: number;
  /** Reported but without effect, as with memcached without storage. */
  readonly slabAutomoveFreeRatio: number;
  /** Reported but without effect. */
  readonly tailRepairSeconds: number;
  /** Log lines kept for a watcher that reads slowly. */
  readonly watcherBufferBytes: number;
  /** Reported but without effect. */
  readonly workerBufferBytes: number;
  /** For the unfinished requests of all clients together; 0 bounds each client's only. */
  readonly readBufferLimitBytes: number;
  /** Reported but without effect. */
  readonly hashAlgorithm: string;
}

export type Protocol = 'auto-negotiate' | 'ascii' | 'binary';

export const DEFAULT_SETTINGS: CacheSettings = {
  memoryBytes: 64 * 1024 * 1024,
  itemSizeMax: 1024 * 1024,
  growthFactor: 1.25,
  chunkSize: 48,
  slabChunkMax: 512 * 1024,
  slabSizes: undefined,
  casEnabled: true,
  evictions: true,
  flushEnabled: true,
  dumpEnabled: true,
  watchEnabled: true,
  shutdownCommand: false,
  maxConnections: 1024,
  maxConnectionsFast: true,
  backlog: 1024,
  requestsPerTurn: 20,
  idleTimeoutSeconds: 0,
  protocol: 'auto-negotiate',
  prefixDelimiter: ':',
  detail: false,
  sasl: false,
  verbosity: 0,
  threads: 4,
  hashPowerInit: 0,
  lruSegmented: true,
  lruMaintainer: true,
  lruCrawler: true,
  lruCrawlerSleep: 100,
  lruCrawlerToCrawl: 0,
  hotPercent: 20,
  warmPercent: 40,
  hotMaxFactor: 0.2,
  warmMaxFactor: 2,
  tempLru: false,
  temporaryTtl: 61,
  trackSizes: false,
  slabReassign: true,
  slabAutomove: 1,
  slabAutomoveRatio: 0.8,
  slabAutomoveWindow: 30,
  slabAutomoveFreeRatio: 0.01,
  tailRepairSeconds: 0,
  watcherBufferBytes: 256 * 1024,
  workerBufferBytes: 64 * 1024,
  readBufferLimitBytes: 0,
  hashAlgorithm: 'murmur3',
};
