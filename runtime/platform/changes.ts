/**
 * What changes an app: a push, a start or restart, an edit that was seen, a command by hand. Each goes the same way,
 * one at a time per app: desired state saved, reason told, staged where that is needed, stopped and launched or
 * rolled, watched.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { carriedOver, withByHand } from '../plan/by-hand.ts';
import { diffApp } from '../plan/diff-plan.ts';
import type { AppPlan, ByHand } from '../plan/types.ts';
import type { AppRecord } from '../state/record.ts';
import type { DebugRequest } from './app-debugger.ts';
import type { App, Attachment } from './app.ts';
import { checkRoomFor } from './room.ts';
import type { SpaceState } from './space-state.ts';
import type { Watches } from './watches.ts';

export interface ChangesOptions {
  readonly state: SpaceState;
  readonly watches: Watches;
  readonly routesChanged: () => void;
  readonly report: (event: PlatformEvent) => void;
}

/** `rolling` replaces instances one after another while the others serve; otherwise all stop and all start. */
export type Strategy = 'rolling' | 'restart';

/** What a push says of an app besides its plan. */
export interface Pushed extends Pick<AppRecord, 'source' | 'shellEnv' | 'detached' | 'fromCopy' | 'tls'> {
  readonly toolEnv: Readonly<Record<string, string>>;
  readonly strategy: Strategy;
  readonly attach?: Attachment;
  readonly debug?: DebugRequest;
  /** Only remember it; what runs of it is stopped. */
  readonly noStart?: boolean;
  readonly maxBackoffMs?: number;
}

export interface StartAgain {
  readonly action: 'start' | 'restart' | 'restage';
  readonly because: string;
  readonly strategy: Strategy;
}

/** A change by hand: what is remembered, and what of it has to happen to an app that runs. */
export interface ChangeByHand {
  readonly action: string;
  readonly because: string;
  readonly byHand: (was: ByHand) => ByHand;
  readonly apply: 'nothing' | 'routes' | 'scale' | 'relaunch';
}

/** The event loop has looked at its sockets by then. */
const A_TURN_MS = 1;

export class Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** @throws PaasError; the app is stopped then, unless it was rolled */
  async push(app: App, plan: AppPlan, pushed: Pushed, signal: AbortSignal | undefined): Promise<void> {
    const { source, shellEnv, toolEnv, strategy } = pushed;
    await app.turns.run(async (inner) => {
      const known = this.#options.state.app(app.name) !== undefined;
      const rolling = strategy === 'rolling' && app.state === 'started';
      const because = known ? 'pushed again' : 'first push';
      const { record } = app;
      const byHand = carriedOver(record.byHand, record.plan.manifest, plan.manifest, source?.overrides);
      if (!pushed.noStart) this.#checkRoom(withByHand(plan, byHand));
      app.toolEnv = toolEnv;
      app.attached = pushed.attach;
      if (!pushed.debug) app.debugger.close();
      this.#save(app, {
        id: record.id,
        version: randomUUID(),
        plan,
        byHand,
        desired: pushed.noStart ? 'stopped' : 'started',
        // Pushed with --detach once, it belongs to no terminal until it is stopped.
        detached: pushed.detached || (record.detached && record.desired === 'started'),
        shellEnv,
        ...(source ? { source } : {}),
        ...(pushed.fromCopy ? { fromCopy: true } : {}),
        ...(pushed.tls ? { tls: true } : {}),
        ...(pushed.maxBackoffMs === undefined ? {} : { maxBackoffMs: pushed.maxBackoffMs }),
        ...(record.ranOnce ? { ranOnce: true } : {}),
        ...(record.tasks ? { tasks: record.tasks } : {}),
      });
      this.#say(app, 'push', because);
      await this.#options.watches.close(app.name);
      this.#options.routesChanged();
      if (pushed.noStart) return app.run.shutdown('pushed with --no-start');
      try {
        await app.run.stage(because, inner);
        if (known && !rolling) await app.run.shutdown(because, 'starting');
        // The port it had before is free only now.
        if (pushed.debug) await app.debugger.open(plan, pushed.debug);
        await this.#launchWatched(app, because, rolling, inner);
        // The requests that waited go first: to write takes longer than to pass them on.
        await sleep(A_TURN_MS);
        if (!record.ranOnce) this.#save(app, { ...app.record, ranOnce: true });
      } catch (error) {
        if (!rolling || inner.aborted) await this.#giveUp(app, error);
        throw error;
      }
    }, signal);
  }

  /**
   * Starts an app as it was last pushed. A `start` of one that runs does nothing.
   * @throws PaasError as a launch
   */
  async startAgain(app: App, how: StartAgain, signal: AbortSignal | undefined): Promise<void> {
    const { action, because, strategy } = how;
    await app.turns.run(async (inner) => {
      const rolling = strategy === 'rolling' && app.state === 'started';
      if (app.state === 'started' && action === 'start') return;
      this.#checkRoom(app.plan);
      this.#save(app, { ...app.record, desired: 'started' });
      this.#say(app, action, because);
      // As on the platform, a start takes what was staged; only a new host has to see to it first, and a copy is new.
      if (!app.staged || app.record.fromCopy || action === 'restage') await app.run.stage(because, inner);
      if (!rolling) await app.run.shutdown(because, 'starting');
      await this.#launchWatched(app, because, rolling, inner);
    }, signal);
  }

  /** @throws PaasError `STATE_NOT_WRITABLE` where it cannot be remembered; the app is stopped all the same */
  async stop(app: App, because: string, graceMs?: number): Promise<void> {
    await app.turns.afterInterrupting(async () => {
      await this.#options.watches.close(app.name);
      try {
        if (this.#options.state.app(app.name)) this.#save(app, { ...app.record, desired: 'stopped' });
      } finally {
        await app.run.shutdown(because, 'stopped', graceMs);
      }
    });
  }

  /** It shall not run, though for now it may. */
  standDown(app: App): void {
    if (app.record.desired === 'started') this.#save(app, { ...app.record, desired: 'stopped' });
  }

  /** Ends an app with the platform: it stays desired as it was. */
  async close(app: App): Promise<void> {
    app.turns.interrupt();
    await this.#options.watches.close(app.name);
    await app.turns.afterInterrupting(() => app.run.shutdown('the platform is closing'));
  }

  /** @throws PaasError as a launch; what was asked for stays asked for */
  async byHand(app: App, change: ChangeByHand, signal?: AbortSignal): Promise<void> {
    const { action, because, apply } = change;
    await app.turns.run(async (inner) => {
      const byHand = change.byHand(app.record.byHand);
      const next = withByHand(app.record.plan, byHand);
      // Whoever has too many may have fewer by and by.
      if (hasMore(next, app.plan)) this.#checkRoom(next);
      this.#save(app, { ...app.record, byHand });
      this.#say(app, action, because);
      this.#options.routesChanged();
      if (app.record.desired !== 'started' || app.state === 'stopped') return;
      if (apply === 'scale') await app.run.scale(because, inner);
      if (apply === 'relaunch') await this.#relaunch(app, because, inner);
    }, signal);
  }

  /** @throws PaasError `INSTANCE_NOT_FOUND`, and as a launch */
  async restartInstance(app: App, type: string, index: number, signal?: AbortSignal): Promise<void> {
    await app.turns.run(async (inner) => {
      this.#say(app, 'restart-app-instance', `instance ${index} of ${type} restarted by hand`);
      await app.run.restartInstance(type, index, inner);
    }, signal);
  }

  /**
   * The terminal a push gave an app is gone: the process that has it starts again without.
   * @throws PaasError as a launch
   */
  async takeTerminal(app: App, attachment: Attachment): Promise<void> {
    await app.turns.run(async (inner) => {
      if (app.attached !== attachment) return; // a later push has given it another
      app.attached = undefined;
      if (app.record.desired !== 'started' || app.state === 'stopped') return;
      this.#say(app, 'restart-app-instance', `${attachment.process}/0 starts again without its terminal`);
      await app.run.restartInstance(attachment.process, 0, inner);
    });
  }

  /** An edit was seen: what it means is planned and applied, with the file as the cause. */
  async #applyEdit(
    app: App,
    edited: AppPlan | undefined,
    because: string,
    atLeast: 'relaunch' | 'stage' | undefined,
  ): Promise<void> {
    await app.turns.run(async (signal) => {
      const { record } = app;
      if (record.desired !== 'started') return;
      const plan = edited ?? record.plan;
      const byHand = edited
        ? carriedOver(record.byHand, record.plan.manifest, edited.manifest)
        : record.byHand;
      const next = withByHand(plan, byHand);
      if (hasMore(next, app.plan)) this.#checkRoom(next);
      const changes = new Set<string>(diffApp(app.plan, next).map(({ kind }) => kind));
      if (atLeast === 'stage') changes.add('stage').add('relaunch');
      if (atLeast === 'relaunch') changes.add('relaunch');
      this.#save(app, { ...record, plan, byHand });
      if (changes.size === 0) return;
      const action = changes.has('stage') ? 'restage' : changes.has('relaunch') ? 'restart' : 'update';
      this.#options.report({ kind: 'change-started', app: next.name, action, because, by: 'edit' });
      app.log.append({ source: 'API', instance: 0, stream: 'OUT', text: `${action}, because ${because}` });
      if (changes.has('stage') || (changes.has('relaunch') && record.fromCopy))
        await app.run.stage(because, signal);
      if (changes.has('relaunch')) await this.#relaunch(app, because, signal);
      else if (changes.has('scale')) await app.run.scale(because, signal);
      this.#options.routesChanged();
    });
  }

  /** What ran before a change goes on being tried after it: the next edit may mend it. */
  async #relaunch(app: App, because: string, signal: AbortSignal): Promise<void> {
    await app.run.shutdown(because, 'starting');
    await app.run.launch(because, signal, true);
  }

  /** Watches from before the app is up, so that no edit is missed; a failed launch leaves no watch behind. */
  async #launchWatched(app: App, because: string, rolling: boolean, signal: AbortSignal): Promise<void> {
    const { watches } = this.#options;
    const watching = watches.open(
      app,
      (next, why, atLeast) => this.#applyEdit(app, next, why, atLeast),
      signal,
    );
    const launching = rolling ? app.run.roll(because, signal) : app.run.launch(because, signal);
    const [launched, watched] = await Promise.allSettled([launching, watching]);
    if (launched.status === 'fulfilled' && watched.status === 'fulfilled') return;
    if (!rolling) await watches.close(app.name);
    throw launched.status === 'rejected' ? launched.reason : (watched as PromiseRejectedResult).reason;
  }

  async #giveUp(app: App, error: unknown): Promise<void> {
    try {
      this.#save(app, { ...app.record, desired: 'stopped' });
    } catch {
      // What failed first is told, and this may have been it.
    }
    await app.run.shutdown(error instanceof PaasError ? error.message : 'the push failed');
  }

  /** To be called before anything is touched. @throws PaasError `INSTANCES_TOO_MANY` */
  #checkRoom(plan: AppPlan): void {
    checkRoomFor([plan], this.#options.state.record);
  }

  #say(app: App, action: string, because: string): void {
    this.#options.report({ kind: 'change-started', app: app.plan.name, action, because, by: 'user' });
  }

  /** What is remembered of an app besides what it should be. */
  remember(app: App, more: Pick<AppRecord, 'tasks'>): void {
    this.#save(app, { ...app.record, ...more });
  }

  #save(app: App, record: AppRecord): void {
    this.#options.state.saveApp(app.name, record);
    app.record = record;
  }
}

function hasMore(next: AppPlan, now: AppPlan): boolean {
  return next.processes.some(
    ({ type, instances }) =>
      instances > (now.processes.find((process) => process.type === type)?.instances ?? 0),
  );
}
