/** What is, as an immutable value: what `apps`, `app`, `services` and `--json` show. Plain JSON. */
import type { Dialect } from '../services/kit/contract.ts';
import type { InstanceState } from './supervisor/types.ts';

export interface Snapshot {
  readonly space: string;
  readonly host: { readonly pid: number; readonly version: string; readonly startedAt: number };
  /** Undefined until the first app was pushed. */
  readonly router?: {
    readonly port: number;
    /** Of HTTPS, where that was asked for. */
    readonly tlsPort?: number;
  };
  readonly apps: readonly AppSnapshot[];
  readonly services: readonly ServiceSnapshot[];
}

/** `started` is running and healthy; `crashed` waits for its next try or gave up. */
export type AppState = 'stopped' | 'staging' | 'starting' | 'started' | 'stopping' | 'crashed';

export interface AppSnapshot {
  readonly name: string;
  readonly id: string;
  readonly state: AppState;
  readonly requestedState: 'started' | 'stopped';
  /** Why it is in that state: `first push`, `app.py changed`, `exited with status 1`. */
  readonly reason: string;
  readonly dialect: Dialect;
  readonly root: string;
  readonly buildpack: string;
  /** Without scheme and port. */
  readonly routes: readonly string[];
  /** Of those that have any, as `routes` shows them: `loadbalancing=least-connection`. */
  readonly routeOptions?: Readonly<Record<string, string>>;
  /** With scheme and port; the first is the one to open. */
  readonly urls: readonly string[];
  readonly services: readonly string[];
  readonly processes: readonly ProcessSnapshot[];
}

export interface ProcessSnapshot {
  readonly type: string;
  readonly command: string;
  readonly memoryBytes: number;
  /** Told to the app, and not enforced. */
  readonly diskBytes: number;
  /** Undefined: unlimited. */
  readonly logRateBytesPerSecond?: number;
  /** How many are wanted. */
  readonly wanted: number;
  readonly sidecars: readonly string[];
  readonly instances: readonly InstanceSnapshot[];
}

export interface InstanceSnapshot {
  readonly index: number;
  readonly state: InstanceState;
  readonly pid?: number;
  readonly port?: number;
  /** Those of it that run beside it. */
  readonly sidecars?: readonly SidecarSnapshot[];
  /** Where a debugger can be attached to it. */
  readonly debugPort?: number;
  /** Requests may be sent to it. */
  readonly routable: boolean;
  readonly crashes: number;
  readonly reason?: string;
  /** Epoch milliseconds of entering the state. */
  readonly since: number;
}

export interface SidecarSnapshot {
  readonly name: string;
  readonly command: string;
  readonly pid: number;
}

/** What one instance takes, with all it started. */
export interface InstanceUsage {
  readonly process: string;
  readonly index: number;
  readonly memoryBytes: number;
  /** Processors in use: 1 is one of them whole. */
  readonly cpu: number;
  readonly processes: number;
  /** Of the app's folder, which all its instances share. */
  readonly disk: DiskUsage;
  readonly logBytesPerSecond: number;
}

export interface DiskUsage {
  readonly bytes: number;
  /** False: there is more than could be looked at in a moment. */
  readonly whole: boolean;
}

export interface ServiceSnapshot {
  readonly name: string;
  readonly type: string;
  readonly plan: string;
  readonly state: 'running' | 'stopped' | 'failed';
  readonly host: string;
  /** 0 until it was started for the first time. */
  readonly port: number;
  readonly boundApps: readonly string[];
  /** Its first start failed, so that there is only its name. */
  readonly createFailed?: true;
  /** The host's own pid for services that run inside it. */
  readonly pid?: number;
  /** What serves, while it runs. */
  readonly engine?: string;
  /** Of what it held, oldest first; none once it was stopped. */
  readonly snapshots?: readonly KeptSnapshot[];
}

/** What a service held at a moment, kept by hand. */
export interface KeptSnapshot {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly takenAt: number;
}
