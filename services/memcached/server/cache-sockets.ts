import { Scope } from '../../kit/scope.ts';
import { Admission } from './admission.ts';
import { Listener } from './listener.ts';
import { Maintainer } from '../store/maintainer.ts';
import type { Cache } from '../cache.ts';

/** What to listen on. */
export interface Endpoints {
  /** TCP addresses; no host is all of them. */
  readonly tcp: ReadonlyArray<{ readonly host: string | undefined; readonly port: number }>;
  readonly udp: ReadonlyArray<{ readonly host: string | undefined; readonly port: number }>;
  readonly unix?: { readonly path: string; readonly mask: number } | undefined;
}

/** The ports that were bound, in the order asked. */
export interface Bound {
  readonly tcp: ReadonlyArray<{ readonly port: number; readonly ipv6: boolean }>;
  readonly udp: readonly number[];
}

/** The sockets of one cache, and what it does in the background. */
export class CacheSockets implements AsyncDisposable {
  readonly #cache: Cache;
  readonly #scope = new Scope();
  readonly #readIntoArena: boolean;
  readonly #admission: Admission;

  /** @param readIntoArena false reads with documented means of Node only */
  constructor(cache: Cache, readIntoArena: boolean) {
    this.#cache = cache;
    this.#readIntoArena = readIntoArena;
    this.#admission = new Admission(cache);
  }

  /** @throws the system's error if an address cannot be bound; what was bound before is closed again */
  async open(endpoints: Endpoints): Promise<Bound> {
    try {
      const bound = await this.#listen(endpoints);
      this.#maintain();
      this.#reserveSoon();
      return bound;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Drops every connection and stops listening. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen({ tcp, udp, unix }: Endpoints): Promise<Bound> {
    const { network } = this.#cache;
    const tcpBound: Array<{ port: number; ipv6: boolean }> = [];
    const udpBound: number[] = [];
    for (const { host, port } of tcp) {
      const listener = this.#listener();
      await listener.listen({ host, port });
      tcpBound.push({ port: listener.port, ipv6: listener.isIpv6 });
    }
    // What few caches need is loaded by those only: a start is to take milliseconds.
    for (const { host, port } of udp) {
      const { UdpListener } = await import('./udp.ts');
      const listener = this.#scope.use(new UdpListener(this.#cache, host));
      await listener.listen(host, port);
      udpBound.push(listener.port);
    }
    if (unix) {
      const { removeStaleSocket, setAccess } = await import('./unix-socket.ts');
      await removeStaleSocket(unix.path);
      await this.#listener().listen({ path: unix.path });
      await setAccess(unix.path, unix.mask);
      network.socketPath = unix.path;
      network.socketMask = unix.mask;
    }
    network.tcpPort = tcpBound[0]?.port ?? 0;
    network.udpPort = udpBound[0] ?? 0;
    return { tcp: tcpBound, udp: udpBound };
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

  /** Once whoever started the cache has been told: this takes as long as the rest of the start. */
  #reserveSoon(): void {
    const soon = setImmediate(() => this.#cache.store.reserve());
    this.#scope.defer(() => clearImmediate(soon));
  }

  #maintain(): void {
    const { store, crawler } = this.#cache;
    const maintainer = new Maintainer(store, () => {
      if (store.tuning.crawlerEnabled && store.settings.lruMaintainer) crawler.startIfDue();
      this.#admission.kickIdle();
    });
    maintainer.start();
    this.#scope.defer(() => {
      maintainer.stop();
      crawler.stop();
    });
  }
}
