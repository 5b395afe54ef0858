/** The space's front door: opened at the first push, told of every change, its requests written to the apps' logs. */
import type { PlatformEvent } from '../events.ts';
import { describeHolder } from '../ports/holder.ts';
import { formatAccessLine } from '../router/access-log.ts';
import { createRouter } from '../router/server.ts';
import type { RequestRecord, Router } from '../router/types.ts';
import type { App } from './app.ts';
import { routeEntries } from './route-entries.ts';

export interface RouterDoorOptions {
  readonly port: number;
  readonly strictPorts: boolean;
  readonly apps: () => Iterable<App>;
  readonly appNamed: (name: string) => App | undefined;
  readonly report: (event: PlatformEvent) => void;
}

export class RouterDoor implements AsyncDisposable {
  readonly #options: RouterDoorOptions;
  #opening: Promise<Router> | undefined;
  #router: Router | undefined;

  constructor(options: RouterDoorOptions) {
    this.#options = options;
  }

  get port(): number | undefined {
    return this.#router?.port;
  }

  /** @throws PaasError `PORT_TAKEN` under strict ports */
  async open(): Promise<void> {
    this.#opening ??= createRouter({
      port: this.#options.port,
      strictPort: this.#options.strictPorts,
      describeHolder,
      onRequest: (record) => this.#onRequest(record),
    });
    try {
      const router = await this.#opening;
      if (this.#router) return;
      this.#router = router;
      this.#options.report({ kind: 'router-listening', port: router.port, wanted: this.#options.port });
      this.update();
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  update(): void {
    this.#router?.update(routeEntries(this.#options.apps()));
  }

  drained(instanceId: string, boundMs: number): Promise<void> {
    return this.#router?.drained(instanceId, boundMs) ?? Promise.resolve();
  }

  /** With scheme and port. Empty before the door was opened. */
  urls(routes: readonly string[]): readonly string[] {
    const port = this.port;
    if (port === undefined) return [];
    return routes
      .filter((url) => !url.startsWith('*'))
      .map((url) => {
        const slash = url.indexOf('/');
        const [host, path] = slash < 0 ? [url, ''] : [url.slice(0, slash), url.slice(slash)];
        return `http://${host}${port === 80 ? '' : `:${port}`}${path}`;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const router = await this.#opening?.catch(() => undefined);
    await router?.[Symbol.asyncDispose]();
  }

  #onRequest(record: RequestRecord): void {
    if (record.app === undefined) return;
    this.#options.appNamed(record.app)?.log.append({
      source: 'RTR',
      instance: 0,
      stream: 'OUT',
      text: formatAccessLine(record),
    });
  }
}
