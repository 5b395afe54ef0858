import type { ContentCopy } from '../../services/kit/contract.ts';
import { flatten } from '../env/build-env.ts';
import { PaasError } from '../kernel/errors.ts';
import { suggest } from '../kernel/suggest.ts';
import type { FetchOptions } from './fetch.ts';
import { forget, remember } from './forgotten.ts';
import type { Inside } from './inside.ts';
import type { ExecOptions, ExecResult, TestApp } from './test-app.ts';
import { TestRouter } from './test-router.ts';
import type { TestService } from './test-service.ts';
import type { RecordedRequest, TimedEvent } from './timeline.ts';

/** The data of all services at one moment. */
export interface DataSnapshot extends AsyncDisposable {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @internal */
export interface Parts {
  readonly apps: readonly TestApp[];
  readonly services: readonly TestService[];
  /** Ends everything and removes what was written. */
  readonly close: () => Promise<void>;
}

/** How long `requests()` waits for those still under way. */
const SETTLE_MS = 200;
const LOOK_MS = 2;

/** A platform of its own for one test, one file or one worker. Made by `startPlatform`. */
export class TestPlatform implements AsyncDisposable {
  readonly #inside: Inside;
  readonly #parts: Parts;
  #copies = new Map<string, ContentCopy>();
  readonly #snapshots = new WeakMap<DataSnapshot, ReadonlyMap<string, ContentCopy>>();
  #stopping: Promise<void> | undefined;

  /** @internal */
  constructor(inside: Inside, parts: Parts) {
    this.#inside = inside;
    this.#parts = parts;
    if (inside.complains) remember(this, inside.startedAt, inside.guardian);
  }

  /** Unique on this machine. */
  get space(): string {
    return this.#inside.platform.snapshot().space;
  }

  /**
   * Of the first app that has a route: `http://127.0.0.1:PORT`, with `tls` `https:`.
   * @throws PaasError `APP_NOT_FOUND` where no app was started
   */
  get url(): string {
    return this.#first().url;
  }

  /** With `tls`: the file with the certificate that clients have to trust. */
  get caFile(): string | undefined {
    return this.#inside.caFile;
  }

  /** In the manifest's order; none where `apps` was an empty list. */
  get apps(): readonly TestApp[] {
    return this.#parts.apps;
  }

  /** All that the apps are bound to. */
  get services(): readonly TestService[] {
    return this.#parts.services;
  }

  /** @throws PaasError `APP_NOT_FOUND` with the nearest name */
  app(name: string): TestApp {
    return find(this.#parts.apps, name, (known, suggestion) =>
      this.#inside.told(new PaasError('APP_NOT_FOUND', { app: name, known, suggestion })),
    );
  }

  /** @throws PaasError `SERVICE_NOT_FOUND` with the nearest name */
  service(name: string): TestService {
    return find(this.#parts.services, name, (known, suggestion) =>
      this.#inside.told(new PaasError('SERVICE_NOT_FOUND', { service: name, known, suggestion })),
    );
  }

  /** What an app is given, also where only services were started. */
  envOf(app: string): Readonly<Record<string, string>> {
    return flatten(this.#inside.live(`tell the environment of "${app}"`).env(app));
  }

  /**
   * To the first app; a whole URL or `host` picks another route. Redirects are followed as `fetch` does.
   * @param path `/cart?x=1`
   * @throws PaasError `APP_NOT_FOUND` where no app was started; TypeError where no answer came
   */
  fetch(path: string, options?: FetchOptions): Promise<Response> {
    return this.#first().fetch(path, options);
  }

  /** A program with the first app's folder and environment. */
  exec(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<ExecResult> {
    return this.#first().exec(argv, options);
  }

  /**
   * Ends all outages, puts the data of all services back to what it was when the platform was ready, and begins the
   * timeline anew.
   * Ports, processes and connections stay. Services bound to a URL are not touched.
   */
  async reset(): Promise<void> {
    await this.#inside.live('reset').outages.clearAll();
    await this.#restore(this.#copies, 'reset');
    this.#inside.timeline.clear();
  }

  /** Keeps the data of all services as it is now. */
  async snapshot(): Promise<DataSnapshot> {
    const copies = await this.#copyAll('take a snapshot');
    const snapshot: DataSnapshot = {
      at: Date.now(),
      [Symbol.asyncDispose]: async () => {
        this.#snapshots.delete(snapshot);
        await disposeAll(copies);
      },
    };
    this.#snapshots.set(snapshot, copies);
    return snapshot;
  }

  /** Puts it back, as often as wanted. @throws TypeError for one of another platform, or one that was disposed */
  async restore(snapshot: DataSnapshot): Promise<void> {
    const copies = this.#snapshots.get(snapshot);
    if (!copies) throw new TypeError('Cannot restore: not a snapshot of this platform, or disposed already');
    await this.#restore(copies, 'restore a snapshot');
  }

  /** Outages of the router. */
  get router(): TestRouter {
    return new TestRouter(this.#inside);
  }

  /** What happened since the last reset, log lines and requests left out. */
  events(): readonly TimedEvent[] {
    return this.#inside.timeline.events;
  }

  /** What went through the router since the last reset, in the order it was finished. */
  async requests(): Promise<readonly RecordedRequest[]> {
    await this.settled();
    return this.#inside.timeline.requests;
  }

  /** Events, requests and log lines since the last reset, in one readable timeline. */
  debug(): string {
    return this.#inside.timeline.render();
  }

  /** Ends everything, and removes what was written. Once; a second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @internal Who reads an answer may be quicker than we who write it down: waits for that, within a bound. */
  async settled(): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    while (this.#inside.platform.routing && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** @internal Called once when everything is ready. */
  async ready(): Promise<this> {
    const platform = this.#inside.live('start');
    if (this.#inside.recording) {
      await Promise.all(
        this.#parts.services.map(async ({ name }) => platform.service(name)?.cache?.record(true)),
      );
    }
    this.#copies = await this.#copyAll('start');
    return this;
  }

  async #stop(): Promise<void> {
    forget(this);
    await disposeAll(this.#copies);
    await this.#parts.close();
  }

  #first(): TestApp {
    const [first] = this.#parts.apps;
    if (first) return first;
    throw this.#inside.told(new PaasError('APP_NOT_FOUND', { app: '', known: [], suggestion: null }));
  }

  async #copyAll(what: string): Promise<Map<string, ContentCopy>> {
    const platform = this.#inside.live(what);
    const copies = await Promise.all(
      this.#parts.services.map(async ({ name }) => [name, await platform.service(name)?.copy?.()] as const),
    );
    return new Map(copies.flatMap(([name, copy]) => (copy ? [[name, copy]] : [])));
  }

  async #restore(copies: ReadonlyMap<string, ContentCopy>, what: string): Promise<void> {
    const platform = this.#inside.live(what);
    await Promise.all(
      this.#parts.services.map(async ({ name }) => {
        if (this.#inside.bound.has(name)) return;
        const copy = copies.get(name);
        await (copy ? copy.restore() : platform.service(name)?.reset());
      }),
    );
  }
}

function find<T extends { readonly name: string }>(
  among: readonly T[],
  name: string,
  missing: (known: string[], suggestion: string | null) => unknown,
): T {
  const found = among.find((one) => one.name === name);
  if (found) return found;
  const known = among.map((one) => one.name);
  throw missing(known, suggest(name, known) ?? null);
}

async function disposeAll(copies: ReadonlyMap<string, ContentCopy>): Promise<void> {
  await Promise.all([...copies.values()].map((copy) => copy[Symbol.asyncDispose]()));
}
