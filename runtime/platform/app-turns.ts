/** The turns of what is done with one app: one at a time, in the order they were asked for, until something interrupts. */
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';

export class AppTurns {
  readonly #app: string;
  readonly #mutex = new Mutex();
  #current: AbortController | undefined;
  /** Counted, so that what waits for its turn knows that it is not wanted any more. */
  #interruptions = 0;

  constructor(app: string) {
    this.#app = app;
  }

  /**
   * Runs one operation after those asked for earlier.
   * @throws PaasError `CANCELLED` when it was interrupted
   */
  run<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
    const interruptions = this.#interruptions;
    return this.#mutex.run(async () => {
      if (this.#interruptions !== interruptions) throw this.#cancelled();
      const controller = new AbortController();
      this.#current = controller;
      const abort = () => controller.abort(outer?.reason);
      outer?.addEventListener('abort', abort);
      try {
        if (outer?.aborted) throw new PaasError('CANCELLED', {});
        return await task(controller.signal);
      } finally {
        outer?.removeEventListener('abort', abort);
        if (this.#current === controller) this.#current = undefined;
      }
    });
  }

  /** Runs what ends the app: all that was asked for before is cut short, and nothing cuts this short. */
  afterInterrupting<T>(task: () => Promise<T>): Promise<T> {
    this.interrupt();
    return this.#mutex.run(task);
  }

  /** Cuts short what is under way, and what waits behind it. */
  interrupt(): void {
    this.#interruptions += 1;
    this.#current?.abort(this.#cancelled());
  }

  #cancelled(): PaasError {
    return new PaasError('CANCELLED', { reason: `${this.#app} is being stopped` });
  }
}
