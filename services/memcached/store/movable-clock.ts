import type { Clock } from './clock.ts';

/** A clock that can be set forward and held, for test suites that do not want to wait. */
export class MovableClock {
  readonly #clock: Clock;
  #offsetMs = 0;
  #heldAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the epoch, as moved. */
  readonly read: Clock = () => (this.#heldAt ?? this.#clock()) + this.#offsetMs;

  move(seconds: number): void {
    this.#offsetMs += seconds * 1000;
  }

  hold(): void {
    this.#heldAt ??= this.#clock();
  }

  release(): void {
    this.#heldAt = undefined;
  }
}
