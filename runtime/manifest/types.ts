/**
 * What was asked, in either dialect, after merging, inheritance and substitution.
 * Plain JSON: checked, with positions kept, nothing of this machine but absolute paths.
 */
import type { Dialect } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';
import type { Span } from '../kernel/diagnostics.ts';
import type { AbsolutePath, AppName, ServiceName } from '../kernel/names.ts';

export type { Dialect };

export interface Manifest {
  readonly dialect: Dialect;
  /** Why that dialect, in half a sentence: `"requirements" is a Stackato key`. */
  readonly dialectBecause: string;
  readonly file: AbsolutePath;
  /** The file and all it inherits: a change of any means the manifest changed. */
  readonly files: readonly AbsolutePath[];
  /** In the order in which they start (dependencies first). */
  readonly apps: readonly AppManifest[];
}

export interface AppManifest {
  readonly name: AppName;
  readonly span: Span;
  /** The app's folder (or .zip/.war/.jar file). */
  readonly root: AbsolutePath;
  /** Where the manifest says so. */
  readonly rootSpan?: Span;
  /** Always has one of type `web` first, unless the app is a Stackato worker (`processes.web: ~`). */
  readonly processes: readonly ProcessManifest[];
  readonly sidecars: readonly SidecarManifest[];
  readonly buildpacks: readonly string[];
  readonly framework?: FrameworkManifest;
  readonly stack?: string;
  readonly routes: RouteRequest;
  readonly services: readonly ServiceRequest[];
  /** Stackato values are shell text, Cloud Foundry values literal. */
  readonly env: Readonly<Record<string, EnvRequest>>;
  readonly hooks: Hooks;
  readonly requirements: Requirements;
  /** Undefined: the dialect's default list. Empty: ignore nothing. */
  readonly ignores?: readonly string[];
  readonly dependsOn: readonly AppName[];
  readonly cron: readonly string[];
  readonly drains: readonly DrainRequest[];
  readonly features: Readonly<Record<string, boolean>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly description?: string;
}

export interface DrainRequest {
  readonly name: string;
  readonly url: string;
  /** Lines as JSON. */
  readonly json: boolean;
}

export interface ProcessManifest {
  readonly type: string;
  /** Undefined: Procfile or what staging detects. */
  readonly command?: string;
  readonly instances: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Undefined: unlimited. */
  readonly logRateBytesPerSecond?: number;
  readonly health: HealthRequest;
  readonly readiness: HealthRequest;
}

export interface HealthRequest {
  readonly type: 'port' | 'http' | 'process';
  /** Path for `http`. */
  readonly endpoint: string;
  readonly startTimeoutSeconds: number;
  readonly invocationTimeoutSeconds: number;
  readonly intervalSeconds: number;
}

export interface SidecarManifest {
  readonly name: string;
  readonly processTypes: readonly string[];
  readonly command: string;
  readonly memoryBytes?: number;
}

export interface FrameworkManifest {
  readonly name?: string;
  readonly runtime?: string;
  readonly documentRoot?: string;
  readonly startFile?: string;
  readonly homeDir?: string;
}

export type RouteRequest =
  | { readonly kind: 'default' | 'random' | 'none' }
  | { readonly kind: 'list'; readonly routes: readonly RouteSpec[] };

export interface RouteSpec {
  /** As written, without a scheme: `host.domain/path`. */
  readonly url: string;
  readonly protocol?: 'http1' | 'http2' | 'tcp';
  readonly loadBalancing?: 'round-robin' | 'least-connection';
  readonly span: Span;
}

export interface ServiceRequest {
  readonly name: ServiceName;
  /** Undefined: must exist already (list form). `user-provided` carries `credentials`. */
  readonly type?: string;
  readonly plan?: string;
  readonly version?: string;
  readonly tags: readonly string[];
  readonly parameters?: Json;
  readonly credentials?: Readonly<Record<string, Json>>;
  readonly bindingName?: string;
  readonly span: Span;
  /** Where the type is written, for "unknown service type". */
  readonly typeSpan?: Span;
}

export interface EnvRequest {
  readonly value: string;
  /** Shown masked. */
  readonly hidden: boolean;
  readonly span: Span;
  /** `manifest`, or `--env`, or `inherited from the shell`. */
  readonly origin: string;
}

export interface HookCommand {
  readonly command: string;
  /** Written with a leading `-`: a failure is ignored. */
  readonly ignoreFailure: boolean;
  readonly span: Span;
}

export interface Hooks {
  readonly prePush: readonly HookCommand[];
  readonly preStaging: readonly HookCommand[];
  readonly postStaging: readonly HookCommand[];
  readonly preRunning: readonly HookCommand[];
}

export interface Requirements {
  /** pip requirement strings; pypm names count as pip names. */
  readonly pip: readonly string[];
  readonly cpan: readonly string[];
  readonly ppm: readonly string[];
  /** System packages: reported, never installed. */
  readonly system: readonly { readonly manager: 'ubuntu' | 'redhat' | 'unix'; readonly name: string }[];
}
