/** What a test platform may be started with. */
import type { Dialect } from '../../services/kit/contract.ts';
import type { Json } from '../../services/kit/json.ts';

export interface StartOptions {
  /** The app's folder; its manifest is looked for there. Default: the current one. */
  readonly folder?: string;
  /** A manifest file, or what would be in one. Paths in an object are relative to `folder`. */
  readonly manifest?: string | ManifestObject;
  /** Only these apps, by name. An empty list starts services alone. Default: all. */
  readonly apps?: readonly string[];
  /** Over what the manifest says of a service, by its name. */
  readonly services?: Readonly<Record<string, ServiceOverride>>;
  /** Variables of every app, over the manifest's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Service name → URL of an engine that runs elsewhere, in place of one of ours. Its data is never touched. */
  readonly bind?: Readonly<Record<string, string>>;
  /** Read the manifest as this dialect, whatever it looks like. */
  readonly dialect?: Dialect;
  /** Values of the manifest's `((variables))`. */
  readonly vars?: Readonly<Record<string, Json>>;
  /** YAML files of such values; later ones win, and `vars` over all. */
  readonly varsFiles?: readonly string[];
  /** Run the apps in a copy of their folder, as on the platform, thrown away at the end. Default: true. */
  readonly staged?: boolean;
  /** Route on HTTPS as well; `url` and `fetch` then use it. Default: false. */
  readonly tls?: boolean;
  /** Milliseconds until everything must be ready. Default: 60 000. */
  readonly readyTimeout?: number;
  /** Milliseconds from TERM to KILL. Default: 2000. */
  readonly grace?: number;
  /** Keep what went through the router and the caches, for `requests()` and `commands()`. Default: true. */
  readonly record?: boolean;
  /** Cuts the start short; stops the platform later. */
  readonly signal?: AbortSignal;
}

/** As a manifest file would hold it. */
export type ManifestObject = Readonly<Record<string, unknown>>;

export interface ServiceOverride {
  /** `memcached`, `postgresql` … */
  readonly type?: string;
  readonly plan?: string;
  /** The engine's, as in a manifest: `15`. */
  readonly version?: string;
  /** Joined with the manifest's, key by key. */
  readonly parameters?: Readonly<Record<string, Json>>;
}
