/** The logs of all apps and services of a space, each opened when first written to. Those of a temporary one stay in memory. */
import { removeLogFiles } from '../logs/log-file.ts';
import { Log } from '../logs/log.ts';
import type { LogLine } from '../logs/types.ts';
import { logFile, type SpacePaths } from '../state/home.ts';

export class SpaceLogs {
  readonly #paths: SpacePaths;
  readonly #temporary: boolean;
  readonly #listener: (line: LogLine) => void;
  readonly #logs = new Map<string, Log>();

  constructor(paths: SpacePaths, temporary: boolean, listener: (line: LogLine) => void) {
    this.#paths = paths;
    this.#temporary = temporary;
    this.#listener = listener;
  }

  of(kind: 'app' | 'service', name: string): Log {
    const path = logFile(this.#paths, kind, name);
    let log = this.#logs.get(path);
    if (!log) {
      log = new Log(name, this.#temporary ? undefined : path, this.#listener);
      this.#logs.set(path, log);
    }
    return log;
  }

  /** Removes a log with its files. */
  async remove(kind: 'app' | 'service', name: string): Promise<void> {
    const path = logFile(this.#paths, kind, name);
    await this.#logs.get(path)?.flush();
    this.#logs.delete(path);
    removeLogFiles(path);
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.flush()));
  }
}
