import { CLASSES_MAX } from './slab-classes.ts';
import { COLD, HOT, LISTS, TEMP, WARM } from './lru.ts';

/** Counters of requests, by memcached's names. `stats reset` sets them to zero. */
export class Counters {
  cmdGet = 0;
  cmdFlush = 0;
  cmdTouch = 0;
  cmdMeta = 0;
  getMisses = 0;
  getExpired = 0;
  getFlushed = 0;
  deleteMisses = 0;
  incrMisses = 0;
  decrMisses = 0;
  casMisses = 0;
  touchMisses = 0;
  storeTooLarge = 0;
  storeNoMemory = 0;
  authCommands = 0;
  authErrors = 0;
  idleKicks = 0;
  readBufferOom = 0;
  /** How often the system refused memory for items or their index. */
  mallocFails = 0;
  bytesRead = 0;
  bytesWritten = 0;
  connYields = 0;
  totalItems = 0;
  totalConnections = 0;
  rejectedConnections = 0;
  listenDisabled = 0;
  listenDisabledUs = 0;
  crawlerStarts = 0;
  juggles = 0;
  /** Pages given to another class, and what became of the items in them. */
  pagesMoved = 0;
  reassignRescues = 0;
  reassignChunkRescues = 0;
  reassignEvictions = 0;
  /** How often every page of a class was in use. */
  reassignBusy = 0;
  logDropped = 0;
  logWritten = 0;
  logSkipped = 0;
  logSent = 0;
  /** Requests that found their item, per LRU list. */
  readonly listHits = new Float64Array(LISTS);
  readonly setsOf = new Float64Array(CLASSES_MAX);
  readonly touchHitsOf = new Float64Array(CLASSES_MAX);
  readonly deleteHitsOf = new Float64Array(CLASSES_MAX);
  readonly incrHitsOf = new Float64Array(CLASSES_MAX);
  readonly decrHitsOf = new Float64Array(CLASSES_MAX);
  readonly casHitsOf = new Float64Array(CLASSES_MAX);
  readonly casBadOf = new Float64Array(CLASSES_MAX);
}

/** Counters of what the LRU lists did, each per list. */
export class ListCounters {
  readonly evicted = new Float64Array(LISTS);
  readonly evictedNonzero = new Float64Array(LISTS);
  /** Seconds the last evicted item had been idle. */
  readonly evictedTime = new Float64Array(LISTS);
  readonly outOfMemory = new Float64Array(LISTS);
  readonly reclaimed = new Float64Array(LISTS);
  readonly expiredUnfetched = new Float64Array(LISTS);
  readonly evictedUnfetched = new Float64Array(LISTS);
  readonly evictedActive = new Float64Array(LISTS);
  readonly crawlerReclaimed = new Float64Array(LISTS);
  readonly crawlerChecked = new Float64Array(LISTS);
  readonly heldAtTail = new Float64Array(LISTS);
  readonly movesToCold = new Float64Array(LISTS);
  readonly movesToWarm = new Float64Array(LISTS);
  readonly movesWithin = new Float64Array(LISTS);
  readonly directReclaims = new Float64Array(LISTS);
}

export function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

const SEGMENTS: readonly number[] = [HOT, WARM, COLD, TEMP];

/** Of all lists of a class. */
export function sumOfLists(values: ArrayLike<number>, id: number): number {
  return SEGMENTS.reduce((total, segment) => total + values[id | segment]!, 0);
}
