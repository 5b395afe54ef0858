/** The events of each app, the latest of them kept on disk, so that they outlive the host. */
import type { PlatformEvent } from '../events.ts';
import { LogFile, readLastLines, removeLogFiles } from '../logs/log-file.ts';
import { logFile, type SpacePaths } from '../state/home.ts';
import { appEvent, type AppEvent } from './app-events.ts';

export class EventHistory {
  readonly #paths: SpacePaths;
  readonly #files = new Map<string, LogFile<AppEvent>>();

  constructor(paths: SpacePaths) {
    this.#paths = paths;
  }

  add(happened: PlatformEvent): void {
    const event = appEvent(happened, Date.now());
    if (!event) return;
    const { app, ...entry } = event;
    let file = this.#files.get(app);
    if (!file) this.#files.set(app, (file = new LogFile(eventFile(this.#paths, app))));
    file.append(entry);
  }

  /** Oldest first. */
  async of(app: string, count: number): Promise<readonly AppEvent[]> {
    await this.#files.get(app)?.flush();
    return readEvents(this.#paths, app, count);
  }

  async remove(app: string): Promise<void> {
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
