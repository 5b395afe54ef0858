/** What is run beside an app's instances (tasks, cron lines, a shell): it needs the app's services and environment. */
import type { Launch } from '../supervisor/types.ts';
import type { AppEnvironment, LaunchEnv } from './app-environment.ts';
import type { AppStaging } from './app-staging.ts';
import { commandOf, NOTHING_INSTALLED } from './launch.ts';

export interface AppOneOffsOptions {
  readonly environment: AppEnvironment;
  readonly staging: AppStaging;
  readonly shell: string;
  /** Stages the app where it is not, without a change of its state. */
  readonly stage: (because: string, signal: AbortSignal) => Promise<void>;
  readonly startServices: (signal: AbortSignal) => Promise<void>;
}

export class AppOneOffs {
  readonly #options: AppOneOffsOptions;
  #uses = 0;

  constructor(options: AppOneOffsOptions) {
    this.#options = options;
  }

  /** Holds the services the app is bound to, though no instance may run, until disposed. */
  use(): Disposable {
    this.#uses += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#uses -= 1;
        held = false;
      },
    };
  }

  get inUse(): boolean {
    return this.#uses > 0;
  }

  /**
   * Makes ready for one: staged, folders there, services up.
   * @throws PaasError `STAGING_*`, `SERVICE_*`, `CANCELLED`
   */
  async prepare(because: string, signal: AbortSignal): Promise<LaunchEnv> {
    const { environment, staging, stage, startServices } = this.#options;
    if (!staging.done) await stage(because, signal);
    environment.makeFolders();
    await startServices(signal);
    return environment.forOneOff(staging.installed!);
  }

  /** What one is given, staged or not. */
  env(): LaunchEnv {
    return this.#options.environment.forOneOff(this.#options.staging.installed ?? NOTHING_INSTALLED);
  }

  /** How to run a program of the user's choice with the app's folder and environment. */
  command(argv: readonly string[]): Omit<Launch, 'port'> {
    const { environment, staging, shell } = this.#options;
    environment.makeFolders();
    return commandOf(argv, { environment, installed: staging.installed, shell });
  }
}
