import { RECEIVE_BYTES, REPLY_BYTES } from '../store/arena.ts';
import { sum } from '../store/counters.ts';
import type { Cache } from '../cache.ts';
import type { Stat } from './stats-of.ts';
import type { Store } from '../store/store.ts';

/** Descriptors kept for other uses than connections, as memcached counts them for each of its threads. */
const RESERVED_FDS_PER_THREAD = 5;

/** `stats`: memcached's general statistics in its order. */
export function* generalStats(cache: Cache): Generator<Stat> {
  yield* processStats(cache);
  yield* connectionCounts(cache);
  yield* requestCounts(cache);
  yield* machineryStats(cache);
  yield* storeStats(cache);
}

function* processStats({ store, version }: Cache): Generator<Stat> {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  yield ['pid', process.pid];
  yield ['uptime', store.clock.uptime];
  yield ['time', store.clock.unix];
  yield ['version', version];
  yield ['libevent', `${process.versions.uv}-libuv`]; // without a space: clients split at them
  yield ['pointer_size', 64];
  yield ['rusage_user', seconds(userCPUTime)];
  yield ['rusage_system', seconds(systemCPUTime)];
}

/** Microseconds as seconds with six digits behind the point. */
function seconds(micros: number): string {
  return (micros / 1e6).toFixed(6);
}

function* connectionCounts(cache: Cache): Generator<Stat> {
  const { connections, network, reply, settings } = cache;
  const { counters } = cache.store;
  yield ['max_connections', settings.maxConnections];
  yield ['curr_connections', connections.size];
  yield ['total_connections', counters.totalConnections];
  if (settings.maxConnectionsFast) yield ['rejected_connections', counters.rejectedConnections];
  yield ['connection_structures', connections.size + network.listeners.length];
  yield ['response_obj_oom', 0];
  yield ['response_obj_count', reply.buffersInUse];
  yield ['response_obj_bytes', reply.buffersInUse * REPLY_BYTES];
  yield ['read_buf_count', 1];
  yield ['read_buf_bytes', RECEIVE_BYTES];
  yield ['read_buf_bytes_free', 0];
  yield ['read_buf_oom', counters.readBufferOom];
  yield ['reserved_fds', RESERVED_FDS_PER_THREAD * settings.threads];
}

function* requestCounts({ store, settings }: Cache): Generator<Stat> {
  const { counters } = store;
  yield ['cmd_get', counters.cmdGet];
  yield ['cmd_set', sum(counters.setsOf)];
  yield ['cmd_flush', counters.cmdFlush];
  yield ['cmd_touch', counters.cmdTouch];
  yield ['cmd_meta', counters.cmdMeta];
  yield ['get_hits', sum(counters.listHits)];
  yield ['get_misses', counters.getMisses];
  yield ['get_expired', counters.getExpired];
  yield ['get_flushed', counters.getFlushed];
  yield ['delete_misses', counters.deleteMisses];
  yield ['delete_hits', sum(counters.deleteHitsOf)];
  yield ['incr_misses', counters.incrMisses];
  yield ['incr_hits', sum(counters.incrHitsOf)];
  yield ['decr_misses', counters.decrMisses];
  yield ['decr_hits', sum(counters.decrHitsOf)];
  yield ['cas_misses', counters.casMisses];
  yield ['cas_hits', sum(counters.casHitsOf)];
  yield ['cas_badval', sum(counters.casBadOf)];
  yield ['touch_hits', sum(counters.touchHitsOf)];
  yield ['touch_misses', counters.touchMisses];
  yield ['store_too_large', counters.storeTooLarge];
  yield ['store_no_memory', counters.storeNoMemory];
  yield ['auth_cmds', counters.authCommands];
  yield ['auth_errors', counters.authErrors];
  if (settings.idleTimeoutSeconds !== 0) yield ['idle_kicks', counters.idleKicks];
  yield ['bytes_read', counters.bytesRead];
  yield ['bytes_written', counters.bytesWritten];
}

function* machineryStats({ store, settings, crawler, watchers, accepting }: Cache): Generator<Stat> {
  const { counters, index } = store;
  yield ['limit_maxbytes', store.limitBytes];
  yield ['accepting_conns', accepting ? 1 : 0];
  yield ['listen_disabled_num', counters.listenDisabled];
  yield ['time_in_listen_disabled_us', counters.listenDisabledUs];
  yield ['threads', settings.threads];
  yield ['conn_yields', counters.connYields];
  yield ['hash_power_level', index.power];
  yield ['hash_bytes', index.byteLength];
  yield ['hash_is_expanding', index.expanding ? 1 : 0];
  if (settings.slabReassign) yield* slabReassignStats(store);
  if (store.tuning.crawlerEnabled) {
    yield ['lru_crawler_running', crawler.running ? 1 : 0];
    yield ['lru_crawler_starts', counters.crawlerStarts];
  }
  if (settings.lruMaintainer) yield ['lru_maintainer_juggles', counters.juggles];
  yield ['malloc_fails', counters.mallocFails];
  yield ['log_worker_dropped', counters.logDropped];
  yield ['log_worker_written', counters.logWritten];
  yield ['log_watcher_skipped', counters.logSkipped];
  yield ['log_watcher_sent', counters.logSent];
  yield ['log_watchers', watchers.count];
  yield ['unexpected_napi_ids', 0];
  yield ['round_robin_fallback', 0];
}

function* slabReassignStats({ counters, slabs, mover }: Store): Generator<Stat> {
  yield ['slab_reassign_rescues', counters.reassignRescues];
  yield ['slab_reassign_chunk_rescues', counters.reassignChunkRescues];
  yield ['slab_reassign_evictions_nomem', counters.reassignEvictions];
  yield ['slab_reassign_inline_reclaim', 0];
  yield ['slab_reassign_busy_items', counters.reassignBusy];
  yield ['slab_reassign_busy_deletes', 0];
  yield ['slab_reassign_running', mover.running ? 1 : 0];
  yield ['slabs_moved', counters.pagesMoved + slabs.moved];
}

function* storeStats({ store, settings }: Cache): Generator<Stat> {
  const { counters, listCounters } = store;
  yield ['bytes', store.bytes];
  yield ['curr_items', store.items];
  yield ['total_items', counters.totalItems];
  yield ['slab_global_page_pool', store.slabs.pool];
  yield ['expired_unfetched', sum(listCounters.expiredUnfetched)];
  yield ['evicted_unfetched', sum(listCounters.evictedUnfetched)];
  if (settings.lruMaintainer) yield ['evicted_active', sum(listCounters.evictedActive)];
  yield ['evictions', sum(listCounters.evicted)];
  yield ['reclaimed', sum(listCounters.reclaimed)];
  yield ['crawler_reclaimed', sum(listCounters.crawlerReclaimed)];
  yield ['crawler_items_checked', sum(listCounters.crawlerChecked)];
  yield ['lrutail_reflocked', sum(listCounters.heldAtTail)];
  if (!settings.lruMaintainer) return;
  yield ['moves_to_cold', sum(listCounters.movesToCold)];
  yield ['moves_to_warm', sum(listCounters.movesToWarm)];
  yield ['moves_within_lru', sum(listCounters.movesWithin)];
  yield ['direct_reclaims', sum(listCounters.directReclaims)];
  yield ['lru_bumps_dropped', 0];
}
