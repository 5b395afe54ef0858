/** Watches one app's folder and its manifest, and turns edits into changes with their cause. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ServiceType } from '../../services/kit/contract.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { FROM_SHELL } from '../manifest/env-mode.ts';
import { absolutePath } from '../kernel/names.ts';
import type { AppPlan, ServicePlan } from '../plan/types.ts';
import type { SpaceRecord } from '../state/record.ts';
import { classify } from '../watch/classify.ts';
import { RestartLoop } from '../watch/restart-loop.ts';
import type { WatchedChange } from '../watch/batch.ts';
import { watch } from '../watch/watcher.ts';
import type { App } from './app.ts';
import { appsOf, planFor } from './plan-for.ts';
import { readSource } from './read-source.ts';
import { withStoredEnv } from './stored-env.ts';
import { describeMs } from './words.ts';

export interface AppWatchOptions {
  readonly record: () => SpaceRecord;
  readonly serviceTypes: readonly ServiceType[];
  readonly mayBeReplaced: (service: string, pushed: ReadonlySet<string>) => boolean;
  readonly provision: (plan: ServicePlan, apps: ReadonlySet<string>) => void;
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
  /** What was changed and is not applied yet. */
  readonly #waiting = new Set<string>();
  #applying = false;
  #resume: NodeJS.Timeout | undefined;
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
      onBatch: (changes) => void self.#onBatch(changes),
      onDegraded: (message) => options.report({ kind: 'watch-degraded', app: plan.name, message }),
      signal,
    });
    return self;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#resume);
    await this.#watcher?.[Symbol.asyncDispose]();
  }

  /** A batch that comes while an earlier one is applied waits, and is one with those that come meanwhile. */
  async #onBatch(changes: readonly WatchedChange[]): Promise<void> {
    if (this.#closed) return;
    for (const file of this.#heeded(changes)) this.#waiting.add(file);
    if (this.#applying) return;
    this.#applying = true;
    try {
      while (this.#waiting.size > 0 && !this.#closed) {
        const files = [...this.#waiting];
        this.#waiting.clear();
        await this.#apply(files);
        this.#loop.restarted(performance.now());
      }
    } finally {
      this.#applying = false;
    }
  }

  /** Those that may cause anything. */
  #heeded(changes: readonly WatchedChange[]): readonly string[] {
    const { plan, state, record } = this.#app;
    const isManifest = ({ file }: WatchedChange) => plan.manifestFiles.includes(absolutePath(file));
    const manifests = changes.filter(isManifest).map(({ file }) => file);
    // Staging itself writes into the folder (hooks, installers): only the manifest is heeded meanwhile.
    if (state === 'staging') return manifests;
    // A command that reloads by itself is left to do so.
    const others = changes.filter(
      (change) =>
        !isManifest(change) &&
        change.file !== record.source?.readyFile &&
        (plan.watch.enabled || this.#isRequirement(change.file)),
    );
    const inside = others.map(({ file, created }) => ({ file: relative(plan.root, file), created }));
    const { heeded, paused } = this.#loop.seen(inside, performance.now());
    for (const { path, quietMs } of paused) this.#say(loopMessage(path, quietMs));
    this.#resumeLater();
    return [...manifests, ...heeded.map((file) => join(plan.root, file))];
  }

  #isRequirement(file: string): boolean {
    return this.#app.plan.watch.requirementFiles.includes(relative(this.#app.plan.root, file));
  }

  /** Paths that were left out count again when they were left alone for a while. */
  #resumeLater(): void {
    clearTimeout(this.#resume);
    const next = this.#loop.nextMs();
    if (next === undefined || this.#closed) return;
    this.#resume = setTimeout(
      () => {
        const back = this.#loop.resumed(performance.now());
        for (const { path } of back) this.#say(`"${path}" is watched again`, 'OUT');
        this.#resumeLater();
        for (const { file } of back) this.#waiting.add(join(this.#app.plan.root, file));
        if (back.length > 0) void this.#onBatch([]);
      },
      Math.max(0, next - performance.now()),
    ).unref();
  }

  async #apply(files: readonly string[]): Promise<void> {
    const { plan } = this.#app;
    const requirements = plan.watch.requirementFiles.map((file) => join(plan.root, file));
    const change = classify(files, plan.manifestFiles, requirements);
    if (!change) return;
    const because = `${relative(plan.root, change.file)} changed`;
    this.#options.report({
      kind: 'files-changed',
      app: plan.name,
      files: files.map((file) => relative(plan.root, file)),
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
    const { serviceTypes, mayBeReplaced, provision } = this.#options;
    const plan = planFor(stored, source, record, serviceTypes, mayBeReplaced);
    for (const service of plan.services) provision(service, appsOf(stored));
    return plan.apps.find(({ name }) => name === this.#app.name);
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

function loopMessage(path: string, quietMs: number | undefined): string {
  const what = path.endsWith('*') ? `New files in "${dirname(path)}" come` : `"${path}" changes`;
  const until =
    quietMs === undefined
      ? 'until the next push or restart'
      : `until it was left alone for ${describeMs(quietMs)}`;
  return `${what} after every restart, so the app seems to write there itself; edits of it are ignored ${until}. Add it to "ignores" in the manifest, or push with --no-watch`;
}
