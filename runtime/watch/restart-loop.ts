/** Notices an app that writes into its own watched folder: the same file, again and again, soon after each restart. */

const WINDOW_MS = 20_000;
const RESTARTS = 5;

export class RestartLoop {
  readonly #seen = new Map<string, number[]>();
  readonly #looping = new Set<string>();

  /** `began` the one time it is noticed, `yes` from then on. */
  seen(file: string, nowMs: number): 'no' | 'began' | 'yes' {
    if (this.#looping.has(file)) return 'yes';
    const times = (this.#seen.get(file) ?? []).filter((time) => nowMs - time < WINDOW_MS);
    times.push(nowMs);
    this.#seen.set(file, times);
    if (times.length <= RESTARTS) return 'no';
    this.#looping.add(file);
    return 'began';
  }
}
