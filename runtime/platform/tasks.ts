/** Tasks: one-off commands in an app's environment, with a log of their own; never restarted, never routed to. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Guardian } from '../../services/kit/guardian.ts';
import { startProcess, type ManagedProcess } from '../../services/kit/process.ts';
import { startScript } from '../env/start-script.ts';
import type { PlatformEvent } from '../events.ts';
import { PaasError } from '../kernel/errors.ts';
import { processNamed } from '../plan/processes.ts';
import type { TaskRecord } from '../state/record.ts';
import { watchMemory } from '../supervisor/memory.ts';
import { exitStatus } from '../supervisor/start-failure.ts';
import type { App } from './app.ts';

/** Remembered per app; the oldest go first. */
const KEPT_TASKS = 50;
const MIB = 1024 * 1024;

export interface TasksOptions {
  readonly shell: string;
  readonly guardian: Guardian;
  readonly graceMs: number;
  readonly save: (app: App, tasks: readonly TaskRecord[]) => void;
  readonly report: (event: PlatformEvent) => void;
  /** A task ended: what only it needed may go. */
  readonly ended: () => void;
}

export interface TaskRequest {
  readonly command: string;
  readonly name?: string;
  /** Default: that of the process. */
  readonly memoryBytes?: number;
  /** Whose memory limit it has. Default: `web`. */
  readonly process?: string;
}

interface Running {
  readonly process: ManagedProcess;
  readonly done: Promise<void>;
}

export class Tasks {
  readonly #options: TasksOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Newest first. */
  of(app: App): readonly TaskRecord[] {
    return (app.record.tasks ?? []).toReversed();
  }

  /**
   * Starts one; an app that was not staged by this host is staged first.
   * @throws PaasError `PROCESS_NOT_FOUND`, `APP_SPAWN_FAILED`, `STAGING_*`, `SERVICE_*`
   */
  async run(app: App, request: TaskRequest, signal: AbortSignal): Promise<TaskRecord> {
    const { shell, guardian, report } = this.#options;
    const like = processNamed(app.plan, request.process);
    const use = app.oneOffs.use();
    try {
      const env = await app.oneOffs.prepare('a task is run', signal);
      const memoryBytes = request.memoryBytes ?? like.memoryBytes;
      const task: TaskRecord = {
        id: randomUUID(),
        sequence: 1 + Math.max(0, ...(app.record.tasks ?? []).map(({ sequence }) => sequence)),
        name: request.name ?? randomBytes(4).toString('hex'),
        command: request.command,
        state: 'RUNNING',
        memoryBytes,
        startedAt: Date.now(),
      };
      const process = startProcess({
        file: shell,
        args: [
          '-c',
          startScript({
            dialect: app.plan.dialect,
            exports: env.exports,
            preRunning: [],
            command: request.command,
          }),
        ],
        cwd: app.home,
        env: { ...env.system, MEMORY_LIMIT: `${Math.floor(memoryBytes / MIB)}m` },
        guardian,
        onLine: (stream, text) =>
          app.log.append({ source: `APP/TASK/${task.name}`, instance: 0, stream, text }),
      });
      await process.spawned.catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        throw new PaasError('APP_SPAWN_FAILED', { app: app.name, message }, { cause: error });
      });
      this.#save(app, task);
      const because = `task ${task.sequence} (${task.name}): ${task.command}`;
      report({ kind: 'change-started', app: app.plan.name, action: 'run-task', because, by: 'user' });
      const done = this.#untilEnded(app, task, process).finally(() => {
        this.#running.delete(task.id);
        use[Symbol.dispose]();
        this.#options.ended();
      });
      done.catch(() => {}); // told to whoever waits for it
      this.#running.set(task.id, { process, done });
      return task;
    } catch (error) {
      use[Symbol.dispose]();
      this.#options.ended();
      throw error;
    }
  }

  /** Resolves when it has ended. @throws PaasError `TASK_NOT_FOUND` */
  async ended(app: App, sequence: number): Promise<TaskRecord> {
    await this.#running.get(this.#find(app, sequence).id)?.done;
    return this.#find(app, sequence);
  }

  /** TERM, grace, KILL. @throws PaasError `TASK_NOT_FOUND`, `TASK_NOT_RUNNING` */
  async terminate(app: App, sequence: number): Promise<TaskRecord> {
    const task = this.#find(app, sequence);
    const running = this.#running.get(task.id);
    if (!running)
      throw new PaasError('TASK_NOT_RUNNING', { app: app.name, task: sequence, state: task.state });
    const because = `task ${sequence} terminated by hand`;
    this.#options.report({
      kind: 'change-started',
      app: app.plan.name,
      action: 'terminate-task',
      because,
      by: 'user',
    });
    this.#save(app, { ...task, state: 'CANCELING' });
    await running.process.terminate({ graceMs: this.#options.graceMs });
    await running.done;
    return this.#find(app, sequence);
  }

  /** Ends all of an app, or of every app. */
  async endAll(app?: App, graceMs = this.#options.graceMs): Promise<void> {
    const ids = app && new Set((app.record.tasks ?? []).map(({ id }) => id));
    const running = [...this.#running].filter(([id]) => !ids || ids.has(id));
    await Promise.all(
      running.map(async ([, { process, done }]) => {
        await process.terminate({ graceMs });
        await done;
      }),
    );
  }

  async #untilEnded(app: App, task: TaskRecord, process: ManagedProcess): Promise<void> {
    let why = '';
    using _ = watchMemory({
      pids: [process.pid!],
      limitBytes: task.memoryBytes,
      onExceeded: () => {
        why = ' (out of memory)';
        void process.kill().catch(() => {}); // `ended` tells
      },
    });
    const exit = await process.ended;
    const status = exitStatus(exit);
    const said = `Exit status ${status}${why}`;
    app.log.append({ source: `APP/TASK/${task.name}`, instance: 0, stream: 'OUT', text: said });
    const cancelled = this.#find(app, task.sequence).state === 'CANCELING';
    const failed = status !== 0 || cancelled;
    this.#save(app, {
      ...task,
      state: failed ? 'FAILED' : 'SUCCEEDED',
      endedAt: Date.now(),
      ...(failed ? { failureReason: cancelled ? 'terminated by hand' : said } : {}),
    });
  }

  #find(app: App, sequence: number): TaskRecord {
    const task = app.record.tasks?.find((candidate) => candidate.sequence === sequence);
    if (task) return task;
    throw new PaasError('TASK_NOT_FOUND', { app: app.name, task: sequence });
  }

  #save(app: App, task: TaskRecord): void {
    const others = (app.record.tasks ?? []).filter(({ id }) => id !== task.id);
    const all = [...others, task].toSorted((a, b) => a.sequence - b.sequence);
    this.#options.save(app, all.slice(-KEPT_TASKS));
  }
}
