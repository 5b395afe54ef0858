/** Ends everything that belongs to one process: asked politely, waited for, killed. */
import type { Belongings } from './belongings.ts';
import { deferred } from './deferred.ts';
import { ProcessError } from './process-error.ts';

/** Signal-0 looks begin close together and spread out. */
const FIRST_LOOK_MS = 2;
const MAX_LOOK_MS = 50;
/** Thorough looks find members that escaped meanwhile, and groups of which only uncollected dead are left. */
const FIRST_THOROUGH_LOOK_MS = 10;
const MAX_THOROUGH_LOOK_MS = 250;
/** How long killed processes may take to be gone before we say so. */
export const KILL_BOUND_MS = 5000;

export interface Ended {
  /** Something had to be killed. */
  readonly forced: boolean;
}

export class Ending {
  /** Resolves when nothing lives. Never rejects. */
  readonly done: Promise<Ended>;
  /** Rejects with `PROCESS_STUCK` when something outlives SIGKILL by `KILL_BOUND_MS`; never resolves. */
  readonly stuck: Promise<never>;
  readonly #giveUp: (reason: ProcessError) => void;
  readonly #belongings: Belongings;
  readonly #signal: NodeJS.Signals;
  readonly #begun = performance.now();
  #killAt: number;
  #thoroughAt = 0;
  #thoroughMs = FIRST_THOROUGH_LOOK_MS;
  #wake: () => void = () => {};

  constructor(
    belongings: Belongings,
    options: { readonly graceMs: number; readonly signal: NodeJS.Signals },
  ) {
    this.#belongings = belongings;
    this.#signal = options.signal;
    this.#killAt = this.#begun + options.graceMs;
    const stuck = deferred<never>();
    this.stuck = stuck.promise;
    this.stuck.catch(() => {}); // `done` goes on; whoever waits for an end hears of it
    this.#giveUp = (reason) => stuck.reject(reason);
    this.done = this.#run();
  }

  /** Shortens the grace, counted from now; never lengthens it. */
  hurry(graceMs: number): void {
    this.#killAt = Math.min(this.#killAt, performance.now() + graceMs);
    this.#wake();
  }

  /** The direct child has exited: look closely, the rest may be gone too. */
  look(): void {
    this.#thoroughAt = 0;
    this.#thoroughMs = FIRST_THOROUGH_LOOK_MS;
    // Exits come in bunches: after the last of a bunch one look serves all.
    setImmediate(() => this.#wake());
  }

  async #run(): Promise<Ended> {
    let forced = false;
    let lookMs = FIRST_LOOK_MS;
    for (;;) {
      const now = performance.now();
      if (!this.#belongings.maybeAlive || now >= this.#thoroughAt || (now >= this.#killAt && !forced)) {
        this.#thoroughAt = now + this.#thoroughMs;
        this.#thoroughMs = Math.min(this.#thoroughMs * 2, MAX_THOROUGH_LOOK_MS);
        const alive = this.#belongings.look();
        if (alive.length === 0) return { forced };
        if (now >= this.#killAt) {
          if (now > this.#killAt + KILL_BOUND_MS) this.#giveUp(stuckError(alive.map((row) => row.pid)));
          this.#belongings.signal('SIGKILL');
          forced = true;
        } else {
          this.#belongings.signalOnce(this.#signal);
          // A stopped process (Ctrl-Z, a debugger) hears nothing until it goes on.
          if (alive.some((row) => row.state === 'T')) this.#belongings.signal('SIGCONT');
        }
      }
      await this.#sleep(Math.min(lookMs, Math.max(0, this.#killAt - now) || MAX_LOOK_MS));
      lookMs = Math.min(lookMs * 2, MAX_LOOK_MS);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function stuckError(pids: readonly number[]): ProcessError {
  return new ProcessError(
    'PROCESS_STUCK',
    `Cannot end ${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}: still there after SIGKILL`,
    { pids },
  );
}
