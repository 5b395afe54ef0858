/**
 * What changes an app: a push, a start or restart by hand, an edit that was seen. Each goes the same way, one at a
 * time per app: desired state saved, staged where that is needed, stopped, launched, watched.
 */
import { randomUUID } from 'node:crypto';
import type { ServiceType } from '../../services/kit/contract.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { diffApp } from '../plan/diff-plan.ts';
import type { AppPlan, ServicePlan } from '../plan/types.ts';
import type { AppRecord } from '../state/record.ts';
import { AppWatch } from './app-watch.ts';
import type { App } from './app.ts';
import type { SpaceState } from './space-state.ts';

export interface ChangesOptions {
  readonly state: SpaceState;
  readonly serviceTypes: readonly ServiceType[];
  readonly provision: (plan: ServicePlan) => void;
  readonly routesChanged: () => void;
  readonly report: (event: PlatformEvent) => void;
}

/** What a push says of an app besides its plan. */
export type Pushed = Pick<AppRecord, 'source' | 'shellEnv' | 'detached'>;

export class Changes {
  readonly #options: ChangesOptions;
  readonly #watches = new Map<string, AppWatch>();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  isWatched(name: string): boolean {
    return this.#watches.has(name);
  }

  /** @throws PaasError; the app is stopped then */
  async push(
    app: App,
    plan: AppPlan,
    pushed: Pushed,
    toolEnv: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await app.exclusively(async (inner) => {
      const known = this.#options.state.app(plan.name) !== undefined;
      const because = known ? 'pushed again' : 'first push';
      const { id, setEnv, ranOnce } = app.record;
      // Pushed with --detach once, it belongs to no terminal until it is stopped.
      const detached = pushed.detached || (app.record.detached && app.record.desired === 'started');
      app.toolEnv = toolEnv;
      const kept = { id, setEnv, ...(ranOnce ? { ranOnce } : {}) };
      this.save(app, { ...kept, version: randomUUID(), plan, desired: 'started', ...pushed, detached });
      this.#options.report({ kind: 'change-started', app: plan.name, action: 'push', because });
      await this.#unwatch(plan.name);
      this.#options.routesChanged();
      try {
        await app.stage(because, inner);
        if (known) await app.shutdown(because, 'starting');
        await this.#launchWatched(app, because, inner);
        if (!ranOnce) this.save(app, { ...app.record, ranOnce: true });
      } catch (error) {
        this.save(app, { ...app.record, desired: 'stopped' });
        await app.shutdown(error instanceof PaasError ? error.message : 'the push failed');
        throw error;
      }
    }, signal);
  }

  /** Starts an app as it was last pushed; `even` one that runs. */
  async start(app: App, because: string, even: boolean, signal: AbortSignal | undefined): Promise<void> {
    await app.exclusively(async (inner) => {
      if (app.state === 'started' && !even) return;
      this.save(app, { ...app.record, desired: 'started' });
      // As on the platform, a start takes what was staged; only a new host has to see to it first.
      if (!app.staged) await app.stage(because, inner);
      await app.shutdown(because, 'starting');
      await this.#launchWatched(app, because, inner);
    }, signal);
  }

  async stop(app: App, because: string, graceMs?: number): Promise<void> {
    app.interrupt();
    await app.exclusively(async () => {
      await this.#unwatch(app.name);
      if (this.#options.state.app(app.name)) this.save(app, { ...app.record, desired: 'stopped' });
      await app.shutdown(because, 'stopped', graceMs);
    });
  }

  /** Ends an app with the platform: it stays desired as it was. */
  async close(app: App): Promise<void> {
    app.interrupt();
    await this.#unwatch(app.name);
    await app.exclusively(() => app.shutdown('the platform is closing'));
  }

  save(app: App, record: AppRecord): void {
    this.#options.state.saveApp(app.name, record);
    app.record = record;
  }

  /** An edit was seen: what it means is planned and applied, with the file as the cause. */
  async #applyEdit(
    app: App,
    next: AppPlan,
    because: string,
    atLeast: 'relaunch' | 'stage' | undefined,
  ): Promise<void> {
    await app.exclusively(async (signal) => {
      if (app.record.desired !== 'started') return;
      const changes = new Set<string>(diffApp(app.plan, next).map(({ kind }) => kind));
      if (atLeast === 'stage') changes.add('stage').add('relaunch');
      if (atLeast === 'relaunch') changes.add('relaunch');
      this.save(app, { ...app.record, plan: next });
      if (changes.size === 0) return;
      this.#options.report({
        kind: 'change-started',
        app: next.name,
        action: changes.has('stage') ? 'restage' : 'restart',
        because,
      });
      if (changes.has('stage')) await app.stage(because, signal);
      if (changes.has('relaunch')) {
        await app.shutdown(because, 'starting');
        await app.launch(because, signal, true);
      }
      this.#options.routesChanged();
    });
  }

  /** Watches from before the app is up, so that no edit is missed; a failed launch leaves no watch behind. */
  async #launchWatched(app: App, because: string, signal: AbortSignal): Promise<void> {
    const watching = this.#watch(app);
    const [launched, watched] = await Promise.allSettled([app.launch(because, signal), watching]);
    if (launched.status === 'fulfilled' && watched.status === 'fulfilled') return;
    await this.#unwatch(app.name);
    throw launched.status === 'rejected' ? launched.reason : (watched as PromiseRejectedResult).reason;
  }

  async #watch(app: App): Promise<void> {
    await this.#unwatch(app.name);
    const { state, serviceTypes, provision, report } = this.#options;
    const watch = await AppWatch.open(app, {
      record: () => state.record,
      serviceTypes,
      provision,
      apply: (next, because, atLeast) => this.#applyEdit(app, next, because, atLeast),
      report,
    });
    this.#watches.set(app.name, watch);
  }

  async #unwatch(name: string): Promise<void> {
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    await watch?.[Symbol.asyncDispose]();
  }
}
