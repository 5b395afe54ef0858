import { randomInt } from 'node:crypto';
import { Reply } from './protocol/reply.ts';
import { Line } from './protocol/text/line.ts';
import { Store } from './store/store.ts';
import { DEFAULT_SETTINGS, type CacheSettings } from './settings.ts';
import type { Clock } from './store/clock.ts';
import type { Session } from './protocol/session.ts';

/** The version whose answers are given; clients take their features from it. */
const VERSION = '1.6.18';

const SEED_BITS = 32;

/** One cache without its sockets: the items, the reply under construction and what sessions share. */
export class Cache {
  readonly version = VERSION;
  readonly settings: CacheSettings;
  readonly store: Store;
  readonly reply: Reply;
  readonly line: Line;
  readonly connections = new Set<Session>();

  /** @param clock milliseconds since the epoch */
  constructor(settings: Partial<CacheSettings> = {}, clock: Clock = Date.now) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.store = new Store(this.settings, clock, randomInt(2 ** SEED_BITS));
    this.reply = new Reply(this.store);
    this.line = new Line(this.store);
  }
}
