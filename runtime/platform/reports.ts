/** Where everything that happens is told: kept in the apps' histories, sent to their drains, handed to who listens. */
import type { PlatformEvent } from '../events.ts';
import type { AppDrains } from './app-drains.ts';
import type { App } from './app.ts';
import type { EventHistory } from './event-history.ts';

export interface ReportsOptions {
  readonly history: EventHistory;
  readonly drains: AppDrains;
  readonly appNamed: (name: string) => App | undefined;
}

export class Reports {
  readonly #options: ReportsOptions;
  readonly #listeners = new Set<(event: PlatformEvent) => void>();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Told of every event from now on. A listener that throws is a bug of ours. */
  subscribe(listener: (event: PlatformEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  report(event: PlatformEvent): void {
    const { history, drains, appNamed } = this.#options;
    history.add(event);
    if (event.kind === 'log') {
      const app = appNamed(event.line.owner);
      if (app && event.line.source !== event.line.owner) drains.send(app, event.line);
    }
    for (const listener of this.#listeners) listener(event);
  }
}
