/** One instance of one process of one app, kept alive. */
import type { Guardian } from '../../services/kit/guardian.ts';
import type { ExitFacts, InstanceMoment } from '../events.ts';
import type { HealthPlan } from '../plan/types.ts';

/** How to run the process this time. Asked for anew at every spawn: each run gets a port of its own. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The port the app is told to listen on. */
  readonly port: number;
  /** Listening on loopback alone may be what it was told to: no word of it. */
  readonly toldHost?: boolean;
  /** A terminal's device the process itself is given; what it prints goes there and not to the log. */
  readonly terminal?: string;
  /** Started with it, in the same folder; the instance dies with any of them. */
  readonly sidecars?: readonly SidecarLaunch[];
}

export interface SidecarLaunch {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its own limit, within that of the whole instance. */
  readonly memoryLimitBytes?: number;
}

/** When to restart a crashed process, and how long to wait. */
export interface RestartPolicy {
  /** Crashes restarted at once. */
  readonly immediate: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A run longer than this starts the count anew. */
  readonly settleMs: number;
  /** After this many crashes nothing is tried again. */
  readonly maxCrashes: number;
}

export interface InstanceOptions {
  readonly prepare: () => Promise<Launch>;
  readonly health: HealthPlan;
  /** Decides whether requests are sent to it; it is never restarted for that. Default: always when healthy. */
  readonly readiness?: HealthPlan;
  /** Ends the process should this one die. */
  readonly guardian?: Guardian;
  /** Resident memory of all of it together; beyond this it is killed. Default: no limit. */
  readonly memoryLimitBytes?: number;
  /** Output beyond this is dropped and counted. Default: no limit, the app waits for us. */
  readonly logBytesPerSecond?: number;
  readonly policy: RestartPolicy;
  /** From TERM to KILL. */
  readonly graceMs: number;
  readonly report: (moment: InstanceMoment) => void;
  /** A line of the process, or of the sidecar named. */
  readonly log: (stream: 'OUT' | 'ERR', text: string, sidecar?: string) => void;
  /** For the platform's own lines (`CELL/0`): what is done to the instance, as Cloud Foundry's cell words it. */
  readonly note?: (text: string) => void;
}

export type InstanceState = 'stopped' | 'starting' | 'running' | 'stopping' | 'backing-off' | 'crashed';

export interface InstanceStatus {
  readonly state: InstanceState;
  readonly pid?: number;
  /** With those of its sidecars, its own first. */
  readonly pids?: readonly number[];
  readonly port?: number;
  /** Where it answered its health check: `127.0.0.1` or `::1`. */
  readonly host?: string;
  /** Requests may be sent to it: it is healthy and passes its readiness check. */
  readonly routable: boolean;
  readonly crashes: number;
  readonly lastExit?: ExitFacts;
  readonly reason?: string;
  /** Epoch milliseconds of entering `state`. */
  readonly since: number;
}

export interface Instance {
  readonly status: InstanceStatus;
  /** Begins; returns at once. Does nothing while it runs or starts; one that is being stopped starts again. */
  start(): void;
  /** Stops and starts again, counting crashes anew. Returns at once; `ready()` tells of the new run. */
  restart(): void;
  /**
   * TERM to the group, KILL after the grace; resolves when nothing of it lives.
   * Rejects with `PROCESS_STUCK` when something outlives SIGKILL.
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** As if it had taken more memory than it may. @returns whether anything of it runs */
  exhaust(): boolean;
  /** KILL now. */
  kill(): Promise<void>;
  /**
   * Resolves when it is healthy.
   * Rejects with a `StartFailure` (an Error with these fields) on the first exit before that, when the start
   * timeout has passed, or where it was stopped; with the signal's reason when that aborts.
   */
  ready(signal?: AbortSignal): Promise<void>;
}

/** Why an instance did not become ready. Facts only; words are made above. */
export type StartFailure =
  | {
      readonly kind: 'exited';
      readonly exit: ExitFacts;
      readonly ms: number;
      /** What we ended it for: `out of memory: 684M of 128M`. Undefined: it exited by itself. */
      readonly why?: string;
    }
  | {
      readonly kind: 'timed-out';
      readonly waitedMs: number;
      readonly expected: string;
      /** Ports processes of its group listen on instead. */
      readonly listening: readonly { readonly host: string; readonly port: number; readonly pid?: number }[];
      readonly lastProbe: string;
    }
  | { readonly kind: 'spawn-failed'; readonly message: string }
  | { readonly kind: 'stopped' };
