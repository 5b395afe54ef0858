/** One process with its sidecars, from its start to the end of all that came of it, and what keeps an eye on it meanwhile. */
import type { HealthPlan } from '../plan/types.ts';
import { listeningPorts, loopbackOnly } from '../ports/listening.ts';
import { startCompany, type Company } from './company.ts';
import { describeCheck, untilHealthy, untilUnhealthy } from './health.ts';
import { watchMemory } from './memory.ts';
import type { InstanceOptions, Launch, StartFailure } from './types.ts';

const MIB = 1024 * 1024;

export class Run {
  readonly process: Company;
  readonly launch: Launch;
  /** Where it answered its health check. */
  host: string | undefined;
  /** Why we end it, where it is not by request. */
  verdict: string | undefined;
  /** The sidecar that is why; undefined: the process itself, or all of it together. */
  culprit: string | undefined;
  /** Requests may be sent to it. */
  ready = false;
  /** It was not ready in time, and whoever waited has been told. */
  late = false;
  readonly #options: InstanceOptions;
  readonly #startedAt = performance.now();
  readonly #watching = new AbortController();
  #lastProbe = 'not checked yet';

  /**
   * Starts the process.
   * @throws ProcessError
   */
  static async start(launch: Launch, options: InstanceOptions): Promise<Run> {
    const { guardian, log, logBytesPerSecond, graceMs } = options;
    const { file, args, cwd, env, terminal, sidecars = [] } = launch;
    const limit = logBytesPerSecond === undefined ? {} : { maxBytesPerSecond: logBytesPerSecond };
    const members = [
      { file, args, env, sidecar: undefined, onLine: log, ...(terminal === undefined ? {} : { terminal }) },
      ...sidecars.map((sidecar) => ({
        file: sidecar.file,
        args: sidecar.args,
        env: sidecar.env,
        sidecar: sidecar.name,
        onLine: (stream: 'OUT' | 'ERR', text: string) => log(stream, text, sidecar.name),
      })),
    ];
    const company = await startCompany(
      members.map((member) => ({ ...member, cwd, guardian, ...limit })),
      graceMs,
    );
    return new Run(company, launch, options);
  }

  private constructor(process: Company, launch: Launch, options: InstanceOptions) {
    this.process = process;
    this.launch = launch;
    this.#options = options;
    void process.exited.then(() => this.unwatch());
  }

  /** Milliseconds since its start. */
  get ms(): number {
    return performance.now() - this.#startedAt;
  }

  /** Nothing below is called any more. */
  unwatch(): void {
    this.#watching.abort();
  }

  /** Calls once, when the health check passes. */
  watchStart(onHealthy: () => void): void {
    const { signal } = this.#watching;
    const onFailure = (reason: string): void => {
      this.#lastProbe = reason;
    };
    untilHealthy(this.#options.health, this.launch.port, { signal, onFailure }).then(
      (host) => {
        if (signal.aborted) return;
        this.host = host;
        onHealthy();
      },
      () => {}, // cut short: whoever did it tells why
    );
  }

  /** Calls once, when a health check fails. */
  watchHealth(onUnhealthy: (reason: string) => void): void {
    const { health } = this.#options;
    if (health.type === 'process' || this.host === undefined) return;
    const { signal } = this.#watching;
    untilUnhealthy(health, this.launch.port, { host: this.host, signal }).then(
      (reason) => {
        this.verdict = reason;
        onUnhealthy(reason);
      },
      () => {}, // cut short
    );
  }

  /** Calls at every turn of the readiness check, beginning when it passes; without one, once at once. */
  watchReadiness(onTurn: (ready: boolean, reason: string) => void): void {
    const { readiness } = this.#options;
    if (!readiness || readiness.type === 'process') return onTurn(true, '');
    this.#untilTurned(readiness, onTurn).catch(() => {}); // cut short
  }

  /** Calls once, when it, or one of its sidecars, takes more memory than it may. */
  watchMemory(onExceeded: (reason: string) => void): void {
    this.#limitMemory(this.process.pids, this.#options.memoryLimitBytes, onExceeded);
    for (const [index, { name, memoryLimitBytes }] of (this.launch.sidecars ?? []).entries())
      this.#limitMemory([this.process.pids[index + 1]!], memoryLimitBytes, (reason) => {
        this.culprit = name;
        onExceeded(reason);
      });
  }

  /** @returns why it is to be ended now */
  exhaust(): string {
    this.verdict = 'out of memory: made so on purpose';
    return this.verdict;
  }

  #limitMemory(
    pids: readonly number[],
    limitBytes: number | undefined,
    onExceeded: (reason: string) => void,
  ): void {
    if (limitBytes === undefined) return;
    const watch = watchMemory({
      pids,
      limitBytes,
      onExceeded: (bytes) => {
        this.verdict = `out of memory: ${mib(bytes)} of ${mib(limitBytes)}`;
        onExceeded(this.verdict);
      },
    });
    this.#watching.signal.addEventListener('abort', () => watch[Symbol.dispose](), { once: true });
  }

  async #untilTurned(
    readiness: HealthPlan,
    onTurn: (ready: boolean, reason: string) => void,
  ): Promise<never> {
    const { signal } = this.#watching;
    const { port } = this.launch;
    for (;;) {
      const host = await untilHealthy(readiness, port, { signal, onFailure: () => {} });
      signal.throwIfAborted();
      onTurn(true, '');
      onTurn(false, await untilUnhealthy(readiness, port, { host, signal }));
    }
  }

  /** Why it is not ready though its time is over. What it does instead can be seen only while it lives. */
  diagnose(): StartFailure & { kind: 'timed-out' } {
    this.late = true;
    this.verdict = this.#lastProbe;
    return {
      kind: 'timed-out',
      waitedMs: this.ms,
      expected: describeCheck(this.#options.health, this.launch.port),
      listening: listeningPorts(this.process.members()),
      lastProbe: this.#lastProbe,
    };
  }

  /** What works here and would not on the platform, which looks from outside. */
  advice(): string | undefined {
    if (this.#options.health.type === 'process' || this.launch.toldHost) return undefined;
    const host = loopbackOnly(this.process.members(), this.launch.port);
    return host && `Listening on ${host} only, which works here but fails on the platform: listen on 0.0.0.0`;
  }
}

const mib = (bytes: number): string => `${Math.round(bytes / MIB)}M`;
