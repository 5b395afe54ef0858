/** The space's front door: opened at the first push, told of every change, its requests written to the apps' logs. */
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { describeHolder } from '../ports/holder.ts';
import { formatAccessLine } from '../router/access-log.ts';
import { createRouter } from '../router/server.ts';
import type { RequestRecord, RouteEntry, Router, RouterDisturbance } from '../router/types.ts';
import type { App } from './app.ts';
import { routeEntries } from './route-entries.ts';

/** Where the space is to be routed. */
export interface RouterWish {
  /** The next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  readonly strictPorts: boolean;
  /** Somebody asked for this very port, and is told when it is another. */
  readonly asked: boolean;
}

export interface RouterDoorOptions extends Omit<RouterWish, 'asked'> {
  readonly apps: () => Iterable<App>;
  readonly appNamed: (name: string) => App | undefined;
  readonly report: (event: PlatformEvent) => void;
  /** Asked for each request. */
  readonly disturbance: () => RouterDisturbance | undefined;
  /** Told of every request as well. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}

export class RouterDoor implements AsyncDisposable {
  readonly #options: RouterDoorOptions;
  #opening: Promise<Router> | undefined;
  #router: Router | undefined;
  /** By app: routers that know this app alone. */
  readonly #own = new Map<string, Router>();

  constructor(options: RouterDoorOptions) {
    this.#options = options;
  }

  get port(): number | undefined {
    return this.#router?.port;
  }

  /**
   * The first wish decides on the port; it stays while the space has a host.
   * @throws PaasError `PORT_TAKEN`, `PORT_KEPT` under strict ports
   */
  async open(wish: RouterWish = { ...this.#options, asked: false }): Promise<void> {
    this.#opening ??= createRouter({
      port: wish.port,
      strictPort: wish.strictPorts,
      describeHolder,
      disturbance: this.#options.disturbance,
      onRequest: (record) => this.#onRequest(record),
    });
    try {
      const router = await this.#opening;
      if (this.#router) return this.#keep(router.port, wish);
      this.#router = router;
      this.#options.report({ kind: 'router-listening', port: router.port, wanted: wish.port });
      this.update();
    } catch (error) {
      if (!this.#router) this.#opening = undefined;
      throw error;
    }
  }

  /** The apps were told the port that is open. */
  #keep(port: number, { port: wanted, strictPorts, asked }: RouterWish): void {
    if (!asked || wanted === 0 || wanted === port) return;
    if (strictPorts) throw new PaasError('PORT_KEPT', { port, wanted });
    this.#options.report({ kind: 'router-kept', port, wanted });
  }

  update(): void {
    this.#router?.update(routeEntries(this.#options.apps()));
    for (const [name, router] of this.#own) router.update(this.#entriesOf(name));
  }

  /**
   * An address that reaches this app whatever host is asked for: plain loopback names need no name service. Where it
   * is the only one with a route that is the front door's; otherwise a door of its own is opened.
   */
  async ownUrl(app: App): Promise<string> {
    await this.open();
    const routed = [...this.#options.apps()].filter(({ plan }) => plan.routes.length > 0);
    if (routed.length === 1 && routed[0] === app) return `http://127.0.0.1:${this.#router!.port}`;
    let router = this.#own.get(app.name);
    if (!router) {
      router = await createRouter({
        port: 0,
        strictPort: false,
        disturbance: this.#options.disturbance,
        onRequest: (record) => this.#onRequest(record),
      });
      this.#own.set(app.name, router);
      router.update(this.#entriesOf(app.name));
    }
    return `http://127.0.0.1:${router.port}`;
  }

  get busy(): boolean {
    return this.#router?.busy === true || [...this.#own.values()].some((router) => router.busy);
  }

  async drained(instanceId: string, boundMs: number): Promise<void> {
    const routers = [...(this.#router ? [this.#router] : []), ...this.#own.values()];
    await Promise.all(routers.map((router) => router.drained(instanceId, boundMs)));
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
    const routers = [...(router ? [router] : []), ...this.#own.values()];
    await Promise.all(routers.map((one) => one[Symbol.asyncDispose]()));
  }

  #entriesOf(name: string): RouteEntry[] {
    const app = this.#options.appNamed(name);
    return app ? routeEntries([app]) : [];
  }

  #onRequest(record: RequestRecord): void {
    this.#options.onRequest?.(record);
    if (record.app === undefined) return;
    this.#options.appNamed(record.app)?.log.append({
      source: 'RTR',
      instance: 0,
      stream: 'OUT',
      text: formatAccessLine(record),
    });
  }
}
