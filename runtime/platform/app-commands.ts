/** What is done by hand to apps that were pushed: started, stopped, brought back, deleted, a shell opened in them. */
import { rmSync } from 'node:fs';
import { RUN_VARIABLE } from '../../services/kit/marked.ts';
import type { PlatformEvent } from '../events.ts';
import { absolutePath, type AppName } from '../kernel/names.ts';
import type { AppSnapshot } from '../snapshot.ts';
import { fileNameFor, type SpacePaths } from '../state/home.ts';
import { restore, type Restored } from './after-host.ts';
import type { AppDrains } from './app-drains.ts';
import type { Apps } from './apps.ts';
import type { Changes, StartAgain, Strategy } from './changes.ts';
import type { Crons } from './crons.ts';
import type { EventHistory } from './event-history.ts';
import type { RouterDoor } from './router-door.ts';
import type { ServiceNeeds } from './service-needs.ts';
import type { SpaceLogs } from './space-logs.ts';
import type { SpaceState } from './space-state.ts';
import type { Tasks } from './tasks.ts';

export interface AppCommandsOptions {
  readonly paths: SpacePaths;
  readonly runId: string;
  readonly shell: string;
  readonly state: SpaceState;
  readonly apps: Apps;
  readonly changes: Changes;
  readonly needs: ServiceNeeds;
  readonly door: RouterDoor;
  readonly tasks: Tasks;
  readonly crons: Crons;
  readonly logs: SpaceLogs;
  readonly history: EventHistory;
  readonly drains: AppDrains;
  readonly report: (event: PlatformEvent) => void;
}

export interface InstanceName {
  /** Its process type. */
  readonly process: string;
  readonly index: number;
}

export class AppCommands {
  readonly #options: AppCommandsOptions;

  constructor(options: AppCommandsOptions) {
    this.#options = options;
  }

  /** Starts a stopped app as it was last pushed. Does nothing when it runs. */
  start(name: string, signal?: AbortSignal): Promise<AppSnapshot> {
    const how = { action: 'start', because: 'started by hand', strategy: 'restart' } as const;
    return this.#startAgain(name, how, signal);
  }

  /** Stops and starts an app; requests that come meanwhile are held. Starts it when it was stopped. */
  restart(name: string, signal?: AbortSignal, strategy: Strategy = 'restart'): Promise<AppSnapshot> {
    return this.#startAgain(name, { action: 'restart', because: 'restarted by hand', strategy }, signal);
  }

  /** Stages an app anew and restarts it. */
  restage(name: string, signal?: AbortSignal, strategy: Strategy = 'restart'): Promise<AppSnapshot> {
    return this.#startAgain(name, { action: 'restage', because: 'restaged by hand', strategy }, signal);
  }

  /** Brings back what an earlier host ran for no terminal and nobody stopped since. */
  async restore(signal?: AbortSignal): Promise<Restored> {
    const { apps, changes, door } = this.#options;
    await door.open();
    return restore(apps, changes, signal);
  }

  /**
   * Stops an app and the services nothing else needs. Cuts short whatever is under way with it.
   * @throws PaasError `STATE_NOT_WRITABLE` where it is stopped and that cannot be remembered
   */
  async stop(name: string, because = 'stopped by hand', graceMs?: number): Promise<AppSnapshot> {
    const { apps, changes, crons, needs } = this.#options;
    const app = apps.named(name);
    try {
      await changes.stop(app, because, graceMs);
    } finally {
      await crons.end(app);
      await needs.stopUnused();
    }
    return app.snapshot();
  }

  /** Stops an app and forgets it: record, logs, folders. Its services stay. */
  async delete(name: string): Promise<void> {
    const { apps, tasks, state, logs, history, drains, paths, door, report } = this.#options;
    await tasks.endAll(apps.named(name));
    await this.stop(name, 'deleted');
    apps.remove(name);
    state.saveApp(name, undefined);
    await logs.remove('app', name);
    await history.remove(name);
    await drains.close(name);
    rmSync(absolutePath(fileNameFor(name), paths.apps), { recursive: true, force: true });
    door.update();
    report({ kind: 'app-deleted', app: name as AppName });
  }

  /**
   * How to run a program in an app's environment; its services are kept up until it is released.
   * @param instance one whose own variables it is to have too
   * @throws PaasError `INSTANCE_NOT_FOUND`, and as a staging
   */
  async borrow(name: string, signal: AbortSignal, instance?: InstanceName) {
    const { apps, needs, runId, shell } = this.#options;
    const app = apps.named(name);
    if (instance) app.launchEnv(instance.process, instance.index); // before anything is started for it
    const use = app.oneOffs.use();
    const release = async (): Promise<void> => {
      use[Symbol.dispose]();
      await needs.stopUnused();
    };
    try {
      const oneOff = await app.oneOffs.prepare('a command is run in it', signal);
      const { system, exports } = instance ? app.launchEnv(instance.process, instance.index) : oneOff;
      // Should this host die, its guardian ends the program too.
      const env = { ...system, [RUN_VARIABLE]: runId };
      return { dialect: app.plan.dialect, shell, root: app.home, env, exports, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Ends all that run, with the platform: they stay desired as they were. */
  async closeAll(): Promise<void> {
    const { apps, changes } = this.#options;
    const running = [...apps].filter(({ state }) => state !== 'stopped');
    await Promise.all(running.toReversed().map((app) => changes.close(app)));
  }

  async #startAgain(name: string, how: StartAgain, signal: AbortSignal | undefined): Promise<AppSnapshot> {
    const { apps, changes, door } = this.#options;
    const app = apps.named(name);
    await door.open();
    await changes.startAgain(app, how, signal);
    return app.snapshot();
  }
}
