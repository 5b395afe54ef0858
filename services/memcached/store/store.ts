import { Arena, PAGES_MAX, PAGE_BYTES } from './arena.ts';
import { SecondClock, UPDATE_INTERVAL_SECONDS, type Clock } from './clock.ts';
import { Counters, ListCounters } from './counters.ts';
import { HashIndex } from './hash-index.ts';
import * as I from './item.ts';
import { ItemMemory } from './item-memory.ts';
import { Keys } from './keys.ts';
import { COLD, LruLists, SEGMENT_MASK, WARM } from './lru.ts';
import { LargeRuns } from './large-runs.ts';
import { countingRefusals, systemMemory } from './memory.ts';
import { Slabs } from './slabs.ts';
import { SlabClasses } from './slab-classes.ts';
import { PageMover } from './page-mover.ts';
import { Tuning } from './tuning.ts';
import type { CacheSettings } from '../settings.ts';

const MB = 1024 * 1024;
const CRLF_BYTES = 2;
/** How often an item is evicted, or moved towards that, for the place of one more. */
const INSERT_TRIES = 10;
const NEVER = -1;

/** Why an item was not found. */
export const NOT_FOUND = 0;
export const FLUSHED = 2;
export const EXPIRED = 3;

/**
 * The items of one cache: synchronous, accounted by the byte, with memcached's classes, segmented LRU and
 * expiry. It reads keys from the arena and hands out items as numbers; it knows neither sockets nor words.
 */
export class Store {
  readonly settings: CacheSettings;
  readonly arena: Arena;
  readonly classes: SlabClasses;
  readonly slabs: Slabs;
  readonly large: LargeRuns;
  readonly memory: ItemMemory;
  readonly mover: PageMover;
  readonly index: HashIndex;
  readonly keys: Keys;
  readonly lru: LruLists;
  readonly clock: SecondClock;
  readonly tuning: Tuning;
  counters = new Counters();
  listCounters = new ListCounters();
  /** Linked items and their nominal bytes. */
  items = 0;
  bytes = 0;
  /** Why the last `find` or `get` gave 0. */
  missed = NOT_FOUND;
  /** Items last used at or before this second are invisible; 0 is none. May lie in the future. */
  flushedUntil = 0;
  /** Items with a lower CAS are invisible once `flushedUntil` is reached; 0 is none. */
  flushedBelowCas = 0;
  /** The item that holds the value of the last successful storage command. */
  stored = 0;
  /** Items with a CAS from here on count in the size statistics; undefined if they are off. */
  sizesSince: number | undefined;
  /** Called before an item is evicted. */
  onEvict: ((item: number) => void) | undefined;
  /** Called with every key looked up, and what was found. */
  onLookup: ((at: number, length: number, item: number) => void) | undefined;
  /** Called when the system gave fewer pages than the limit asks for. */
  onShortage: ((pages: number) => void) | undefined;
  /** Pages the arena will have. */
  readonly #pages: number;
  readonly #sparePages: number;
  #presetBytes = 0;
  #limitBytes: number;
  #cas = 0;
  /** Second in which the system last refused any memory for items. */
  #refusedAt = NEVER;
  /** What `onShortage` was last called with. */
  #toldPages: number | undefined;

  /** @throws RangeError if there is no memory for the index, or for what is received and answered */
  constructor(settings: CacheSettings, clock: Clock, seed: number, memory = systemMemory) {
    this.settings = settings;
    this.tuning = new Tuning(settings);
    this.classes = new SlabClasses(settings);
    const pages = Math.floor(settings.memoryBytes / PAGE_BYTES);
    // Each class that has no page yet gets one even beyond the limit.
    this.#sparePages = this.classes.largest + Math.ceil(settings.itemSizeMax / PAGE_BYTES);
    this.#pages = Math.min(pages + this.#sparePages, PAGES_MAX);
    const counted = countingRefusals(memory, () => this.counters.mallocFails++);
    this.arena = new Arena(0, counted);
    this.slabs = new Slabs(this.arena, this.classes, this.#pages - this.#sparePages);
    this.large = new LargeRuns(this.slabs, this.classes);
    this.memory = new ItemMemory(this);
    this.mover = new PageMover(this);
    this.#limitBytes = settings.memoryBytes;
    this.index = new HashIndex(this.arena, settings.hashPowerInit || undefined, counted);
    this.keys = new Keys(this.arena, seed);
    this.lru = new LruLists(this.arena);
    this.clock = new SecondClock(clock);
    if (settings.trackSizes) this.sizesSince = this.nextCas();
  }

  /**
   * Reserves the memory for items. Apart from the constructor because so large a block makes the collector
   * run, which would double the time a cache takes to start; everything that serves requests calls it first.
   *
   * Where the system refuses so much, it has to do with half of it, or a quarter, and so on. Without any, whatever needs
   * memory is answered so, until a later call, in another second, gets some.
   */
  reserve(): void {
    if (this.arena.pages > 0 || this.clock.now === this.#refusedAt) return;
    let pages = this.#pages;
    while (pages > 0 && !this.#grow(pages)) pages = Math.floor(pages / 2);
    this.arena.used = true;
    if (pages === 0) this.#refusedAt = this.clock.now;
    else this.slabs.limit = Math.min(this.slabs.limit, pages);
    if (pages === this.#pages || pages === this.#toldPages) return;
    this.#toldPages = pages;
    this.onShortage?.(pages);
  }

  /** Asks again for the memory if all of it was refused. To be called from time to time. */
  reserveRefused(): void {
    if (this.#refusedAt !== NEVER) this.reserve();
  }

  /** Bytes that count against the limit though nothing lies in them. */
  get presetBytes(): number {
    return this.#presetBytes;
  }

  set presetBytes(bytes: number) {
    this.slabs.limit += Math.ceil(this.#presetBytes / PAGE_BYTES) - Math.ceil(bytes / PAGE_BYTES);
    this.#presetBytes = bytes;
  }

  /** @returns false, with nothing changed, if there is no such memory */
  #grow(pages: number): boolean {
    if (pages <= this.arena.pages) return true;
    try {
      const larger = this.arena.larger(pages);
      this.large.grow(pages); // first: its tables may be larger than there are pages
      this.slabs.grow(pages);
      this.arena.moveTo(larger, (page) => this.slabs.isFree(page));
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }

  /** The memory limit asked for. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** The visible item with this key, or 0; one that is expired or flushed is removed on the way. */
  find(at: number, length: number, hash: number): number {
    const item = this.#findVisible(at, length, hash);
    if (this.onLookup !== undefined) this.onLookup(at, length, item);
    return item;
  }

  #findVisible(at: number, length: number, hash: number): number {
    const item = this.index.find(at, length, hash);
    if (item === 0) {
      this.missed = NOT_FOUND;
      return 0;
    }
    const expires = this.arena.words[item * 2 + I.EXPIRES]!;
    if (this.flushedUntil !== 0 && this.isFlushed(item)) {
      this.unlink(item);
      this.counters.getFlushed++;
      this.missed = FLUSHED;
      return 0;
    }
    if (expires !== 0 && expires <= this.clock.now) {
      this.unlink(item);
      this.counters.getExpired++;
      this.missed = EXPIRED;
      return 0;
    }
    return item;
  }

  /** Notes that an item was read. Two reads make it active, which saves it at the tail of its list. */
  bump(item: number): void {
    const { words } = this.arena;
    const shape = words[item * 2 + I.SHAPE]!;
    if (!this.tuning.segmented) {
      words[item * 2 + I.SHAPE] = shape | I.FETCHED;
      this.refresh(item);
    } else if ((shape & I.ACTIVE) === 0) {
      if ((shape & I.FETCHED) === 0) words[item * 2 + I.SHAPE] = shape | I.FETCHED;
      else this.#activate(item, shape);
    }
  }

  /**
   * Makes a filled item visible under its key, which must not be in the index.
   * @returns false if the index is full and cannot grow, and nothing may be evicted for it
   */
  link(item: number): boolean {
    const hash = this.arena.words[item * 2 + I.HASH]!;
    if (!this.index.insert(item, hash) && !this.#insertInFull(item, hash)) return false;
    this.#join(item);
    this.stored = item;
    return true;
  }

  /** There is no memory for a larger index: another item has to give its place. */
  #insertInFull(item: number, hash: number): boolean {
    for (let tries = 0; tries < INSERT_TRIES && this.memory.makeRoomBeside(item); tries++) {
      if (this.index.insert(item, hash)) return true;
    }
    return false;
  }

  /** Puts a filled item in the place of `old`, which has the same key. */
  replace(old: number, item: number): void {
    this.index.replace(old, item);
    this.#leave(old);
    this.#join(item);
    this.stored = item;
  }

  unlink(item: number): void {
    this.index.remove(item);
    this.#leave(item);
  }

  /**
   * Moves an item to another chunk of the class whose chunk it has. Nobody may hold it.
   * @returns false if there is no free chunk
   */
  relocate(item: number, id: number): boolean {
    const to = this.slabs.takeOpen(id);
    if (to === 0) return false;
    const { bytes, words } = this.arena;
    bytes.copyWithin(to * 8, item * 8, item * 8 + this.classes.sizes[id]!);
    this.index.replace(item, to);
    this.lru.relocated(item, to, this.list(item));
    const run = this.memory.runs.get(item);
    if (run && (words[item * 2 + I.SHAPE]! & I.LARGE) !== 0) {
      this.memory.runs.delete(item);
      this.memory.runs.set(to, run);
    }
    if (this.stored === item) this.stored = to;
    words[item * 2 + I.SHAPE]! &= ~I.LINKED;
    this.slabs.give(item, id);
    return true;
  }

  /** Moves a large item's value elsewhere in the pages large items have. @returns false if there is no room */
  relocateValue(item: number): boolean {
    const old = this.memory.runs.get(item)!;
    const bytes = this.arena.words[item * 2 + I.LENGTH]! + CRLF_BYTES;
    const run = this.large.takeWithin(bytes);
    if (!run) return false;
    const from = this.large.at(old);
    this.arena.bytes.copyWithin(this.large.at(run), from, from + bytes);
    this.memory.runs.set(item, run);
    this.large.give(old);
    return true;
  }

  /** The next CAS, as a number below 2^53. */
  nextCas(): number {
    return this.settings.casEnabled ? ++this.#cas : 0;
  }

  setCas(item: number, cas: number): void {
    this.arena.words[item * 2 + I.CAS_LOW] = cas | 0;
    this.arena.words[item * 2 + I.CAS_HIGH] = Math.floor(cas / 2 ** 32);
  }

  setCasWords(item: number, low: number, high: number): void {
    this.arena.words[item * 2 + I.CAS_LOW] = low;
    this.arena.words[item * 2 + I.CAS_HIGH] = high;
  }

  setCas64(item: number, cas: bigint): void {
    this.arena.words[item * 2 + I.CAS_LOW] = Number(BigInt.asIntN(32, cas));
    this.arena.words[item * 2 + I.CAS_HIGH] = Number(BigInt.asIntN(32, cas >> 32n));
  }

  /** An item's CAS, exact below 2^53. */
  cas(item: number): number {
    const { words } = this.arena;
    return (words[item * 2 + I.CAS_HIGH]! >>> 0) * 2 ** 32 + (words[item * 2 + I.CAS_LOW]! >>> 0);
  }

  size(item: number): number {
    const { words } = this.arena;
    const word = item * 2;
    const withCas = this.settings.casEnabled;
    return I.nominalBytes(
      words[word + I.SHAPE]! & I.BYTE,
      words[word + I.FLAGS]!,
      words[word + I.LENGTH]!,
      withCas,
    );
  }

  list(item: number): number {
    return (this.arena.words[item * 2 + I.SHAPE]! >>> I.LIST_SHIFT) & I.BYTE;
  }

  isFlushed(item: number): boolean {
    const { words } = this.arena;
    if (this.flushedUntil === 0 || this.flushedUntil > this.clock.now) return false;
    if (words[item * 2 + I.USED]! <= this.flushedUntil) return true;
    if (this.flushedBelowCas === 0) return false;
    const cas = this.cas(item);
    return cas !== 0 && cas < this.flushedBelowCas;
  }

  /**
   * Makes everything stored so far invisible, at once or from a second on.
   * @param deadline second of the clock
   */
  flush(deadline: number): void {
    if (!this.settings.casEnabled) {
      this.flushedUntil = deadline;
      return;
    }
    // The CAS counter draws an exact line inside the current second; a later flush has whole seconds only.
    this.flushedUntil = deadline - 1;
    if (this.flushedUntil <= this.clock.now) this.flushedBelowCas = this.nextCas();
  }

  /**
   * Changes the memory limit. Pages in use beyond a lowered one are not taken away.
   * @returns false if there cannot be so much memory
   */
  setLimit(megabytes: number): boolean {
    const pages = Math.floor((megabytes * MB) / PAGE_BYTES);
    const wanted = pages + this.#sparePages;
    if (wanted > PAGES_MAX) return false;
    // Where memory is short, a limit that fits what there is can be set all the same.
    if (!this.#grow(wanted) && pages > this.arena.pages) return false;
    this.slabs.limit = pages - Math.ceil(this.#presetBytes / PAGE_BYTES);
    this.#limitBytes = megabytes * MB;
    return true;
  }

  #join(item: number): void {
    const size = this.size(item);
    const { words } = this.arena;
    const list = this.list(item);
    words[item * 2 + I.SHAPE]! |= I.LINKED;
    words[item * 2 + I.USED] = this.clock.now;
    this.setCas(item, this.nextCas());
    this.lru.link(item, list, size);
    this.items++;
    this.bytes += size;
    this.counters.totalItems++;
  }

  #leave(item: number): void {
    const size = this.size(item);
    this.lru.unlink(item, this.list(item), size);
    this.arena.words[item * 2 + I.SHAPE]! &= ~I.LINKED;
    this.items--;
    this.bytes -= size;
    if ((this.arena.words[item * 2 + I.SHAPE]! & I.HELD) === 0) this.memory.free(item);
  }

  #activate(item: number, shape: number): void {
    const { words } = this.arena;
    words[item * 2 + I.USED] = this.clock.now;
    if (((shape >>> I.LIST_SHIFT) & SEGMENT_MASK) === COLD) {
      this.lru.move(item, WARM, this.size(item));
      this.listCounters.movesToWarm[this.list(item)]!++;
    } else {
      words[item * 2 + I.SHAPE] = shape | I.ACTIVE;
    }
  }

  /** Renews the time of use. In a flat LRU, at most once a minute, the item goes to the head as well. */
  refresh(item: number): void {
    const { words } = this.arena;
    if (this.tuning.segmented) {
      words[item * 2 + I.USED] = this.clock.now;
      return;
    }
    if (words[item * 2 + I.USED]! >= this.clock.now - UPDATE_INTERVAL_SECONDS) return;
    words[item * 2 + I.USED] = this.clock.now;
    this.lru.move(item, this.list(item) & SEGMENT_MASK, this.size(item));
  }
}
