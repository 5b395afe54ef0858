/** Watches one app's folder and its manifest, and turns edits into changes with their cause. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ServiceType } from '../../services/kit/contract.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { FROM_SHELL } from '../manifest/env-mode.ts';
import { absolutePath } from '../kernel/names.ts';
import type { AppPlan, ServicePlan } from '../plan/types.ts';
import type { SpaceRecord } from '../state/record.ts';
import { classify } from '../watch/classify.ts';
import { RestartLoop } from '../watch/restart-loop.ts';
import { watch } from '../watch/watcher.ts';
import type { App } from './app.ts';
import { planFor } from './plan-for.ts';
import { readSource } from './read-source.ts';
import { withStoredEnv } from './stored-env.ts';

export interface AppWatchOptions {
  readonly record: () => SpaceRecord;
  readonly serviceTypes: readonly ServiceType[];
  readonly provision: (plan: ServicePlan) => void;
  /** Applies a new plan, or the same again, because of an edit; `atLeast` names what must happen in any case. */
  readonly apply: (
    next: AppPlan | undefined,
    because: string,
    atLeast?: 'relaunch' | 'stage',
  ) => Promise<void>;
  readonly report: (event: PlatformEvent) => void;
}

export class AppWatch implements AsyncDisposable {
  readonly #app: App;
  readonly #options: AppWatchOptions;
  readonly #loop = new RestartLoop();
  #watcher: AsyncDisposable | undefined;
  #closed = false;

  private constructor(app: App, options: AppWatchOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** @throws the signal's reason */
  static async open(app: App, options: AppWatchOptions, signal: AbortSignal): Promise<AppWatch> {
    const self = new AppWatch(app, options);
    const { plan } = app;
    if (!plan.watch.enabled && plan.watch.because === 'switched off') return self;
    self.#watcher = await watch({
      root: plan.root,
      files: plan.manifestFiles,
      ignores: [
        ...plan.watch.ignores,
        ...ignoreFile(plan.root, '.cfignore'),
        ...ignoreFile(plan.root, '.gitignore'),
      ],
      onBatch: (files) => void self.#onBatch(files),
      onDegraded: (message) => options.report({ kind: 'watch-degraded', app: plan.name, message }),
      signal,
    });
    return self;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#watcher?.[Symbol.asyncDispose]();
  }

  async #onBatch(files: readonly string[]): Promise<void> {
    if (this.#closed) return;
    const { plan, state } = this.#app;
    const absolute = plan.watch.requirementFiles.map((file) => join(plan.root, file));
    // Staging itself writes into the folder (hooks, installers): only the manifest is heeded meanwhile.
    const heeded =
      state === 'staging' ? files.filter((file) => plan.manifestFiles.includes(absolutePath(file))) : files;
    const change = classify(heeded, plan.manifestFiles, absolute);
    if (!change) return;
    // A command that reloads by itself is left to do so.
    if (change.kind === 'code' && !plan.watch.enabled) return;
    const shown = relative(plan.root, change.file);
    if (change.kind === 'code' && this.#isLoop(shown)) return;
    const because = `${shown} changed`;
    this.#options.report({
      kind: 'files-changed',
      app: plan.name,
      files: heeded.map((file) => relative(plan.root, file)),
    });
    try {
      if (change.kind === 'code') await this.#options.apply(undefined, because, 'relaunch');
      else {
        const next = await this.#replan();
        if (next)
          await this.#options.apply(next, because, change.kind === 'requirements' ? 'stage' : undefined);
      }
    } catch (error) {
      this.#say(
        error instanceof PaasError
          ? [error.message, error.hint ?? ''].filter(Boolean).join('. ')
          : String(error),
      );
    }
  }

  /** The plan as the manifest now asks for; undefined, and said, when it cannot be used. Nothing that runs is touched. */
  async #replan(): Promise<AppPlan | undefined> {
    const { source } = this.#app.record;
    if (!source) return undefined;
    const { manifest, diagnostics } = await readSource(source, {
      appNames: [this.#app.name],
      shellEnv: { ...this.#app.record.shellEnv, ...inheritedValues(this.#app.plan) },
      serviceTypes: async () => this.#options.serviceTypes.map(({ type }) => type),
    });
    if (!manifest) {
      this.#options.report({
        kind: 'manifest-invalid',
        file: this.#app.plan.manifestFile ?? '',
        diagnostics,
      });
      return undefined;
    }
    if (diagnostics.length > 0)
      this.#options.report({ kind: 'manifest-warned', file: manifest.file, diagnostics });
    const record = this.#options.record();
    // An edit is a push of the same app again, so its variables become what that would make of them.
    const { manifest: stored, notes } = withStoredEnv(manifest, record, source.envMode);
    for (const text of notes.get(this.#app.name) ?? []) this.#say(text, 'OUT');
    const plan = planFor(stored, source, record, this.#options.serviceTypes);
    for (const service of plan.services) this.#options.provision(service);
    return plan.apps.find(({ name }) => name === this.#app.name);
  }

  #isLoop(file: string): boolean {
    const verdict = this.#loop.seen(file, performance.now());
    if (verdict === 'began') {
      this.#say(
        `"${file}" changes after every restart, so the app seems to write it itself; edits of it are ignored now. Add it to "ignores" in the manifest, or push with --no-watch`,
      );
    }
    return verdict !== 'no';
  }

  #say(text: string, stream: 'OUT' | 'ERR' = 'ERR'): void {
    this.#app.log.append({ source: 'API', instance: 0, stream, text });
  }
}

/** What `inherit: yes` took from the shell that pushed, which is not there any more. */
function inheritedValues({ manifest }: AppPlan): Record<string, string> {
  return Object.fromEntries(
    Object.entries(manifest.env)
      .filter(([, { origin }]) => origin === FROM_SHELL)
      .map(([name, { value }]) => [name, value]),
  );
}

function ignoreFile(root: string, name: string): readonly string[] {
  try {
    return readFileSync(join(root, name), 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
