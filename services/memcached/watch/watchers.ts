import type { Session } from '../protocol/session.ts';
import type { Clock } from '../store/clock.ts';
import type { Counters } from '../store/counters.ts';

/** What a watcher may ask for. */
export const FETCHERS = 1;
export const MUTATIONS = 2;
export const EVICTIONS = 4;
export const CONNEVENTS = 8;
export const SYSEVENTS = 16;
export const RAWCMDS = 32;
export const DELETIONS = 64;

export const WATCH_WORDS: Readonly<Record<string, number>> = {
  fetchers: FETCHERS,
  mutations: MUTATIONS,
  evictions: EVICTIONS,
  connevents: CONNEVENTS,
  sysevents: SYSEVENTS,
  rawcmds: RAWCMDS,
  deletions: DELETIONS,
  proxyreqs: 0,
  proxyevents: 0,
  proxyuser: 0,
};

const WATCHERS_MAX = 20;

interface Watcher {
  readonly session: Session;
  readonly wants: number;
  /** Lines not handed to the transport yet. */
  pending: string[];
  pendingBytes: number;
  /** Lines dropped since the last one that was sent. */
  skipped: number;
}

/** The connections that asked for a live log, and the lines on their way to them. */
export class Watchers {
  /** Everything that at least one watcher wants; 0 costs the others nothing. */
  wanted = 0;
  readonly #counters: () => Counters;
  readonly #clock: Clock;
  readonly #bufferBytes: number;
  readonly #onChange: () => void;
  readonly #list: Watcher[] = [];
  #lastId = 0;
  #scheduled = false;

  /**
   * @param bufferBytes what a watcher that reads slowly may leave unread before lines are dropped
   * @param onChange called when `wanted` changed
   */
  constructor(counters: () => Counters, clock: Clock, bufferBytes: number, onChange: () => void) {
    this.#counters = counters;
    this.#clock = clock;
    this.#bufferBytes = bufferBytes;
    this.#onChange = onChange;
  }

  get count(): number {
    return this.#list.length;
  }

  /** False if there are too many watchers. */
  add(session: Session, wants: number): boolean {
    if (this.#list.length >= WATCHERS_MAX) return false;
    this.#list.push({ session, wants, pending: [], pendingBytes: 0, skipped: 0 });
    this.wanted |= wants;
    this.#onChange();
    return true;
  }

  remove(session: Session): void {
    const at = this.#list.findIndex((watcher) => watcher.session === session);
    if (at < 0) return;
    this.#list.splice(at, 1);
    this.wanted = this.#list.reduce((all, watcher) => all | watcher.wants, 0);
    this.#onChange();
  }

  /** Tells every watcher of this kind. */
  log(kind: number, text: string): void {
    const now = this.#clock();
    const micros = Math.floor((now % 1000) * 1000);
    const line = `ts=${Math.floor(now / 1000)}.${micros} gid=${++this.#lastId} ${text}\n`;
    this.#counters().logWritten++;
    for (const watcher of this.#list) if ((watcher.wants & kind) !== 0) this.#queue(watcher, line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #queue(watcher: Watcher, line: string): void {
    if (watcher.pendingBytes + line.length > this.#bufferBytes) {
      watcher.skipped++;
      this.#counters().logSkipped++;
      return;
    }
    tellSkipped(watcher);
    watcher.pending.push(line);
    watcher.pendingBytes += line.length;
    this.#counters().logSent++;
  }

  /** Hands each watcher its lines, unless it has not read the last ones; then once it has. */
  #deliver(): void {
    this.#scheduled = false;
    for (const watcher of this.#list) {
      const { transport } = watcher.session;
      if (transport.blocked) continue;
      // With room again, what was lost is told without waiting for the next line.
      tellSkipped(watcher);
      if (watcher.pending.length === 0) continue;
      const bytes = Buffer.from(watcher.pending.join(''), 'latin1');
      watcher.pending = [];
      watcher.pendingBytes = 0;
      this.#counters().bytesWritten += bytes.length;
      if (!transport.send(bytes)) transport.afterDrain(() => this.#deliver());
    }
  }
}

function tellSkipped(watcher: Watcher): void {
  if (watcher.skipped === 0) return;
  watcher.pending.push(`skipped=${watcher.skipped}\n`);
  watcher.skipped = 0;
}
