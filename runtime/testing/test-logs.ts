import { PaasError } from '../kernel/errors.ts';
import type { LogLine } from '../logs/types.ts';
import { describeMs } from '../platform/words.ts';
import type { Timeline } from './timeline.ts';
import { told } from './told.ts';

export interface WaitOptions {
  /** Milliseconds. Default: 10 000. */
  readonly timeout?: number;
  /** Cuts the wait short; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 10_000;
const SHOWN_LINES = 40;

/** The log of one app or service since the last reset. */
export class TestLogs {
  readonly #owner: string;
  readonly #timeline: Timeline;
  readonly #startedAt: string;
  #cleared = 0;

  /** @internal */
  constructor(owner: string, timeline: Timeline, startedAt: string) {
    this.#owner = owner;
    this.#timeline = timeline;
    this.#startedAt = startedAt;
  }

  /** The router's lines are not among them: see `requests()`. */
  lines(): readonly LogLine[] {
    return this.#timeline.lines(this.#owner).filter(({ seq }) => seq > this.#cleared);
  }

  /** The same as one text, without what stands in front of each line. */
  text(): string {
    return this.lines()
      .map((line) => line.text)
      .join('\n');
  }

  /** Forgets the lines so far. */
  clear(): void {
    this.#cleared = this.lines().at(-1)?.seq ?? this.#cleared;
  }

  /**
   * The first line that matches, among those so far or to come.
   * @throws PaasError `WAIT_TIMEOUT` with the last lines; the signal's reason
   */
  waitFor(wanted: RegExp | ((line: LogLine) => boolean), options: WaitOptions = {}): Promise<LogLine> {
    const { timeout = TIMEOUT_MS, signal } = options;
    const matches =
      typeof wanted === 'function'
        ? wanted
        : (line: LogLine) => new RegExp(wanted, wanted.flags.replace(/[gy]/g, '')).test(line.text);
    signal?.throwIfAborted();
    const there = this.lines().find(matches);
    if (there) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        listening[Symbol.dispose]();
        settle();
      };
      const abort = (): void => end(() => reject(signal!.reason as Error));
      const timer = setTimeout(() => end(() => reject(this.#timedOut(wanted, timeout))), timeout);
      const listening = this.#timeline.onLine((line) => {
        if (line.owner !== this.#owner || line.source === 'RTR') return;
        try {
          if (matches(line)) end(() => resolve(line));
        } catch (error) {
          end(() => reject(error as Error));
        }
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #timedOut(wanted: RegExp | ((line: LogLine) => boolean), timeout: number): unknown {
    const lines = this.lines();
    const error = new PaasError(
      'WAIT_TIMEOUT',
      {
        within: describeMs(timeout),
        waitedFor: `a line of "${this.#owner}" that ${typeof wanted === 'function' ? 'satisfies the function' : `matches ${String(wanted)}`}`,
        seen: lines.length === 0 ? 'no line at all' : `${lines.length} others`,
      },
      { logLines: lines.slice(-SHOWN_LINES).map(({ text }) => text) },
    );
    return told(error, this.#startedAt);
  }
}
