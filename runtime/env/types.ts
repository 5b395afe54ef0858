import type { Binding, Dialect } from '../../services/kit/contract.ts';

/** One variable, and who set it: for `env --why`. */
export interface EnvVariable {
  readonly name: string;
  readonly value: string;
  /** `paas-local`, `service hello-cache`, `manifest.yml:7:3`, `set-env`, `shell`, `python buildpack` … */
  readonly origin: string;
  /** Shown masked. */
  readonly hidden?: boolean;
}

/** A service instance as one app is bound to it. */
export interface BoundService {
  readonly name: string;
  readonly type: string;
  readonly instanceId: string;
  readonly bindingId: string;
  readonly bindingName?: string;
  readonly binding: Binding;
}

/** The facts of one instance of one process that its environment tells. */
export interface InstanceFacts {
  readonly appName: string;
  readonly appId: string;
  readonly version: string;
  readonly dialect: Dialect;
  readonly processType: string;
  readonly index: number;
  readonly instanceId: string;
  readonly port: number;
  /** Loopback address apps bind: `VCAP_APP_HOST`. */
  readonly host: string;
  /** Route URLs without scheme. */
  readonly uris: readonly string[];
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly fileDescriptors: number;
  readonly space: { readonly id: string; readonly name: string };
  readonly organization: { readonly id: string; readonly name: string };
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly folders: AppFolders;
}

export interface AppFolders {
  /** The app's files: HOME and working directory. */
  readonly home: string;
  /** Parent of logs, temporary files and mounts: `STACKATO_APP_ROOT`. */
  readonly root: string;
  readonly tmp: string;
  /** For tools that would otherwise write below HOME. */
  readonly cache: string;
}
