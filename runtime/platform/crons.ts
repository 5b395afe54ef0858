/** Runs the `cron` lines of apps that run, once each however many instances there are, each line in its own log source. */
import type { Guardian } from '../../services/kit/guardian.ts';
import { startProcess, type ManagedProcess } from '../../services/kit/process.ts';
import { startScript } from '../env/start-script.ts';
import { PaasError } from '../kernel/errors.ts';
import { exitStatus } from '../supervisor/start-failure.ts';
import type { App } from './app.ts';
import { readCrontab, type CronJob, type Crontab } from './crontab.ts';

export interface CronsOptions {
  readonly apps: () => Iterable<App>;
  readonly shell: string;
  readonly guardian: Guardian;
}

const MINUTE_MS = 60_000;
const GRACE_MS = 2000;

export class Crons implements AsyncDisposable {
  readonly #options: CronsOptions;
  /** By the lines they were read from: an edit makes other lines. */
  readonly #tables = new WeakMap<readonly string[], Crontab>();
  readonly #running = new Map<CronJob, { readonly app: App; readonly process: ManagedProcess }>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** The last that was met. */
  #minute = 0;

  constructor(options: CronsOptions) {
    this.#options = options;
    this.#waitForMinute();
  }

  /** Runs what is due in this minute. */
  async tick(at: Date): Promise<void> {
    const due = [...this.#options.apps()]
      .filter(({ state }) => state === 'started')
      .flatMap((app) =>
        this.#table(app)
          .jobs.filter((job) => job.due(at))
          .map((job) => this.#run(app, job)),
      );
    await Promise.all(due);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort(new PaasError('CANCELLED', { reason: 'the platform is closing' }));
    await this.#end([...this.#running.values()]);
  }

  /** Ends what runs of an app: it goes with it. */
  async end(app: App): Promise<void> {
    await this.#end([...this.#running.values()].filter((one) => one.app === app));
  }

  async #end(running: readonly { readonly process: ManagedProcess }[]): Promise<void> {
    await Promise.all(running.map(({ process }) => process.terminate({ graceMs: GRACE_MS })));
  }

  #table(app: App): Crontab {
    const { cron } = app.plan.manifest;
    let table = this.#tables.get(cron);
    if (!table) {
      table = readCrontab(cron);
      this.#tables.set(cron, table);
      for (const problem of table.problems) say(app, 'ERR', problem);
    }
    return table;
  }

  /** Resolves when it has ended. What it fails with is said in the log. */
  async #run(app: App, job: CronJob): Promise<void> {
    if (this.#running.has(job)) {
      say(app, 'ERR', `"${job.command}" still runs: it is not started again`);
      return;
    }
    using _ = app.oneOffs.use();
    try {
      const env = await app.oneOffs.prepare('a cron line is due', this.#closing.signal);
      const process = startProcess({
        file: this.#options.shell,
        args: [
          '-c',
          startScript({ dialect: 'stackato', exports: env.exports, preRunning: [], command: job.command }),
        ],
        cwd: env.system.HOME ?? app.plan.root,
        env: { ...env.system, ...job.env },
        guardian: this.#options.guardian,
        onLine: (stream, text) => say(app, stream, text),
      });
      await process.spawned;
      this.#running.set(job, { app, process });
      const status = exitStatus(await process.ended);
      if (status !== 0) say(app, 'ERR', `"${job.command}": exit status ${status}`);
    } catch (error) {
      say(app, 'ERR', `"${job.command}": ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#running.delete(job);
    }
  }

  /** Aligned with the clock; one that was set back or forth is met at its next minute. */
  #waitForMinute(): void {
    const rest = MINUTE_MS - (Date.now() % MINUTE_MS);
    this.#timer = setTimeout(() => {
      const now = new Date();
      const minute = Math.floor(now.getTime() / MINUTE_MS);
      // Timers do not follow the clock: one that is slowed down is met a moment before its minute.
      if (minute !== this.#minute) void this.tick(now);
      this.#minute = minute;
      this.#waitForMinute();
    }, rest).unref();
  }
}

function say(app: App, stream: 'OUT' | 'ERR', text: string): void {
  app.log.append({ source: 'APP/CRON', instance: 0, stream, text });
}
