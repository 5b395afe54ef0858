import { runToEnd } from '../../services/kit/process.ts';
import { flatten } from '../env/build-env.ts';
import { PaasError } from '../kernel/errors.ts';
import type { AnyFault } from '../platform/fault.ts';
import type { AppSnapshot, AppState, InstanceSnapshot } from '../snapshot.ts';
import { request, type FetchOptions } from './fetch.ts';
import type { Inside } from './inside.ts';
import { TestLogs } from './test-logs.ts';

export interface ExecOptions {
  /** On top of the app's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it is ended, and `timedOut` set. Default: 60 000. */
  readonly timeout?: number;
  /** Ends it; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
  /** Whole lines, each with its line end. */
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because its time was over. */
  readonly timedOut: boolean;
}

const EXEC_MS = 60_000;

/** One app, as a test sees it. */
export class TestApp {
  /** As in the manifest. */
  readonly name: string;
  /** What its processes, its staging and the cell said since the last reset. */
  readonly logs: TestLogs;
  /** `http://127.0.0.1:PORT`, with `tls` `https:`: reaches this app without a name service. */
  readonly url: string;
  readonly #inside: Inside;

  /** @internal */
  constructor(name: string, url: string, inside: Inside) {
    this.name = name;
    this.url = url;
    this.#inside = inside;
    this.logs = new TestLogs(name, inside.timeline, inside.startedAt);
  }

  /** By its routes: `http://shop.localhost:PORT`; with `tls` those of HTTPS come first. */
  get urls(): readonly string[] {
    return this.#snapshot().urls;
  }

  /** `started` once all instances were healthy; `crashed` where none takes requests any more. */
  get state(): AppState {
    return this.#snapshot().state;
  }

  /** Of all process types, `web` first. */
  get instances(): readonly InstanceSnapshot[] {
    return this.#snapshot().processes.flatMap(({ instances }) => instances);
  }

  /** What its first instance is given. In Stackato's dialect the manifest's values are as written, not expanded. */
  get env(): Readonly<Record<string, string>> {
    return flatten(this.#inside.platform.env(this.name));
  }

  /** `VCAP_APPLICATION` and `VCAP_SERVICES`, read. */
  get vcap(): { readonly application: Record<string, unknown>; readonly services: Record<string, unknown> } {
    const { VCAP_APPLICATION = '{}', VCAP_SERVICES = '{}' } = this.env;
    return {
      application: JSON.parse(VCAP_APPLICATION) as Record<string, unknown>,
      services: JSON.parse(VCAP_SERVICES) as Record<string, unknown>,
    };
  }

  /** Through the router. @param path `/cart?x=1`, or a whole URL, whose host then picks the route */
  fetch(path: string, options: FetchOptions = {}): Promise<Response> {
    this.#inside.live(`fetch "${path}"`);
    const { door, caFile } = this.#inside;
    return request({ own: this.url, door, caFile }, path, options);
  }

  /** @throws PaasError as a push */
  start(): Promise<void> {
    return this.#do('start', (platform) => platform.start(this.name));
  }

  /** Its services go on. */
  stop(): Promise<void> {
    return this.#do('stop', (platform) => platform.stop(this.name));
  }

  /** Requests that come meanwhile are held. @throws PaasError as a push */
  restart(): Promise<void> {
    return this.#do('restart', (platform) => platform.restart(this.name));
  }

  /**
   * Resolves when all of them are healthy.
   * @param process its type
   * @throws PaasError as a push; `PROCESS_NOT_FOUND`; `USAGE` for what is no number of instances
   */
  async scale(instances: number, process = 'web'): Promise<void> {
    if (!Number.isInteger(instances) || instances < 0) {
      const message = `Cannot scale app "${this.name}" to ${String(instances)} instances`;
      throw this.#inside.told(new PaasError('USAGE', { message, hint: 'Expected a whole number from 0 up' }));
    }
    await this.#do('scale', (platform) =>
      platform.byHand.scale(platform.app(this.name), process, { instances }),
    );
  }

  /**
   * Runs a program in the app's folder with its environment, but for what only a running instance has (`PORT`).
   * Whatever it exits with is a result.
   */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
    const platform = this.#inside.live(`run "${argv.join(' ')}"`);
    const { env = {}, timeout = EXEC_MS, signal } = options;
    const launch = platform.app(this.name).oneOffs.command(argv);
    const out: string[] = [];
    const err: string[] = [];
    const result = await runToEnd({
      file: launch.file,
      args: launch.args,
      cwd: launch.cwd,
      env: { ...launch.env, ...env },
      guardian: this.#inside.guardian,
      timeoutMs: timeout,
      onLine: (stream, text) => void (stream === 'OUT' ? out : err).push(`${text}\n`),
      ...(signal ? { signal } : {}),
    });
    const { code, signal: endedBy, timedOut } = result;
    return { code, signal: endedBy, stdout: out.join(''), stderr: err.join(''), timedOut };
  }

  /** Kills its processes; they are restarted as after any crash. Resolves when all are seen to be gone. */
  async crash(): Promise<void> {
    const gone = this.#untilExits();
    const count = await this.#fault({ kind: 'crash' });
    if (count > 0) await gone(count);
  }

  /** Ends it as the watch over its memory does: killed, "out of memory", status 137. */
  async outOfMemory(): Promise<void> {
    const gone = this.#untilExits();
    const count = await this.#fault({ kind: 'out-of-memory' });
    if (count > 0) await gone(count);
  }

  /** Its processes stand still, as one that hangs: connections are accepted by the system, and nobody answers. */
  async pause(): Promise<void> {
    await this.#fault({ kind: 'pause' });
  }

  /** Ends a pause. */
  async resume(): Promise<void> {
    await this.#fault({ kind: 'up' });
  }

  /** Listens from now on; resolves when so many of its instances have exited. */
  #untilExits(): (count: number) => Promise<void> {
    let exits = 0;
    let check = (): void => {};
    const listening = this.#inside.platform.subscribe((event) => {
      if (event.kind !== 'instance' || event.app !== this.name || event.moment !== 'exited') return;
      exits += 1;
      check();
    });
    return (count) =>
      new Promise<void>((resolve) => {
        check = () => {
          if (exits < count) return;
          listening[Symbol.dispose]();
          resolve();
        };
        check();
      });
  }

  async #fault(fault: AnyFault): Promise<number> {
    const platform = this.#inside.live(`disturb app "${this.name}"`);
    return platform.outages
      .apply(this.name, fault)
      .catch((error: unknown) => Promise.reject(this.#inside.told(error)));
  }

  async #do(what: string, action: (platform: Inside['platform']) => Promise<unknown>): Promise<void> {
    const platform = this.#inside.live(`${what} app "${this.name}"`);
    await action(platform).catch((error: unknown) => Promise.reject(this.#inside.told(error)));
  }

  #snapshot(): AppSnapshot {
    return this.#inside.platform.app(this.name).snapshot();
  }
}
