/** Stages one app: services up, folders there, its files copied where that is wanted, dependencies in, hooks run. */
import type { Log } from '../logs/log.ts';
import type { AppPlan } from '../plan/types.ts';
import type { Installed } from '../staging/types.ts';
import type { AppEnvironment } from './app-environment.ts';
import type { AppOptions } from './app-options.ts';
import { stage } from './staging-run.ts';

/** How it is now: each staging looks anew. */
export interface ToStage {
  readonly plan: AppPlan;
  readonly fromCopy: boolean;
  readonly toolEnv: Readonly<Record<string, string>>;
}

export interface AppStagingOptions {
  readonly app: () => ToStage;
  readonly log: Log;
  readonly environment: AppEnvironment;
  readonly platform: AppOptions;
}

export class AppStaging {
  readonly #options: AppStagingOptions;
  #installed: Installed | undefined;

  constructor(options: AppStagingOptions) {
    this.#options = options;
  }

  /** What the last staging gave. */
  get installed(): Installed | undefined {
    return this.#installed;
  }

  /** There is nothing to do before a start. */
  get done(): boolean {
    const { app, environment } = this.#options;
    return this.#installed !== undefined && (!app().fromCopy || environment.hasCopy);
  }

  /** @throws PaasError `STAGING_*`, `HOOK_FAILED`, `SERVICE_*`, `CANCELLED` */
  async run(signal: AbortSignal): Promise<void> {
    const { log, environment, platform } = this.#options;
    const { plan, fromCopy, toolEnv } = this.#options.app();
    const { report, shell, guardian } = platform;
    const { buildpack } = plan.facts;
    report({ kind: 'staging-started', app: plan.name, buildpack, because: plan.facts.because });
    const began = performance.now();
    const say = (text: string) => log.append({ source: 'STG', instance: 0, stream: 'OUT', text });
    if (!fromCopy) environment.useSource();
    await allOf([
      platform.startServices(plan, signal),
      ...(fromCopy ? [environment.copySource(signal, say)] : []),
    ]);
    environment.makeFolders();
    const { home, root } = environment.folders;
    this.#installed = await stage({
      plan,
      home,
      ...(fromCopy ? { notesDir: root } : {}),
      log,
      cacheDir: platform.paths.cache,
      toolEnv,
      shell,
      guardian,
      signal,
      env: (installed) => environment.forOneOff(installed),
    });
    const { skipped } = this.#installed;
    report({ kind: 'staging-finished', app: plan.name, skipped, ms: performance.now() - began });
  }
}

/** Side by side; none is left under way when one fails. */
async function allOf(tasks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(tasks)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
