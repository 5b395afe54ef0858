/** The space's front door: opened at the first push, told of every change, its requests written to the apps' logs. */
import type { PlatformEvent, Scheme } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { describeHolder } from '../ports/holder.ts';
import { formatAccessLine } from '../router/access-log.ts';
import { isLocalName } from '../router/host.ts';
import { createRouter } from '../router/server.ts';
import type { RequestRecord, RouteEntry, Router, RouterDisturbance } from '../router/types.ts';
import type { SpacePaths } from '../state/home.ts';
import type { RouterPorts } from '../state/record.ts';
import type { App } from './app.ts';
import { routeEntries, splitRoute } from './route-entries.ts';
import { TlsDoor, type TlsWish } from './tls-door.ts';

/** Where the space is to be routed. */
export interface RouterWish {
  /** The next free one is taken unless `strictPorts`. 0 means any. */
  readonly port: number;
  readonly strictPorts: boolean;
  /** Somebody asked for this very port, and is told when it is another. */
  readonly asked: boolean;
  /** On HTTPS as well. Default: where an app was pushed with it. */
  readonly tls?: Omit<TlsWish, 'strictPorts'>;
}

export interface RouterDoorOptions extends Omit<RouterWish, 'asked' | 'tls'> {
  readonly paths: SpacePaths;
  /** As `port`, for HTTPS. */
  readonly tlsPort: number;
  /** What pushes asked for, to this host or to earlier ones: it goes before what nobody asked for. */
  readonly asked: () => RouterPorts;
  readonly keep: (asked: RouterPorts) => void;
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
  readonly #tls: TlsDoor;

  constructor(options: RouterDoorOptions) {
    this.#options = options;
    this.#tls = new TlsDoor(options);
  }

  get port(): number | undefined {
    return this.#router?.port;
  }

  /** Undefined where HTTPS is not spoken. */
  get tlsPort(): number | undefined {
    return this.#router?.tlsPort;
  }

  /**
   * The first wish decides on the port; it stays while the space has a host.
   * @throws PaasError `PORT_TAKEN`, `PORT_KEPT` under strict ports; with HTTPS also `AUTHORITY_UNUSABLE`, `STATE_NOT_WRITABLE`
   */
  async open(wish: RouterWish = { ...this.#options, asked: false }): Promise<void> {
    const { tlsPort, strictPorts, asked, keep } = this.#options;
    const { http, https } = asked();
    const router = await this.#open(wish.asked ? wish : { ...wish, port: http ?? wish.port });
    const tls =
      wish.tls ?? ([...this.#options.apps()].some((app) => app.tls) && { port: tlsPort, asked: false });
    if (tls) {
      const port = tls.asked ? tls.port : (https ?? tls.port);
      await this.#tls.open(router, { strictPorts: wish.strictPorts || strictPorts, ...tls, port });
    }
    keep({ ...(wish.asked ? { http: wish.port } : {}), ...(tls && tls.asked ? { https: tls.port } : {}) });
  }

  async #open(wish: RouterWish): Promise<Router> {
    this.#opening ??= createRouter({
      port: wish.port,
      strictPort: wish.strictPorts,
      describeHolder,
      disturbance: this.#options.disturbance,
      onRequest: (record) => this.#onRequest(record),
    });
    try {
      const router = await this.#opening;
      if (this.#router) {
        this.#keep(router.port, wish);
        return router;
      }
      this.#router = router;
      const { port } = router;
      this.#options.report({ kind: 'router-listening', scheme: 'http', port, wanted: wish.port });
      this.update();
      return router;
    } catch (error) {
      if (!this.#router) this.#opening = undefined;
      throw error;
    }
  }

  /** The apps were told the port that is open. */
  #keep(port: number, { port: wanted, strictPorts, asked }: RouterWish): void {
    if (!asked || wanted === 0 || wanted === port) return;
    if (strictPorts) throw new PaasError('PORT_KEPT', { port, wanted });
    this.#options.report({ kind: 'router-kept', scheme: 'http', port, wanted });
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
    if (routed.length === 1 && routed[0] === app) return ownUrl(this.#router!, app);
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
    if (app.tls) await this.#tls.openBeside(router);
    return ownUrl(router, app);
  }

  get busy(): boolean {
    return this.#router?.busy === true || [...this.#own.values()].some((router) => router.busy);
  }

  async drained(instanceId: string, boundMs: number): Promise<void> {
    const routers = [...(this.#router ? [this.#router] : []), ...this.#own.values()];
    await Promise.all(routers.map((router) => router.drained(instanceId, boundMs)));
  }

  /** With scheme and port. Empty before the door was opened. `tls`: those of HTTPS come first. */
  urls(routes: readonly string[], tls: boolean): readonly string[] {
    const { port, tlsPort } = this;
    const named = routes.filter((url) => !url.startsWith('*'));
    return [
      // A name of the real platform's is one the authority must not vouch for.
      ...(tls ? named.filter((url) => isLocalName(splitRoute(url).host)) : []).flatMap((url) =>
        tlsPort === undefined ? [] : urlOf(url, 'https', tlsPort, 443),
      ),
      ...named.flatMap((url) => (port === undefined ? [] : urlOf(url, 'http', port, 80))),
    ];
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

/** Plain loopback names reach the only app of a router. */
function ownUrl(router: Router, app: App): string {
  return app.tls && router.tlsPort !== undefined
    ? `https://127.0.0.1:${router.tlsPort}`
    : `http://127.0.0.1:${router.port}`;
}

function urlOf(route: string, scheme: Scheme, port: number, usual: number): string {
  const { host, path } = splitRoute(route);
  return `${scheme}://${host}${port === usual ? '' : `:${port}`}${path}`;
}
