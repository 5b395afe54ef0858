/** What is asked of a program to be started, and what is had of one that was. */
import type { Writable } from 'node:stream';
import type { Guardian } from './guardian.ts';

/** How one run of a process ended. Exactly one of `code` and `signal` is set. */
export interface ExitFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessSpec {
  /** A path, or a name looked up in `env.PATH`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment but for our two markers: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the process should we die. */
  readonly guardian?: Guardian | undefined;
  /** Default `ignore`. */
  readonly stdin?: 'ignore' | 'inherit' | 'pipe';
  /** `inherit` hands over our own stdout and stderr, for a program that is given the terminal. Default `lines`. */
  readonly output?: 'lines' | 'inherit';
  /** A terminal's device (`/dev/pts/3`) it is given for input and output, in place of `stdin` and `output`. */
  readonly terminal?: string;
  readonly onLine?: (stream: 'OUT' | 'ERR', text: string) => void;
  /** More output than this is dropped and counted. Default: no limit, the program waits for us. */
  readonly maxBytesPerSecond?: number;
  /** Leave what it started running when it exits by itself; `terminate` ends that too. Default false. */
  readonly keepLeftovers?: boolean;
}

export interface Termination extends ExitFacts {
  /** Something outlived the grace and was killed. */
  readonly forced: boolean;
}

export interface ManagedProcess {
  /** Undefined where it could not be started. Leader of its group and session. */
  readonly pid: number | undefined;
  /** Value of `PAAS_LOCAL_INSTANCE` in the environment of it and of all that comes of it. */
  readonly instanceId: string;
  /** Set with `stdin: 'pipe'`. */
  readonly stdin: Writable | undefined;
  /** Rejects with a `ProcessError`. */
  readonly spawned: Promise<void>;
  /** The direct child's exit. Its output may close later. Never settles where it could not be started. */
  readonly exited: Promise<ExitFacts>;
  /**
   * The direct child has exited, its output was handed on, and nothing of it lives (with `keepLeftovers`:
   * the first two). Never settles where it could not be started, or while something outlives SIGKILL. Never rejects.
   */
  readonly ended: Promise<Termination>;
  /** Living processes that came of it, itself included. */
  members(): readonly number[];
  /**
   * TERM (or another signal), KILL after the grace. A second call can only shorten the grace.
   * @returns when nothing of it lives
   * @throws ProcessError `PROCESS_STUCK`
   */
  terminate(options: { readonly graceMs: number; readonly signal?: NodeJS.Signals }): Promise<Termination>;
  /** KILL now. */
  kill(): Promise<Termination>;
}
