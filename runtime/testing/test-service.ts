import type {
  CacheHandle,
  CacheItem,
  CacheItemOptions,
  RecordedCommand,
} from '../../services/kit/cache-handle.ts';
import type { ServiceInstance } from '../../services/kit/contract.ts';
import type { Fault } from '../../services/kit/faults.ts';
import type { Json } from '../../services/kit/json.ts';
import { PaasError } from '../kernel/errors.ts';
import type { BoundService } from '../env/types.ts';
import { TestLogs } from './test-logs.ts';
import type { Inside } from './inside.ts';

/** One service instance, as a test sees it. */
export class TestService {
  /** As in the manifest. */
  readonly name: string;
  /** What the service said since the last reset. */
  readonly logs: TestLogs;
  readonly #inside: Inside;

  /** @internal */
  constructor(name: string, inside: Inside) {
    this.name = name;
    this.logs = new TestLogs(name, inside.timeline, inside.startedAt);
    this.#inside = inside;
  }

  /** `memcached`, `postgresql` … */
  get type(): string {
    return this.#snapshot().type;
  }

  /** `127.0.0.1`, or that of the URL it is bound to. */
  get host(): string {
    return this.#snapshot().host;
  }

  /** Stays as it is for the life of the platform, whatever is done to the service. */
  get port(): number {
    return this.#snapshot().port;
  }

  /** As an app that is bound to it sees them. */
  get credentials(): Readonly<Record<string, Json>> {
    return this.#binding()?.binding.credentials ?? {};
  }

  /** `memcached://…`, `postgres://…`: what its URL variable holds. Undefined where its type has none. */
  get url(): string | undefined {
    return this.#binding()?.binding.url?.value;
  }

  /** The engine's own figures under its own names: `get_hits`, `keys` … @throws PaasError `SERVICE_CANNOT` while it does not run */
  async stats(): Promise<Readonly<Record<string, string | number>>> {
    return this.#instance('ask').stats();
  }

  /** Empties it. Clients stay connected. To go back to the state at ready, see `platform.reset()`. */
  async reset(): Promise<void> {
    await this.#instance('empty').reset();
  }

  /** The text of a cache's item; undefined where there is none. Counts as no request. */
  async get(key: string): Promise<string | undefined> {
    return (await this.#cache('read from').get(key))?.value.toString();
  }

  /**
   * Stores an item in a cache.
   * @throws RangeError for a key, a lifetime or flags that cannot be, or a value above the item limit
   */
  async set(key: string, value: string | Uint8Array, options?: CacheItemOptions): Promise<void> {
    await this.#cache('write to').set(key, value, options);
  }

  /** @returns whether it was there */
  async delete(key: string): Promise<boolean> {
    return this.#cache('delete from').delete(key);
  }

  /** The items of a cache that a client would see, by key. */
  async entries(): Promise<readonly CacheItem[]> {
    const entries = await this.#cache('look into').entries();
    return entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Forgets all items of a cache, and its statistics. */
  async flush(): Promise<void> {
    this.#cache('flush');
    await this.reset();
  }

  /** What clients asked of a cache since the last reset, unless `record` was switched off. */
  async commands(): Promise<readonly RecordedCommand[]> {
    return this.#cache('know the commands of').commands();
  }

  /** Connections are refused, and those there are end, until `up`. Port and credentials stay. */
  async down(): Promise<void> {
    await this.#fault({ kind: 'down' });
  }

  /** Ends `down` and `freeze`. */
  async up(): Promise<void> {
    await this.#fault({ kind: 'up' });
  }

  /** Connections are accepted, and never answered, until `up`. */
  async freeze(): Promise<void> {
    await this.#fault({ kind: 'freeze' });
  }

  /** Answers come so many milliseconds later, give or take the jitter. 0 is as usual. */
  async latency(ms: number, jitterMs = 0): Promise<void> {
    await this.#fault({ kind: 'latency', ms, jitterMs });
  }

  /** Answers come this slowly. 0 is as usual. */
  async bandwidth(bytesPerSecond: number): Promise<void> {
    await this.#fault({ kind: 'bandwidth', bytesPerSecond });
  }

  /** Ends the connections there are; new ones are welcome. @returns how many */
  async dropConnections(): Promise<number> {
    return this.#fault({ kind: 'drop-connections' });
  }

  /**
   * The next requests fail with this error, and their connection goes on: commands of a cache or of redis, statements of
   * postgresql (`40001: text` gives the SQLSTATE) and mysql (`1213 (40001): text`), mails of smtp. Connecting does not
   * count.
   * @throws PaasError `SERVICE_CANNOT` for other types: use `dropConnections()` or `down()`
   */
  async failNext(count = 1, error = 'made to fail'): Promise<void> {
    await this.#fault({ kind: 'fail-next', count, message: error });
  }

  /** Items of a cache go as if memory had run out: this one, or all. @returns how many */
  async evict(key?: string): Promise<number> {
    return this.#fault({ kind: 'evict', ...(key === undefined ? {} : { key }) });
  }

  /** Items of a cache go as if their time had passed: this one, or all that have one. @returns how many */
  async expire(key?: string): Promise<number> {
    return this.#fault({ kind: 'expire', ...(key === undefined ? {} : { key }) });
  }

  async #fault(fault: Fault): Promise<number> {
    const platform = this.#inside.live(`disturb service "${this.name}"`);
    return platform.outages
      .apply(this.name, fault)
      .catch((error: unknown) => Promise.reject(this.#inside.told(error)));
  }

  #cache(what: string): CacheHandle {
    const { cache } = this.#instance(what);
    if (cache) return cache;
    throw this.#cannot(what, `it is ${this.type}, not a cache of ours`);
  }

  #instance(what: string): ServiceInstance {
    const instance = this.#inside.live(`${what} service "${this.name}"`).service(this.name);
    if (instance) return instance;
    throw this.#cannot(what, 'it does not run');
  }

  #cannot(what: string, reason: string): unknown {
    return this.#inside.told(new PaasError('SERVICE_CANNOT', { service: this.name, what, reason }));
  }

  #binding(): BoundService | undefined {
    return this.#inside.platform.serviceBinding(this.name);
  }

  #snapshot() {
    return this.#inside.platform.snapshot().services.find(({ name }) => name === this.name)!;
  }
}
