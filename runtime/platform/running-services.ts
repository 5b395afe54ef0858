/** The service instances that run: started when first needed, side by side, each with one start or stop at a time. */
import type { ServiceInstance, ServiceType } from '../../services/kit/contract.ts';
import type { Guardian } from '../../services/kit/guardian.ts';
import { Scope } from '../../services/kit/scope.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { Mutex } from '../kernel/mutex.ts';
import type { AppName, ServiceName } from '../kernel/names.ts';
import { SignalCopies } from '../kernel/signal-copies.ts';
import type { Log } from '../logs/log.ts';
import type { SpacePaths } from '../state/home.ts';
import type { ServiceRecord } from '../state/record.ts';
import { engineFolders } from './engines.ts';
import { openExternal } from './external-service.ts';
import { keepIdentity } from './kept-identity.ts';
import type { Nodes } from './nodes.ts';
import type { Prepared } from './prepared.ts';
import { startOurs, type Surroundings } from './own-service.ts';
import type { ServiceRecords } from './service-records.ts';

export interface RunningServicesOptions {
  readonly records: ServiceRecords;
  readonly nodes: Nodes;
  readonly paths: SpacePaths;
  readonly guardian: Guardian;
  /** Told of the types that may soon be needed again. */
  readonly prepared: Prepared | undefined;
  /** Ours serve in this thread. */
  readonly sameThread: boolean;
  /** Where engines are looked for, as in PATH. */
  readonly searchPath: string | undefined;
  /** Whether this one, if it is a server that is not ours, gets a relay in front. */
  readonly relayed: (name: string) => boolean;
  readonly logFor: (name: string) => Log;
  readonly report: (event: PlatformEvent) => void;
  /** Those that are bound to it. */
  readonly appsOf: (service: string) => readonly AppName[];
}

interface Running {
  readonly name: ServiceName;
  /** Undefined for one that runs elsewhere. */
  readonly ours: ServiceType | undefined;
  readonly instance: ServiceInstance;
  readonly scope: Scope;
  /** More than the call that started it count on it. */
  shared: boolean;
}

export class RunningServices {
  readonly #options: RunningServicesOptions;
  readonly #running = new Map<string, Running>();
  readonly #failed = new Map<string, string>();
  /** Their engine is not installed, and apps were let start without them. */
  readonly #missing = new Set<string>();
  readonly #mutexes = new Map<string, Mutex>();
  /** How much is under way with each: starts, stops, snapshots, outages. */
  readonly #busy = new Map<string, number>();

  constructor(options: RunningServicesOptions) {
    this.#options = options;
  }

  get names(): readonly ServiceName[] {
    return [...this.#running.keys()] as ServiceName[];
  }

  instance(name: string): ServiceInstance | undefined {
    return this.#running.get(name)?.instance;
  }

  /** It runs, or is about to. */
  isInUse(name: string): boolean {
    return this.#running.has(name) || (this.#busy.get(name) ?? 0) > 0;
  }

  /** What was known of one that never ran: another takes its name. */
  forget(name: string): void {
    this.#failed.delete(name);
    this.#missing.delete(name);
  }

  hasFailed(name: string): boolean {
    return this.#failed.has(name);
  }

  isMissing(name: string): boolean {
    return this.#missing.has(name);
  }

  /**
   * One failing stops those this call had started, in reverse, but for what another call has taken meanwhile.
   * @throws PaasError `SERVICE_*`
   */
  async start(names: readonly ServiceName[], signal: AbortSignal): Promise<void> {
    const begun: Running[] = [];
    using signals = new SignalCopies(signal);
    const results = await Promise.allSettled(
      names.map((name) =>
        this.exclusively(name, async () => {
          const running = this.#running.get(name);
          if (running) running.shared = true;
          else begun.push(...(await this.#start(name, signals.next())));
        }),
      ),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (!failure) return;
    for (const one of begun.toReversed()) {
      await this.exclusively(one.name, async () => {
        if (this.#running.get(one.name) === one && !one.shared) await this.#stop(one.name);
      });
    }
    throw failure.reason;
  }

  /** Runs `undo` when the one that runs now is stopped, before that. */
  beforeStop(name: string, undo: () => unknown): void {
    this.#running.get(name)?.scope.defer(undo);
  }

  async stop(name: ServiceName): Promise<void> {
    await this.exclusively(name, () => this.#stop(name));
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.stop(name)));
  }

  /** Ends it, has its data removed, and knows nothing of it any more. */
  async remove(name: ServiceName, removeData: () => void): Promise<void> {
    await this.exclusively(name, async () => {
      await this.#stop(name);
      removeData();
      this.forget(name);
    });
  }

  /** Nothing else starts or stops this one meanwhile. */
  async exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
    let mutex = this.#mutexes.get(name);
    if (!mutex) this.#mutexes.set(name, (mutex = new Mutex()));
    const count = (by: number) => this.#busy.set(name, (this.#busy.get(name) ?? 0) + by);
    count(1);
    try {
      return await mutex.run(task);
    } finally {
      count(-1);
    }
  }

  /**
   * To be called `exclusively`. Cannot be cut short, and keeps the port: apps are bound to it that run.
   * @throws PaasError `SERVICE_*`
   */
  async restart(name: ServiceName): Promise<void> {
    await this.#stop(name);
    try {
      const [running] = await this.#start(name, new AbortController().signal, 'keep the port');
      if (running) running.shared = true;
    } catch (error) {
      this.#fail(name, messageOf(error));
      throw error;
    }
  }

  async #stop(name: ServiceName): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#running.delete(name);
    if (running.ours) this.#options.prepared?.keep(running.ours);
    try {
      await running.scope.close();
      this.#options.report({ kind: 'service-stopped', service: name });
    } catch (error) {
      // Told, not thrown: the stop of an app (or of everything) must not end with the first that resists.
      this.#fail(name, messageOf(error));
    }
  }

  /**
   * @param keep fails where the port cannot be had, because apps know it that run
   * @returns the one that runs now; none where it may be missing, and is
   */
  async #start(name: ServiceName, signal: AbortSignal, keep?: 'keep the port'): Promise<Running[]> {
    const { records, relayed } = this.#options;
    const record = records.named(name);
    this.#missing.delete(name);
    const type = records.typeOf(record.plan);
    try {
      const instance =
        record.external === undefined
          ? await startOurs(name, record, type, this.#surroundings(name, type, signal), {
              keep,
              relay: relayed(name),
            })
          : await openExternal(name, type, record.external, signal);
      try {
        records.remember(name, record, instance.endpoint);
      } catch (error) {
        await instance[Symbol.asyncDispose]();
        throw error;
      }
      return [this.#started(name, record, instance)];
    } catch (error) {
      if (error instanceof PaasError && !signal.aborted) records.rememberFailure(name);
      if (!record.mayBeMissing || !(error instanceof PaasError) || error.code !== 'SERVICE_ENGINE_MISSING') {
        throw error;
      }
      this.#missing.add(name);
      this.#fail(name, error.message, '. Apps start without it');
      return [];
    }
  }

  #started(name: ServiceName, record: ServiceRecord, instance: ServiceInstance): Running {
    const { records, report } = this.#options;
    if (record.external === undefined) keepIdentity(records.dataDir(name), record.identity);
    const scope = new Scope();
    scope.use(instance);
    this.#failed.delete(name);
    const ours = record.external === undefined ? records.typeOf(record.plan) : undefined;
    const running = { name, ours, instance, scope, shared: false };
    this.#running.set(name, running);
    instance.failed.catch((error: unknown) => this.#onFailure(name, instance, error));
    const { type } = record.plan;
    const { host, port } = instance.endpoint;
    report({ kind: 'service-started', service: name, type, host, port, engine: instance.engine });
    return running;
  }

  #surroundings(name: ServiceName, type: ServiceType, signal: AbortSignal): Surroundings {
    const { paths, guardian, searchPath, sameThread, report, appsOf } = this.#options;
    const node = this.#options.nodes.of(type);
    const log = this.#options.logFor(name);
    return {
      ...(node ? { node } : {}),
      sameThread,
      dataDir: this.#options.records.dataDir(name),
      ...engineFolders(paths),
      guardian,
      ...(searchPath === undefined ? {} : { searchPath }),
      signal,
      log: (text) => log.append({ source: name, instance: 0, stream: 'OUT', text }),
      onEngine: (moment) => report({ kind: 'service-engine', service: name, apps: appsOf(name), ...moment }),
    };
  }

  #onFailure(name: ServiceName, instance: ServiceInstance, error: unknown): void {
    const running = this.#running.get(name);
    if (running?.instance !== instance) return;
    this.#running.delete(name);
    this.#fail(name, messageOf(error));
    void running.scope.close().catch(() => {});
  }

  #fail(name: ServiceName, message: string, consequence = ''): void {
    this.#failed.set(name, message);
    this.#options.report({ kind: 'service-failed', service: name, message: message + consequence });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
