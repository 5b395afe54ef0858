/** The watches of all apps that run: opened with an app, closed with it. */
import { AppWatch, type AppWatchOptions } from './app-watch.ts';
import type { App } from './app.ts';

export class Watches {
  readonly #options: Omit<AppWatchOptions, 'apply'>;
  readonly #open = new Map<string, AppWatch>();

  constructor(options: Omit<AppWatchOptions, 'apply'>) {
    this.#options = options;
  }

  has(name: string): boolean {
    return this.#open.has(name);
  }

  /** @throws the signal's reason */
  async open(app: App, apply: AppWatchOptions['apply'], signal: AbortSignal): Promise<void> {
    await this.close(app.name);
    this.#open.set(app.name, await AppWatch.open(app, { ...this.#options, apply }, signal));
  }

  async close(name: string): Promise<void> {
    const watch = this.#open.get(name);
    this.#open.delete(name);
    await watch?.[Symbol.asyncDispose]();
  }
}
