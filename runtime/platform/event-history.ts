/** The events of each app, the latest of them kept on disk, so that they outlive the host; those of a temporary space in memory. */
import type { PlatformEvent } from '../events.ts';
import { LogFile, readLastLines, removeLogFiles } from '../logs/log-file.ts';
import { logFile, type SpacePaths } from '../state/home.ts';
import { appEvents, type AppEvent } from './app-events.ts';

/** Kept of each app, where they are kept in memory. */
const MAX_EVENTS = 1000;

export class EventHistory {
  readonly #paths: SpacePaths;
  readonly #files = new Map<string, LogFile<AppEvent>>();
  /** By app; undefined where they are on disk. */
  readonly #memory: Map<string, AppEvent[]> | undefined;

  constructor(paths: SpacePaths, temporary: boolean) {
    this.#paths = paths;
    this.#memory = temporary ? new Map<string, AppEvent[]>() : undefined;
  }

  add(happened: PlatformEvent): void {
    for (const { app, ...entry } of appEvents(happened, Date.now())) this.#keep(app, entry);
  }

  #keep(app: string, entry: AppEvent): void {
    if (this.#memory) {
      const events = this.#memory.get(app) ?? [];
      this.#memory.set(app, [...events, entry].slice(-MAX_EVENTS));
      return;
    }
    let file = this.#files.get(app);
    if (!file) this.#files.set(app, (file = new LogFile(eventFile(this.#paths, app))));
    file.append(entry);
  }

  /** Oldest first. */
  async of(app: string, count: number): Promise<readonly AppEvent[]> {
    if (this.#memory) return (this.#memory.get(app) ?? []).slice(-count);
    await this.#files.get(app)?.flush();
    return readEvents(this.#paths, app, count);
  }

  async remove(app: string): Promise<void> {
    this.#memory?.delete(app);
    await this.#files.get(app)?.flush();
    this.#files.delete(app);
    removeLogFiles(eventFile(this.#paths, app));
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.flush()));
  }
}

/** What the disk has, without a host. */
export function readEvents(paths: SpacePaths, app: string, count: number): readonly AppEvent[] {
  return readLastLines<AppEvent>(eventFile(paths, app), count);
}

const eventFile = (paths: SpacePaths, app: string) => logFile(paths, 'events', app);
