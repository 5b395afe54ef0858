/** Milliseconds since the epoch. Passed in, so that a test moves time by changing a number. */
export type Clock = () => number;

/** Expiry times up to this many seconds are relative, larger ones are Unix times. */
const RELATIVE_SECONDS_MAX = 60 * 60 * 24 * 30;
/** An item's time of use is refreshed at most this often; the clock starts above it, so that none looks unused. */
export const UPDATE_INTERVAL_SECONDS = 60;
const FIRST_SECOND = UPDATE_INTERVAL_SECONDS + 2;
/** The deadline of what is to be gone at once. */
export const ALREADY_EXPIRED = 1;
/** The last deadline an item's header has room for, in 68 years. */
const LAST_SECOND = 0x7fffffff;

/** Counts whole seconds since shortly before the cache was made, small enough for an item's header. */
export class SecondClock {
  /** The current second. Advanced by `tick`, so that all of one turn sees the same. */
  now: number;
  /** Unix time of second 0. */
  readonly epoch: number;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.epoch = Math.floor(clock() / 1000) - FIRST_SECOND;
    this.now = FIRST_SECOND;
  }

  /** Seconds since the cache was made. */
  get uptime(): number {
    return this.now - FIRST_SECOND;
  }

  /** Unix time of the current second. */
  get unix(): number {
    return this.epoch + this.now;
  }

  tick(): void {
    this.now = Math.floor(this.#clock() / 1000) - this.epoch;
  }

  /**
   * The second at which something given this expiry time is gone, or 0 for never.
   * @param exptime as on the wire: 0, seconds from now, Unix time, or negative
   */
  deadline(exptime: number): number {
    if (exptime === 0) return 0;
    if (exptime < 0) return ALREADY_EXPIRED;
    if (exptime > RELATIVE_SECONDS_MAX) {
      return exptime <= this.epoch ? ALREADY_EXPIRED : Math.min(exptime - this.epoch, LAST_SECOND);
    }
    return exptime + this.now;
  }

  /** The second that is so many from now, or the last one there can be. */
  deadlineIn(seconds: number): number {
    return Math.min(this.now + seconds, LAST_SECOND);
  }
}
