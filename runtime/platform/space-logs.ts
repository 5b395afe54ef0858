/** The logs of all apps and services of a space, each opened when first written to. */
import { removeLogFiles } from '../logs/log-file.ts';
import { Log } from '../logs/log.ts';
import type { LogLine } from '../logs/types.ts';
import { logFile, type SpacePaths } from '../state/home.ts';

export class SpaceLogs {
  readonly #paths: SpacePaths;
  readonly #listener: (line: LogLine) => void;
  readonly #logs = new Map<string, Log>();

  constructor(paths: SpacePaths, listener: (line: LogLine) => void) {
    this.#paths = paths;
    this.#listener = listener;
  }

  of(kind: 'app' | 'service', name: string): Log {
    const path = logFile(this.#paths, kind, name);
    let log = this.#logs.get(path);
    if (!log) {
      log = new Log(name, path, this.#listener);
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
