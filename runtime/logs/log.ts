/** The log of one app or service: the last lines in memory, all of them on disk if wanted, listeners told at once. */
import { LogFile } from './log-file.ts';
import type { LogEntry, LogLine } from './types.ts';

/** Lines and bytes kept in memory per log; more is on disk. */
const RING_LINES = 1000;
const RING_BYTES = 1024 * 1024;

let sequence = 0;

export class Log {
  readonly owner: string;
  readonly #file: LogFile | undefined;
  readonly #listener: (line: LogLine) => void;
  readonly #ring: LogLine[] = [];
  #bytes = 0;

  /**
   * @param file none keeps nothing but what is in memory
   * @param listener told of every line; must not throw
   */
  constructor(owner: string, file: string | undefined, listener: (line: LogLine) => void) {
    this.owner = owner;
    if (file !== undefined) {
      this.#file = new LogFile(file, (count) =>
        this.append({
          source: 'LGR',
          instance: 0,
          stream: 'ERR',
          text: `${count} log lines are missing on disk: it was too slow, or full`,
        }),
      );
    }
    this.#listener = listener;
  }

  append(entry: LogEntry): void {
    const line: LogLine = { seq: ++sequence, at: Date.now(), owner: this.owner, ...entry };
    this.#ring.push(line);
    this.#bytes += line.text.length;
    while (this.#ring.length > RING_LINES || (this.#bytes > RING_BYTES && this.#ring.length > 1)) {
      this.#bytes -= this.#ring.shift()!.text.length;
    }
    this.#file?.append(line);
    this.#listener(line);
  }

  /** The last lines in memory, oldest first. */
  recent(count = RING_LINES): readonly LogLine[] {
    return this.#ring.slice(-count);
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }
}
