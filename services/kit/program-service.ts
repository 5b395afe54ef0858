/**
 * A service that is a program: started on a loopback port in its data folder, up when it answers in its own
 * protocol, started again on the same port when it dies, stopped within a bound.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceContext } from './contract.ts';
import { deferred } from './deferred.ts';
import { diskNote } from './disk-room.ts';
import { enginePath } from './engine.ts';
import type { ManagedProcess } from './managed-process.ts';
import { freePort, portTaken, requirePort } from './ports.ts';
import { startProcess } from './process.ts';
import { ServiceError } from './service-error.ts';
import { Tail } from './tail.ts';
import { unprivileged, type Unprivileged } from './unprivileged.ts';
import { LoginRefused } from './wire.ts';

export interface ProgramLaunch {
  readonly file: string;
  readonly args: readonly string[];
  /** On top of PATH, HOME (the data folder) and the locale. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProgramOptions {
  readonly context: ServiceContext;
  /** For messages: `PostgreSQL`. */
  readonly product: string;
  /** Made anew for each start, restarts included. */
  readonly launch: (port: number) => ProgramLaunch;
  /** Resolves when it serves. Anything thrown means "not yet", but for `LoginRefused`. */
  readonly ready: (port: number, signal: AbortSignal) => Promise<void>;
  /** Makes a line it printed readable; undefined leaves it out. */
  readonly read?: (line: string) => string | undefined;
  /** Who it runs as, where that is not the usual. */
  readonly how?: Unprivileged;
  readonly startTimeoutMs?: number;
  /** What asks it to end, and how long it may take. */
  readonly stopSignal?: NodeJS.Signals;
  readonly graceMs?: number;
}

const START_TIMEOUT_MS = 30_000;
const GRACE_MS = 10_000;
/** A look costs a fifth of a millisecond, so it can be had often at first; what takes long is looked at less. */
const MIN_LOOK_MS = 3;
const MAX_LOOK_MS = 50;
const LOOKS_SO_FAR = 20;
const SHOWN_BYTES = 8 * 1024;
/** Another port is tried so often where the one that was free a moment ago is not any more. */
const PORT_TRIES = 3;
/** How long to wait before the first, second … start after it died; the last one is repeated. */
const BACKOFF_MS = [0, 100, 500, 1000, 2000, 5000] as const;
/** So many starts in a row without having run for `SETTLED_MS`, and it is given up. */
const MAX_FAILURES = 10;
const SETTLED_MS = 10_000;

export class ProgramService implements AsyncDisposable {
  readonly port: number;
  /** Rejects with a ServiceError when it does not come up again; never resolves. */
  readonly failed: Promise<never>;
  readonly #options: ProgramOptions;
  readonly #unprivileged: Unprivileged;
  readonly #fail: (reason: unknown) => void;
  readonly #stopping = new AbortController();
  #process: ManagedProcess | undefined;
  #life: Promise<void> = Promise.resolve();

  private constructor(options: ProgramOptions, port: number, how: Unprivileged) {
    this.#options = options;
    this.port = port;
    this.#unprivileged = how;
    const failed = deferred<never>();
    failed.promise.catch(() => {}); // told to whoever asks
    this.failed = failed.promise;
    this.#fail = (reason) => failed.reject(reason);
  }

  /** @throws ServiceError `SERVICE_PORT_TAKEN`, `SERVICE_START_FAILED`; the signal's reason */
  static async start(options: ProgramOptions): Promise<ProgramService> {
    const { context } = options;
    context.signal?.throwIfAborted();
    const how = options.how ?? (await unprivileged());
    ownFolder(context.dataDir, how);
    if (context.port !== 0) await requirePort(context.host, context.port);
    for (let tries = 1; ; tries++) {
      const port = context.port === 0 ? await freePort(context.host) : context.port;
      const service = new ProgramService(options, port, how);
      try {
        const run = await service.#run(context.signal);
        service.#life = service.#keepRunning(run);
        return service;
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'SERVICE_PORT_TAKEN') throw error;
        if (context.port !== 0 || tries === PORT_TRIES) throw error;
      }
    }
  }

  /** Changes with every restart. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the service is being stopped'));
    await this.#process?.terminate(this.#ending);
    await this.#life;
  }

  get #ending(): { graceMs: number; signal: NodeJS.Signals } {
    return { graceMs: this.#options.graceMs ?? GRACE_MS, signal: this.#options.stopSignal ?? 'SIGTERM' };
  }

  /** One start, up to where it serves. What it printed so far is told when it fails, and dropped when it does not. */
  async #run(signal: AbortSignal | undefined): Promise<ManagedProcess> {
    const { context, product } = this.#options;
    const { file, args, env } = this.#options.launch(this.port);
    const said = new Tail(SHOWN_BYTES);
    let serving = false;
    const program = startProcess({
      ...this.#unprivileged.wrap(file, args),
      cwd: context.dataDir,
      env: {
        PATH: enginePath(context.searchPath),
        HOME: context.dataDir,
        LC_ALL: 'C',
        TZ: 'UTC',
        ...env,
      },
      guardian: context.guardian,
      onLine: (_, line) => {
        const text = this.#options.read ? this.#options.read(line) : line;
        if (text === undefined) return;
        if (serving && !this.#stopping.signal.aborted) context.log(text);
        else said.add(text);
      },
    });
    await program.spawned.catch((error: Error) => {
      throw new ServiceError('SERVICE_START_FAILED', error.message, {}, { cause: error });
    });
    this.#process = program;
    try {
      await this.#untilReady(program, signal);
      serving = true;
      return program;
    } catch (error) {
      await program.kill();
      if (signal?.aborted) throw signal.reason;
      await requirePort(context.host, this.port).catch((taken: unknown) => {
        throw taken instanceof ServiceError ? taken : portTaken(context.host, this.port, taken);
      });
      const reason = error instanceof Error ? error.message : String(error);
      const logLines = said.toString().split('\n').filter(Boolean);
      throw new ServiceError(
        'SERVICE_START_FAILED',
        `${product} ${reason}${diskNote(context.dataDir)}`,
        { port: this.port, logLines },
        { cause: error },
      );
    }
  }

  async #untilReady(program: ManagedProcess, outer: AbortSignal | undefined): Promise<void> {
    const { ready, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    const over = new AbortController();
    const exited = program.exited.then(({ code, signal }) => {
      over.abort(new Error(`exited with ${signal ?? `status ${code}`} before it answered`));
    });
    const late = setTimeout(() => over.abort(new Error('too slow')), startTimeoutMs);
    const cut = (): void => over.abort(outer?.reason);
    outer?.addEventListener('abort', cut, { once: true });
    if (outer?.aborted) cut();
    const begun = performance.now();
    try {
      for (;;) {
        try {
          await ready(this.port, over.signal);
          return;
        } catch (error) {
          if (error instanceof LoginRefused) throw new Error(`refused its own user: ${error.message}`);
          if (!over.signal.aborted) {
            const soFar = (performance.now() - begun) / LOOKS_SO_FAR;
            const lookMs = Math.min(Math.max(soFar, MIN_LOOK_MS), MAX_LOOK_MS);
            await sleep(lookMs, undefined, { signal: over.signal }).catch(() => {});
          }
          if (!over.signal.aborted) continue;
          const reason = over.signal.reason as Error;
          if (reason.message !== 'too slow') throw reason;
          const last = error instanceof Error ? error.message : String(error);
          throw new Error(`did not answer within ${startTimeoutMs} ms (${last})`);
        }
      }
    } finally {
      clearTimeout(late);
      outer?.removeEventListener('abort', cut);
      void exited;
    }
  }

  async #keepRunning(first: ManagedProcess): Promise<void> {
    const { context, product } = this.#options;
    const stop = this.#stopping.signal;
    let program = first;
    let since = performance.now();
    for (let failures = 0; ;) {
      const { signal, code } = await program.ended;
      if (stop.aborted) return;
      const died = performance.now();
      const exit = signal ?? `status ${code}`;
      context.log(`${product} ended (${exit}); its apps go on`);
      context.onEngine?.({ moment: 'ended', exit });
      if (performance.now() - since > SETTLED_MS) failures = 0;
      for (;;) {
        const delayMs = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]!;
        failures += 1;
        context.log(`starting it again${delayMs > 0 ? ` in ${delayMs} ms` : ''} on port ${this.port}`);
        await sleep(delayMs, undefined, { signal: stop }).catch(() => {});
        if (stop.aborted) return;
        try {
          program = await this.#run(stop);
          since = performance.now();
          context.log(`${product} is back on port ${this.port}`);
          context.onEngine?.({ moment: 'back', ms: Math.round(since - died) });
          break;
        } catch (error) {
          if (stop.aborted) return;
          context.log(`it did not come up: ${error instanceof Error ? error.message : String(error)}`);
          if (failures < MAX_FAILURES) continue;
          this.#fail(error);
          return;
        }
      }
    }
  }
}

/** A private folder that whoever the engine runs as may write in. */
export function ownFolder(folder: string, how: Unprivileged): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  how.own(folder);
}
