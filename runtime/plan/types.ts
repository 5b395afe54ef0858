/** What we intend. Plain JSON; the same manifest, folder and choices give the same plan. */
import type { Dialect } from '../../services/kit/contract.ts';
import type { AbsolutePath, AppName, ServiceName } from '../kernel/names.ts';
import type { AppManifest, DrainRequest } from '../manifest/types.ts';
import type { AppFacts } from '../staging/types.ts';

export interface Plan {
  readonly services: readonly ServicePlan[];
  /** In the order in which they start. */
  readonly apps: readonly AppPlan[];
}

export interface ServicePlan {
  readonly name: ServiceName;
  readonly type: string;
  readonly plan: string;
  readonly tags: readonly string[];
  /** Of the engine, as asked for: `9.1`. */
  readonly version?: string;
  readonly options: unknown;
}

export interface AppPlan {
  readonly name: AppName;
  readonly dialect: Dialect;
  readonly root: AbsolutePath;
  /** Undefined when the app was planned from an object instead of a file. */
  readonly manifestFile?: AbsolutePath;
  readonly manifestFiles: readonly AbsolutePath[];
  readonly manifest: AppManifest;
  readonly facts: AppFacts;
  readonly processes: readonly ProcessPlan[];
  /** Service names, in binding order. */
  readonly bindings: readonly ServiceName[];
  /** Route URLs without scheme: `hello.localhost/path`. */
  readonly routes: readonly string[];
  /** Added by hand, besides the manifest's. */
  readonly drains?: readonly DrainRequest[];
  readonly watch: WatchPlan;
}

export interface ProcessPlan {
  readonly type: string;
  readonly command: string;
  /** Where the command came from, for `plan` and `app`. */
  readonly commandFrom: string;
  readonly instances: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Undefined: unlimited. */
  readonly logRateBytesPerSecond?: number;
  readonly health: HealthPlan;
  readonly readiness: HealthPlan;
  /** Started with each instance, which dies with any of them. */
  readonly sidecars: readonly SidecarPlan[];
}

export interface SidecarPlan {
  readonly name: string;
  readonly command: string;
  /** Taken from that of the process; undefined: shares it. */
  readonly memoryBytes?: number;
}

export interface HealthPlan {
  readonly type: 'port' | 'http' | 'process';
  readonly endpoint: string;
  readonly startTimeoutMs: number;
  readonly invocationTimeoutMs: number;
  readonly intervalMs: number;
}

export interface WatchPlan {
  readonly enabled: boolean;
  /** Why not, where it is off: "the command reloads by itself (--reload)". */
  readonly because?: string;
  /** Gitignore-like patterns on top of the built-in list. */
  readonly ignores: readonly string[];
  readonly requirementFiles: readonly string[];
}

/** What was changed by hand since the push. */
export interface ByHand {
  /** Over the manifest's. */
  readonly setEnv: Readonly<Record<string, string>>;
  readonly unsetEnv: readonly string[];
  /** By process type. */
  readonly scale: Readonly<Record<string, ScaleByHand>>;
  readonly routes: { readonly mapped: readonly string[]; readonly unmapped: readonly string[] };
  readonly services: {
    readonly bound: readonly ServiceName[];
    readonly unbound: readonly ServiceName[];
  };
  /** By process type. */
  readonly checks?: Readonly<Record<string, ChecksByHand>>;
  /** Log drains; those removed are the manifest's. */
  readonly drains?: { readonly added: readonly DrainRequest[]; readonly removed: readonly string[] };
}

/** What differs from the manifest's checks. */
export interface ChecksByHand {
  readonly health?: Partial<HealthPlan>;
  readonly readiness?: Partial<HealthPlan>;
}

export interface ScaleByHand {
  readonly instances?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

/** One step from what is to what is intended. `because` is what the user reads. */
export type Change =
  | {
      readonly kind: 'start-service' | 'stop-service';
      readonly service: ServiceName;
      readonly because: string;
    }
  | {
      readonly kind: 'stage' | 'launch' | 'relaunch' | 'scale' | 'remove' | 'reroute';
      readonly app: AppName;
      readonly because: string;
    };
