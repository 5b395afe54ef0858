import type { Cache } from '../cache.ts';
import type { Stat } from './stats-of.ts';

/** `stats settings`: what the cache was told, in memcached's order. */
export function* settingStats(cache: Cache): Generator<Stat> {
  yield* limits(cache);
  yield* requests(cache);
  yield* memory(cache);
  yield* logs(cache);
  yield* ABSENT_STORAGE;
  yield ['slab_automove_freeratio', cache.store.tuning.slabAutomoveFreeRatio.toFixed(3)];
  yield* ABSENT_TLS;
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');

function* limits({ store, settings, network }: Cache): Generator<Stat> {
  yield ['maxbytes', store.limitBytes];
  yield ['maxconns', settings.maxConnections];
  yield ['tcpport', network.tcpPort];
  yield ['udpport', network.udpPort];
  yield ['inter', network.interfaces ?? 'NULL'];
  yield ['verbosity', store.tuning.verbosity];
  yield ['oldest', store.flushedUntil];
  yield ['evictions', settings.evictions ? 'on' : 'off'];
  yield ['domain_socket', network.socketPath ?? 'NULL'];
  yield ['umask', network.socketMask.toString(8)];
  yield ['shutdown_command', yes(settings.shutdownCommand)];
}

function* requests({ settings, network, prefixes, authentication }: Cache): Generator<Stat> {
  yield ['growth_factor', settings.growthFactor.toFixed(2)];
  yield ['chunk_size', settings.chunkSize];
  yield ['num_threads', settings.threads];
  // memcached has each thread serve each UDP socket, unless there are several.
  yield ['num_threads_per_udp', network.interfaces?.includes(',') ? 1 : settings.threads];
  yield ['stat_key_prefix', settings.prefixDelimiter];
  yield ['detail_enabled', yes(prefixes.enabled)];
  yield ['reqs_per_event', settings.requestsPerTurn];
  yield ['cas_enabled', yes(settings.casEnabled)];
  yield ['tcp_backlog', settings.backlog];
  yield ['binding_protocol', settings.protocol];
  yield ['auth_enabled_sasl', yes(settings.sasl)];
  yield ['auth_enabled_ascii', authentication?.file ?? 'no'];
  yield ['item_size_max', settings.itemSizeMax];
  yield ['maxconns_fast', yes(settings.maxConnectionsFast)];
}

function* memory({ store, settings }: Cache): Generator<Stat> {
  const { tuning } = store;
  yield ['hashpower_init', settings.hashPowerInit];
  yield ['slab_reassign', yes(settings.slabReassign)];
  yield ['slab_automove', tuning.slabAutomove];
  yield ['slab_automove_ratio', tuning.slabAutomoveRatio.toFixed(2)];
  yield ['slab_automove_window', tuning.slabAutomoveWindow];
  yield ['slab_chunk_max', settings.slabChunkMax];
  yield ['lru_crawler', yes(tuning.crawlerEnabled)];
  yield ['lru_crawler_sleep', tuning.crawlerSleep];
  yield ['lru_crawler_tocrawl', tuning.crawlerToCrawl];
  yield ['tail_repair_time', settings.tailRepairSeconds];
  yield ['flush_enabled', yes(settings.flushEnabled)];
  yield ['dump_enabled', yes(settings.dumpEnabled)];
  yield ['hash_algorithm', settings.hashAlgorithm];
  yield ['lru_maintainer_thread', yes(settings.lruMaintainer)];
  yield ['lru_segmented', yes(tuning.segmented)];
  yield ['hot_lru_pct', tuning.hotPercent];
  yield ['warm_lru_pct', tuning.warmPercent];
  yield ['hot_max_factor', tuning.hotMaxFactor.toFixed(2)];
  yield ['warm_max_factor', tuning.warmMaxFactor.toFixed(2)];
  yield ['temp_lru', yes(tuning.tempLru)];
  yield ['temporary_ttl', tuning.temporaryTtl];
}

function* logs({ store, settings }: Cache): Generator<Stat> {
  yield ['idle_timeout', settings.idleTimeoutSeconds];
  yield ['watcher_logbuf_size', settings.watcherBufferBytes];
  yield ['worker_logbuf_size', settings.workerBufferBytes];
  yield ['read_buf_mem_limit', settings.readBufferLimitBytes];
  yield ['track_sizes', yes(store.sizesSince !== undefined)];
  yield ['inline_ascii_response', 'no'];
}

/** External storage and TLS, which are not there: memcached's defaults, in its order. */
const ABSENT_STORAGE: readonly Stat[] = [
  ['ext_item_size', 512],
  ['ext_item_age', 4294967295],
  ['ext_low_ttl', 0],
  ['ext_recache_rate', 2000],
  ['ext_wbuf_size', 4194304],
  ['ext_compact_under', 0],
  ['ext_drop_under', 0],
  ['ext_max_sleep', 1000000],
  ['ext_max_frag', '0.80'],
];

const ABSENT_TLS: readonly Stat[] = [
  ['ext_drop_unread', 'no'],
  ['ssl_enabled', 'no'],
  ['ssl_chain_cert', '(null)'],
  ['ssl_key', '(null)'],
  ['ssl_verify_mode', 0],
  ['ssl_keyformat', 1],
  ['ssl_ciphers', 'NULL'],
  ['ssl_ca_cert', 'NULL'],
  ['ssl_wbuf_size', 16384],
  ['ssl_session_cache', 'no'],
  ['ssl_kernel_tls', 'no'],
  ['ssl_min_version', 'tlsv1.2'],
  ['num_napi_ids', '(null)'],
  ['memory_file', '(null)'],
];
