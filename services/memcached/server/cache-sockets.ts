import type { Faults } from '../../kit/faults.ts';
import { lazily } from '../../kit/lazily.ts';
import { Scope } from '../../kit/scope.ts';
import type { CacheFaults } from './cache-faults.ts';
import { Admission } from './admission.ts';
import { Listener, type ListenAddress } from './listener.ts';
import { Maintainer } from '../store/maintainer.ts';
import type { Cache } from '../cache.ts';

export type { ListenAddress } from './listener.ts';

const OWNER_ONLY = 0o600;
const loadFaults = lazily(() => import('./cache-faults.ts'));

/** What to listen on. */
export interface Endpoints {
  readonly tcp: readonly ListenAddress[];
  readonly udp: readonly ListenAddress[];
  readonly unix?: UnixAddress | undefined;
}

export interface UnixAddress {
  readonly path: string;
  /** Access rights, as of a file. */
  readonly mask: number;
}

/** The ports that were bound, in the order asked. */
export interface Bound {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** The sockets of one cache, and what it does in the background. */
export class CacheSockets implements AsyncDisposable {
  readonly #cache: Cache;
  readonly #scope = new Scope();
  readonly #readIntoArena: boolean;
  readonly #admission: Admission;
  #front: { readonly listener: Listener; readonly address: ListenAddress } | undefined;
  #faults: CacheFaults | undefined;

  /** @param readIntoArena false reads with documented means of Node only */
  constructor(cache: Cache, readIntoArena: boolean) {
    this.#cache = cache;
    this.#readIntoArena = readIntoArena;
    this.#admission = new Admission(cache);
  }

  /** @throws the system's error if an address cannot be bound; what was bound before is closed again */
  async open(endpoints: Endpoints): Promise<Bound> {
    try {
      const bound: { tcp: number[]; udp: number[] } = { tcp: [], udp: [] };
      for (const address of endpoints.tcp) bound.tcp.push(await this.listenTcp(address));
      for (const address of endpoints.udp) bound.udp.push(await this.listenUdp(address));
      if (endpoints.unix) await this.listenUnix(endpoints.unix);
      this.maintain();
      return bound;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Drops every connection and stops listening. */
  async close(): Promise<void> {
    await this.#faults?.[Symbol.asyncDispose]();
    await this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Outages of what listens on TCP first. @throws Error where nothing does */
  async faults(): Promise<Faults> {
    const { CacheFaults } = await loadFaults();
    const front = this.#front;
    if (!front) throw new Error('The cache listens on no TCP port');
    this.#faults ??= new CacheFaults(this.#cache, {
      ...front,
      connections: () => this.#admission.connectionsOf(front.listener.name),
    });
    return this.#faults;
  }

  /** @returns the bound port. @throws the system's error */
  async listenTcp(address: ListenAddress): Promise<number> {
    const listener = this.#listener();
    await listener.listen(address);
    this.#front ??= { listener, address };
    const { network } = this.#cache;
    if (network.tcpPort === 0) network.tcpPort = listener.port;
    return listener.port;
  }

  /** @returns the bound port. @throws the system's error */
  async listenUdp(address: ListenAddress): Promise<number> {
    // What few caches need is loaded by those only: a start is to take milliseconds.
    const { UdpListener } = await import('./udp.ts');
    const listener = this.#scope.use(new UdpListener(this.#cache, address));
    await listener.listen();
    const { network } = this.#cache;
    if (network.udpPort === 0) network.udpPort = listener.port;
    return listener.port;
  }

  /** @throws the system's error */
  async listenUnix({ path, mask }: UnixAddress): Promise<void> {
    const { checkPath, removeStaleSocket, setAccess, withAccess } = await import('./unix-socket.ts');
    checkPath(path);
    await removeStaleSocket(path);
    await withAccess(mask, () => this.#listener().listenUnix(path));
    await setAccess(path, mask);
    const { network } = this.#cache;
    network.socketPath = path;
    network.socketMask = mask;
  }

  /** Once whoever started the cache has been told: this takes as long as the rest of the start. */
  #reserveSoon(): void {
    const soon = setImmediate(() => this.#cache.store.reserve());
    this.#scope.defer(() => clearImmediate(soon));
  }

  /** @throws the system's error */
  async listenConsole(path: string): Promise<void> {
    const { removeStaleSocket, setAccess, withAccess } = await import('./unix-socket.ts');
    await removeStaleSocket(path);
    await withAccess(OWNER_ONLY, () => this.#listener().listenConsole(path));
    await setAccess(path, OWNER_ONLY);
  }

  #listener(): Listener {
    const listener = new Listener(this.#cache, {
      readIntoArena: this.#readIntoArena,
      admission: this.#admission,
    });
    this.#scope.defer(() => {
      const closed = listener.close();
      this.#admission.close();
      return closed;
    });
    return listener;
  }

  /** Begins the work in the background. */
  maintain(): void {
    this.#reserveSoon();
    const { store, crawler } = this.#cache;
    const maintainer = new Maintainer(store, () => {
      if (store.tuning.crawlerEnabled && store.settings.lruMaintainer) crawler.startIfDue();
      this.#admission.endIdle();
    });
    maintainer.start();
    this.#scope.defer(() => {
      maintainer.stop();
      crawler.stop();
    });
  }
}
