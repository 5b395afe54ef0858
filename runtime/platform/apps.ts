/** The apps of a space, by name, in the order of their first pushes. */
import { PaasError } from '../kernel/errors.ts';
import type { ServiceName } from '../kernel/names.ts';
import { suggest } from '../kernel/suggest.ts';
import type { AppRecord } from '../state/record.ts';
import type { App } from './app.ts';

export class Apps implements Iterable<App> {
  readonly #make: (record: AppRecord) => App;
  readonly #apps = new Map<string, App>();

  constructor(make: (record: AppRecord) => App) {
    this.#make = make;
  }

  add(record: AppRecord): App {
    const app = this.#make(record);
    this.#apps.set(app.name, app);
    return app;
  }

  get(name: string): App | undefined {
    return this.#apps.get(name);
  }

  /** @throws PaasError `APP_NOT_FOUND` with the nearest name */
  named(name: string): App {
    const app = this.#apps.get(name);
    if (app) return app;
    const known = this.names;
    throw new PaasError('APP_NOT_FOUND', { app: name, known, suggestion: suggest(name, known) ?? null });
  }

  get names(): readonly string[] {
    return [...this.#apps.keys()];
  }

  boundTo(service: string): readonly App[] {
    return [...this].filter(({ plan }) => plan.bindings.includes(service as ServiceName));
  }

  remove(name: string): void {
    this.#apps.delete(name);
  }

  [Symbol.iterator](): Iterator<App> {
    return this.#apps.values();
  }
}
