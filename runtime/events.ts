/**
 * Everything that can happen, as a closed union. Parts report moments; what is ongoing is in `Snapshot`.
 * One renderer turns these into words, so nothing below `cli/` prints.
 */
import type { EngineMoment } from '../services/kit/contract.ts';
import type { Diagnostic } from './kernel/diagnostics.ts';
import type { AppName, ServiceName } from './kernel/names.ts';
import type { LogLine } from './logs/types.ts';
import type { AnyFault } from './platform/fault.ts';

/** How one run of a process ended. Exactly one of `code` and `signal` is set. */
export interface ExitFacts {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Scheme = 'http' | 'https';

export type PlatformEvent =
  | {
      readonly kind: 'router-listening';
      readonly scheme: Scheme;
      readonly port: number;
      readonly wanted: number;
      /** With HTTPS: the certificate that has to be trusted. */
      readonly authority?: string;
    }
  /** A push asked for another port than the one the space is routed on. */
  | {
      readonly kind: 'router-kept';
      readonly scheme: Scheme;
      readonly port: number;
      readonly wanted: number;
    }
  /** A client ended its connection since it does not know who signed our certificate. Told once. */
  | { readonly kind: 'tls-distrusted'; readonly authority: string }
  | { readonly kind: 'manifest-invalid'; readonly file: string; readonly diagnostics: readonly Diagnostic[] }
  /** An edited manifest can be used, and has something to warn of. */
  | { readonly kind: 'manifest-warned'; readonly file: string; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly kind: 'change-started';
      readonly app: AppName;
      /** The command's name, or what an edit led to: `push`, `restart`, `scale` … */
      readonly action: string;
      readonly because: string;
      readonly by: 'user' | 'edit';
    }
  | {
      readonly kind: 'service-started';
      readonly service: ServiceName;
      readonly type: string;
      readonly host: string;
      readonly port: number;
      /** What serves: `PostgreSQL 15.14 (/usr/lib/postgresql/15/bin/postgres)`. */
      readonly engine: string;
    }
  | { readonly kind: 'service-stopped'; readonly service: ServiceName }
  | { readonly kind: 'service-failed'; readonly service: ServiceName; readonly message: string }
  /** Its engine ended by itself, or serves again after that, on the same port. */
  | ({
      readonly kind: 'service-engine';
      readonly service: ServiceName;
      /** Those that may notice. */
      readonly apps: readonly AppName[];
    } & EngineMoment)
  | {
      readonly kind: 'staging-started';
      readonly app: AppName;
      readonly buildpack: string;
      readonly because: string;
    }
  | {
      readonly kind: 'staging-finished';
      readonly app: AppName;
      readonly skipped: boolean;
      readonly ms: number;
    }
  | InstanceEvent
  | FaultEvent
  | { readonly kind: 'files-changed'; readonly app: AppName; readonly files: readonly string[] }
  | { readonly kind: 'watch-degraded'; readonly app: AppName; readonly message: string }
  | {
      readonly kind: 'app-ready';
      readonly app: AppName;
      readonly urls: readonly string[];
      readonly because: string;
    }
  | { readonly kind: 'app-stopped'; readonly app: AppName; readonly because: string }
  | { readonly kind: 'app-deleted'; readonly app: AppName }
  | { readonly kind: 'log'; readonly line: LogLine };

/** An outage on demand: made, or undone. */
export interface FaultEvent {
  readonly kind: 'fault';
  /** A service, an app, or `router`. */
  readonly target: string;
  readonly fault: AnyFault;
  /** `ends`: the fault is one that undoes another, `up` or `latency` of 0. */
  readonly moment: 'begins' | 'ends';
  /** Connections dropped, items removed or processes met; 0 where that is no number. */
  readonly count: number;
  /** Milliseconds until it ends by itself. */
  readonly forMs?: number;
  /** Whether somebody asked for it, or its time was over. */
  readonly by: 'user' | 'time';
  /** Those that may notice. */
  readonly apps: readonly AppName[];
}

/** What the supervisor reports of one instance. */
export type InstanceEvent = {
  readonly kind: 'instance';
  readonly app: AppName;
  readonly process: string;
  readonly index: number;
} & InstanceMoment;

export type InstanceMoment =
  | { readonly moment: 'starting'; readonly pid: number; readonly port: number; readonly attempt: number }
  | { readonly moment: 'healthy'; readonly ms: number }
  | { readonly moment: 'unhealthy'; readonly reason: string }
  /** The readiness check passed or failed: requests are sent to it, or no more. */
  | { readonly moment: 'ready' }
  | { readonly moment: 'not-ready'; readonly reason: string }
  | {
      readonly moment: 'exited';
      readonly exit: ExitFacts;
      readonly expected: boolean;
      /** The sidecar that exited first, where it was not the process itself. */
      readonly sidecar?: string;
      /** What we ended it for: `out of memory`, `exceeded 10s graceful shutdown interval`, a failed check. */
      readonly why?: string;
    }
  | { readonly moment: 'backing-off'; readonly ms: number; readonly crashes: number }
  | { readonly moment: 'never-ready'; readonly reason: string; readonly waitedMs: number }
  | { readonly moment: 'gave-up'; readonly reason: string }
  | { readonly moment: 'killed'; readonly reason: string };
